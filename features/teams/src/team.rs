//! What a team shows on its page: whether it counts and why, what each term was to bring beside what it brought, its
//! cycles and what it made.

use askama::Template;
use base::Subject;
use register::{Look, label, tone};
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site};

use crate::facts::{MEMBERSHIP, RESEARCH_CYCLE, TEAM_OUTPUT, TEAM_TERM};
use crate::{cycle, id_in};

/// The rule of the figure itself: what the page says of a team is what the figure counts.
const COUNTED: &str = include_str!("../../figures/queries/teams_active.sql");
/// Things of a term that are shown.
const SHOWN: usize = 300;

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPart<'a> {
    s: Shell<'a>,
    id: String,
    school: String,
    subject: String,
    today: String,
    /// What the counting rule asks, and whether it is so.
    asks: Vec<(bool, String)>,
    counts: bool,
    closed: bool,
    adds: Adds,
    /// Who belongs to it today or is to, and who has left.
    members: Vec<Member>,
    left: Vec<Member>,
    terms: Vec<Term>,
    cycles: Vec<Cycle>,
    outputs: Vec<Output>,
}

/// Somebody who belongs to it, or did: who, as what, and from when until when.
struct Member {
    href: String,
    name: String,
    part: String,
    days: String,
}

/// What the reader may add here.
struct Adds {
    member: bool,
    meeting: bool,
    term: bool,
    cycle: bool,
    output: bool,
}

struct Term {
    /// Nothing for what lies in no term.
    id: Option<String>,
    title: String,
    days: String,
    aims: String,
    /// It holds today, or is the newest.
    open: bool,
    things: Vec<Thing>,
}

/// A meeting, a research lesson or an output.
struct Thing {
    iso: String,
    href: String,
    icon: &'static str,
    day: String,
    title: String,
    detail: String,
    /// The state: its tone and its word.
    tag: Option<(&'static str, String)>,
}

struct Cycle {
    id: String,
    title: String,
    said: String,
    tone: &'static str,
    state: String,
}

struct Output {
    id: String,
    title: String,
    day: String,
    /// What it is linked to: address and title.
    links: Vec<(String, String)>,
}

pub(crate) fn part(site: &Site, request: &Request, conn: &Connection, team: &Subject) -> Result<String, PageError> {
    let look = Look::new(site, request, conn);
    let reader = request.reader()?;
    let (school, subject, state, active): (Option<Vec<u8>>, Option<String>, String, Option<String>) = conn
        .prepare_cached("SELECT school, subject, coalesce(state, 'proposed'), active_from FROM team WHERE id = ?1")?
        .query_row([team.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
    let living = state != "closed";
    let may = |kind: &str| living && site.kinds.get(kind).is_some_and(|kind| reader.may_make(kind));
    let today = site.today().to_string();
    let asks = asks(&look, team, active.as_deref(), &today)?;
    let (left, members) = members(site, &look, request, team, &today)?.into_iter().partition(|(gone, _)| *gone);
    let only = |of: Vec<(bool, Member)>| of.into_iter().map(|(_, member)| member).collect();
    let page = TeamPart {
        members: only(members),
        left: only(left),
        closed: !living,
        id: team.to_string(),
        school: id_in(school).map(|s| s.to_string()).unwrap_or_default(),
        subject: subject.unwrap_or_default(),
        counts: counts(conn, team, &today)?,
        asks,
        adds: Adds {
            member: may(MEMBERSHIP.name),
            meeting: may("activity"),
            term: may(TEAM_TERM.name),
            cycle: may(RESEARCH_CYCLE.name),
            output: may(TEAM_OUTPUT.name),
        },
        terms: terms(&look, request, team, &today)?,
        cycles: cycles(&look, request, team)?,
        outputs: outputs(&look, request, team)?,
        today,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

/// Everybody who ever belonged to a team, those of today first; and whether they have left.
fn members(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    team: &Subject,
    today: &str,
) -> Result<Vec<(bool, Member)>, PageError> {
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let mut stmt = look.conn.prepare(&format!(
        "SELECT m.id, m.person, coalesce(m.part, ''), coalesce(m.from_on, ''), m.until_on FROM membership m
         WHERE m.team = ?1 AND {} ORDER BY m.part = 'lead' DESC, m.part = 'guest', m.from_on, m.id LIMIT 300",
        request.reader()?.sees(&MEMBERSHIP, "m")
    ))?;
    let mut rows = stmt.query([team.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, who) = (id_in(row.get(0)?).unwrap_or_default(), id_in(row.get(1)?).unwrap_or_default());
        let (part, from, until): (String, String, Option<String>) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let days = match &until {
            Some(until) => format!("{} – {}", look.date(&from), look.date(until)),
            None => look.words.with("team-since", &[("day", look.date(&from).as_str().into())]),
        };
        let member = Member {
            href: format!("/memberships/{id}"),
            name: look.title(person, &who)?,
            part: label(&look.words, &MEMBERSHIP, MEMBERSHIP.field("part"), &part),
            days,
        };
        out.push((until.is_some_and(|until| *until < *today), member));
    }
    Ok(out)
}

/// Whether the figure counts the team by today.
fn counts(conn: &Connection, team: &Subject, today: &str) -> Result<bool, PageError> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM ({COUNTED}) c WHERE c.id = ?1 AND c.day <= ?2)");
    Ok(conn.prepare_cached(&sql)?.query_row(rusqlite::params![team.as_bytes(), today], |r| r.get(0))?)
}

/// What makes a team count, one by one: what of it has come about, and what is still to come.
fn asks(look: &Look<'_>, team: &Subject, active: Option<&str>, today: &str) -> Result<Vec<(bool, String)>, PageError> {
    // Members at one time are most on a day on which one of them began.
    let (members, first): (i64, Option<String>) = look
        .conn
        .prepare_cached(
            "SELECT coalesce((SELECT max((SELECT count(DISTINCT m.person) FROM membership m
                        WHERE m.team = s.team AND m.part <> 'guest' AND m.from_on <= s.from_on
                          AND coalesce(m.until_on, '9999') >= s.from_on))
                     FROM membership s WHERE s.team = ?1 AND s.part <> 'guest' AND s.from_on <= ?2), 0),
                    (SELECT min(held_on) FROM activity WHERE team = ?1 AND state IN ('held', 'verified')
                        AND held_on <= ?2)",
        )?
        .query_row(rusqlite::params![team.as_bytes(), today], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let day = |key: &str, on: &str| look.words.with(key, &[("day", look.date(on).as_str().into())]);
    let begun = match active.filter(|on| *on <= today) {
        Some(on) => (true, day("team-begun", on)),
        None => (false, look.words.get("team-not-begun").into_owned()),
    };
    let met = match &first {
        Some(on) => (true, day("team-met", on)),
        None => (false, look.words.get("team-not-met").into_owned()),
    };
    Ok(vec![begun, (members >= 3, look.words.with("team-of-three", &[("n", members.into())])), met])
}

fn terms(look: &Look<'_>, request: &Request, team: &Subject, today: &str) -> Result<Vec<Term>, PageError> {
    let sees = request.reader()?.sees(&TEAM_TERM, "t");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT t.id, coalesce(t.title, ''), t.from_on, t.until_on, coalesce(t.aims, '') FROM team_term t
         WHERE t.team = ?1 AND {sees} ORDER BY t.from_on DESC LIMIT 40"
    ))?;
    let mut rows = stmt.query([team.as_bytes()])?;
    let mut rest = things(look, request, team)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (from, until): (String, String) = (row.get(2)?, row.get(3)?);
        let (within, others) = rest.into_iter().partition(|t: &Thing| from <= t.iso && t.iso <= until);
        rest = others;
        out.push(Term {
            id: id_in(row.get(0)?).map(|id| id.to_string()),
            title: row.get(1)?,
            days: format!("{} – {}", look.date(&from), look.date(&until)),
            aims: row.get(4)?,
            open: out.is_empty() || (&*from <= today && today <= &*until),
            things: within,
        });
    }
    if !rest.is_empty() {
        let title = look.words.get(if out.is_empty() { "team-held-all" } else { "team-no-term" }).into_owned();
        let open = out.is_empty();
        out.push(Term { id: None, title, days: String::new(), aims: String::new(), open, things: rest });
    }
    Ok(out)
}

/// All that has a day, the newest first.
fn things(look: &Look<'_>, request: &Request, team: &Subject) -> Result<Vec<Thing>, PageError> {
    let mut out = meetings(look, request, team)?;
    out.extend(cycle::lessons_of(look, request, team)?.into_iter().map(|lesson| Thing {
        href: format!("/research-lessons/{}", lesson.id),
        icon: "presentation",
        day: look.date(&lesson.day),
        title: lesson.title,
        detail: lesson.school,
        tag: Some((lesson.tone, lesson.state)),
        iso: lesson.day,
    }));
    let mut stmt = look.conn.prepare_cached(
        "SELECT id, coalesce(title, ''), made_on FROM team_output WHERE team = ?1 AND made_on IS NOT NULL LIMIT 300",
    )?;
    let mut rows = stmt.query([team.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let iso: String = row.get(2)?;
        out.push(Thing {
            href: format!("/team-outputs/{}", id_in(row.get(0)?).unwrap_or_default()),
            icon: "book-open",
            day: look.date(&iso),
            title: row.get(1)?,
            detail: look.words.get("team_output").into_owned(),
            tag: None,
            iso,
        });
    }
    out.sort_by(|a, b| b.iso.cmp(&a.iso));
    out.truncate(SHOWN);
    Ok(out)
}

/// Meetings, with how many of those who were members that day were there.
fn meetings(look: &Look<'_>, request: &Request, team: &Subject) -> Result<Vec<Thing>, PageError> {
    let activity = look.kinds.get("activity").ok_or(PageError::NotFound)?;
    let sees = request.reader()?.sees(activity, "a");
    let mut stmt = look.conn.prepare(&format!(
        "WITH met AS (SELECT a.id, a.title, a.kind, a.state, coalesce(a.held_on, a.starts_on) AS day FROM activity a
                      WHERE a.team = ?1 AND {sees} ORDER BY day DESC LIMIT {SHOWN}),
              there AS (SELECT met.id, p.person, EXISTS (SELECT 1 FROM membership m WHERE m.team = ?1 AND m.person = p.person
                           AND m.part <> 'guest' AND m.from_on <= met.day AND coalesce(m.until_on, '9999') >= met.day) AS member
                        FROM met JOIN participation p ON p.activity = met.id AND p.present = 1 GROUP BY met.id, p.person)
         SELECT met.id, coalesce(met.title, ''), coalesce(met.kind, ''), coalesce(met.state, 'planned'), met.day,
                (SELECT count(*) FROM there WHERE there.id = met.id AND member),
                (SELECT count(*) FROM there WHERE there.id = met.id AND NOT member),
                (SELECT count(DISTINCT m.person) FROM membership m WHERE m.team = ?1 AND m.part <> 'guest'
                    AND m.from_on <= met.day AND coalesce(m.until_on, '9999') >= met.day)
         FROM met"
    ))?;
    let mut rows = stmt.query([team.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, state, iso): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let (members, others, of): (i64, i64, i64) = (row.get(5)?, row.get(6)?, row.get(7)?);
        let mut detail = label(&look.words, activity, activity.field("kind"), &kind);
        if members + others > 0 {
            let said = look.words.with("team-were-there", &[("n", members.into()), ("of", of.into())]);
            detail = format!("{detail} · {said}");
        }
        if others > 0 {
            detail = format!("{detail} · {}", look.words.with("team-others-there", &[("n", others.into())]));
        }
        out.push(Thing {
            href: format!("/activities/{}", id_in(row.get(0)?).unwrap_or_default()),
            icon: "users",
            day: look.date(&iso),
            title: row.get(1)?,
            detail,
            tag: Some((tone(&state), look.state(activity, &state))),
            iso,
        });
    }
    Ok(out)
}

fn cycles(look: &Look<'_>, request: &Request, team: &Subject) -> Result<Vec<Cycle>, PageError> {
    let sees = request.reader()?.sees(&RESEARCH_CYCLE, "c");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT c.id, coalesce(c.title, ''), coalesce(c.state, 'open'),
                (SELECT count(*) FROM research_lesson l WHERE l.cycle = c.id AND l.taught_on IS NOT NULL),
                (SELECT count(DISTINCT l.school) FROM research_lesson l WHERE l.cycle = c.id AND l.taught_on IS NOT NULL)
         FROM research_cycle c WHERE c.team = ?1 AND {sees} ORDER BY c.starts_on DESC LIMIT 100"
    ))?;
    let mut rows = stmt.query([team.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(2)?;
        let (lessons, schools): (i64, i64) = (row.get(3)?, row.get(4)?);
        out.push(Cycle {
            id: id_in(row.get(0)?).unwrap_or_default().to_string(),
            title: row.get(1)?,
            said: look.words.with("cycle-taught", &[("n", lessons.into()), ("schools", schools.into())]),
            tone: if state == "open" { "now" } else { "ok" },
            state: look.state(&RESEARCH_CYCLE, &state),
        });
    }
    Ok(out)
}

fn outputs(look: &Look<'_>, request: &Request, team: &Subject) -> Result<Vec<Output>, PageError> {
    let sees = request.reader()?.sees(&TEAM_OUTPUT, "t");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT t.id, coalesce(t.title, ''), coalesce(t.made_on, ''), t.plan, t.course FROM team_output t
         WHERE t.team = ?1 AND {sees} ORDER BY t.made_on DESC LIMIT 100"
    ))?;
    let mut rows = stmt.query([team.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let mut links = Vec::new();
        for (at, name) in [(3, "plan"), (4, "course")] {
            let Some(field) = TEAM_OUTPUT.field(name) else { continue };
            let shown = look.cell(&TEAM_OUTPUT, field, row.get_ref(at)?)?;
            if !shown.text.is_empty() {
                links.push((shown.href.unwrap_or_default(), shown.text));
            }
        }
        let iso: String = row.get(2)?;
        out.push(Output {
            id: id_in(row.get(0)?).unwrap_or_default().to_string(),
            title: row.get(1)?,
            day: look.date(&iso),
            links,
        });
    }
    Ok(out)
}
