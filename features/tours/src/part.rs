//! A tour on its page: what is missing, who has approved, the way, what may happen, who goes, the roll-calls, the stories.

use askama::Template;
use base::Subject;
use records::Kind;
use register::{Look, label};
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site};

use crate::approval::{Standing, seen, speaks};
use crate::facts::{STUDY_TOUR, TIERS, TOUR_ADULT, TOUR_LEG, TOUR_RISK, TOUR_STORY};
use crate::going::{going, names};
use crate::leave::{changed, lacks_to_approve, may_end, name, people, tier};
use crate::pupils::openings;
use crate::sealed::About;
use crate::story;
use crate::tour::{Tour, adults_for, id_at, pupils_per_adult, text_at};

#[derive(Template)]
#[template(path = "part.html")]
struct TourPart<'a> {
    s: Shell<'a>,
    id: String,
    day: String,
    tiers: Vec<TierSaid>,
    returned: Option<String>,
    /// The tier for which the reader may speak now, and what they see.
    approves: Option<(&'static str, String)>,
    /// What is missing before the reader can.
    lacks: Vec<String>,
    /// Both have approved.
    ready: bool,
    returns: Option<&'static str>,
    adds: bool,
    /// The reader names adults.
    names: bool,
    legs: Vec<Line>,
    risks: Vec<Line>,
    adults: Vec<Line>,
    adults_said: String,
    pupils: String,
    /// The reader sees the pupils, here.
    sees: bool,
    /// The reader would see them at the school's own node.
    elsewhere: bool,
    withdrawn: String,
    leaves: bool,
    ends: bool,
    cancels: bool,
    pocket: bool,
    rolls: Vec<Line>,
    /// There is something to tell, and the reader may.
    tells: bool,
    stories: Vec<Line>,
    openings: Vec<(String, String)>,
}

struct TierSaid {
    name: String,
    said: String,
    tone: &'static str,
}

/// A line that leads to a record, or nowhere.
#[derive(Default)]
struct Line {
    href: String,
    title: String,
    detail: String,
    tag: String,
    tone: &'static str,
}

/// The part of a tour's or a story's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
) -> Result<Option<String>, PageError> {
    if kind.name == TOUR_STORY.name {
        return story::part(site, request, conn, id).map(Some);
    }
    if kind.name != STUDY_TOUR.name {
        return Ok(None);
    }
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let words = &look.words;
    let tour = Tour::read(conn, id)?;
    let standing = Standing::of(conn, &tour)?;
    let open = matches!(&*tour.state, "draft" | "approved");
    let on_the_way = tour.state == "under_way";
    let home = tour.is_home(site, conn)?;
    let mine = tour.sees_pupils(conn, reader)?;
    let sees = home && mine;
    let next = standing.next().filter(|_| open || on_the_way);
    let speaks_now = match next {
        Some(tier) => speaks(&tour, request, tier)?,
        None => false,
    };
    let lacks = if speaks_now { lacks_to_approve(site, conn, words, &tour)? } else { Vec::new() };
    let next = match next {
        Some(tier) if speaks_now && lacks.is_empty() => Some((tier, seen(conn, &tour)?)),
        _ => None,
    };
    let mut returns = None;
    for tier in TIERS.iter().rev().filter(|_| open) {
        if speaks(&tour, request, tier)? {
            returns = Some(*tier);
        }
    }
    let withdrawn = if sees { going(conn, id)? } else { Vec::new() };
    let ends = may_end(conn, request, &tour)?;
    let writes = register::may_change(conn, reader, &STUDY_TOUR, id).is_ok();
    let page = TourPart {
        id: id.to_string(),
        day: tour.starts.clone(),
        tiers: tiers(site, &look, &standing)?,
        returned: returned(site, &look, &standing)?,
        approves: next,
        lacks,
        ready: tour.state == "approved",
        returns,
        adds: writes && (open || on_the_way),
        names: writes && reader.may_make(&TOUR_ADULT) && (open || on_the_way),
        tells: writes && (on_the_way || tour.state == "closed"),
        legs: legs(site, &look, &tour)?,
        risks: risks(site, &look, &tour)?,
        adults: adults(site, &look, &tour)?,
        adults_said: adults_said(&look, &tour, home)?,
        pupils: Tour::told(home, words, tour.pupils),
        sees,
        elsewhere: mine && !home,
        withdrawn: names(site, words, &tour, withdrawn.iter().filter(|p| p.consent == "withdrawn"))?,
        leaves: sees && open,
        ends: ends && on_the_way,
        cancels: ends && open,
        pocket: on_the_way && tour.leader(conn)? == Some(reader.person),
        rolls: rolls(site, &look, &tour, home, sees)?,
        stories: stories(&look, request, &tour)?,
        openings: if sees && tour.is_head(reader) { openings(site, &look, &tour, None)? } else { Vec::new() },
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}

fn tiers(site: &Site, look: &Look<'_>, standing: &Standing) -> Result<Vec<TierSaid>, PageError> {
    let mut out = Vec::new();
    for name_of in TIERS {
        let words = &look.words;
        let (said, tone) = match standing.by(name_of) {
            None => (words.get("tour-not-approved").into_owned(), "wait"),
            Some(given) => {
                let (who, day) = (name(site, look, &given.who)?, look.date(&given.on));
                let args = [("who", (&who).into()), ("day", (&day).into())];
                let said = words.with("tour-approved-by", &args);
                if given.changed.is_empty() {
                    (said, "ok")
                } else {
                    let what = changed(words, given);
                    (format!("{said} {}", words.with("tour-approved-anew", &[("what", (&what).into())])), "bad")
                }
            }
        };
        out.push(TierSaid { name: tier(words, name_of), said, tone });
    }
    Ok(out)
}

fn returned(site: &Site, look: &Look<'_>, standing: &Standing) -> Result<Option<String>, PageError> {
    let Some(back) = &standing.returned else { return Ok(None) };
    let (who, day) = (name(site, look, &back.who)?, look.date(&back.on));
    let tier = tier(&look.words, &back.tier);
    let args = [("who", (&who).into()), ("day", (&day).into()), ("tier", (&tier).into())];
    Ok(Some(format!("{} {}", look.words.with("tour-returned-by", &args), back.reason)))
}

fn legs(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<Line>, PageError> {
    let sql = "SELECT id, day, leaves_at, from_place, to_place, how, adult FROM tour_leg WHERE tour = ?1
               ORDER BY day, leaves_at, id LIMIT 200";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let adult = id_at(row, 6)?;
        let adult = if adult == Subject::default() {
            look.words.get("tour-leg-nobody").into_owned()
        } else {
            name(site, look, &adult)?
        };
        let how = label(&look.words, &TOUR_LEG, TOUR_LEG.field("how"), &text_at(row, 5)?);
        let when = format!("{} {}", look.date(&text_at(row, 1)?), text_at(row, 2)?);
        out.push(Line {
            href: format!("/tour-legs/{}", id_at(row, 0)?),
            title: format!("{} → {}", text_at(row, 3)?, text_at(row, 4)?),
            detail: format!("{} · {how} · {adult}", when.trim()),
            ..Line::default()
        });
    }
    Ok(out)
}

fn risks(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<Line>, PageError> {
    let sql = "SELECT id, what, measure, who FROM tour_risk WHERE tour = ?1 ORDER BY made LIMIT 200";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let who = id_at(row, 3)?;
        let measure = text_at(row, 2)?;
        out.push(Line {
            href: format!("/{}/{}", TOUR_RISK.route, id_at(row, 0)?),
            title: text_at(row, 1)?,
            detail: if who == Subject::default() {
                measure
            } else {
                format!("{measure} · {}", name(site, look, &who)?)
            },
            ..Line::default()
        });
    }
    Ok(out)
}

fn adults(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<Line>, PageError> {
    let line = |(id, name, part): (Subject, String, String)| Line {
        href: format!("/tour-adults/{id}"),
        title: name,
        detail: part,
        ..Line::default()
    };
    Ok(people(site, look, tour)?.into_iter().map(line).collect())
}

/// How many adults there are, and how many are needed.
fn adults_said(look: &Look<'_>, tour: &Tour, home: bool) -> Result<String, PageError> {
    let each = pupils_per_adult(look.conn)?;
    let pupils = Tour::told(home, &look.words, tour.pupils);
    let args = [
        ("there", tour.adults(look.conn)?.into()),
        ("needed", adults_for(tour.pupils, each).into()),
        ("pupils", (&pupils).into()),
        ("each", each.into()),
    ];
    Ok(look.words.with("tour-adults-said", &args))
}

/// The roll-calls, the latest first; who was missing is told to those who see the pupils.
fn rolls(site: &Site, look: &Look<'_>, tour: &Tour, home: bool, sees: bool) -> Result<Vec<Line>, PageError> {
    let sql = "SELECT r.id, r.day, r.called_at, r.here, r.missing, r.person, l.from_place, l.to_place
               FROM tour_roll r LEFT JOIN tour_leg l ON l.id = r.leg WHERE r.tour = ?1
               ORDER BY r.day DESC, r.called_at DESC, r.id DESC LIMIT 60";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (here, missing): (i64, i64) = (row.get(3)?, row.get(4)?);
        let n = |n: i64| Tour::told(home, &look.words, n);
        let (here, gone) = (n(here), n(missing));
        let (tag, tone) = if missing == 0 {
            (look.words.with("tour-roll-all", &[("n", (&here).into())]), "ok")
        } else {
            (look.words.with("tour-roll-missing", &[("here", (&here).into()), ("missing", (&gone).into())]), "bad")
        };
        let leg = match (text_at(row, 6)?, text_at(row, 7)?) {
            (from, to) if from.is_empty() && to.is_empty() => look.words.get("tour_roll").into_owned(),
            (from, to) => format!("{from} → {to}"),
        };
        let when =
            format!("{} {} · {}", look.date(&text_at(row, 1)?), text_at(row, 2)?, name(site, look, &id_at(row, 5)?)?);
        let who = if sees { absent(site, look.conn, tour, &id_at(row, 0)?)? } else { String::new() };
        let detail = if who.is_empty() { when } else { format!("{when} · {who}") };
        out.push(Line { title: leg, detail, tag, tone, ..Line::default() });
    }
    Ok(out)
}

fn absent(site: &Site, conn: &Connection, tour: &Tour, roll: &Subject) -> Result<String, PageError> {
    let sql = "SELECT p.id, p.code, p.name_sealed, p.name FROM tour_missing m JOIN pupil p ON p.id = m.pupil
               WHERE m.roll = ?1 ORDER BY p.code, p.id";
    let mut stmt = conn.prepare_cached(sql)?;
    let mut rows = stmt.query([roll.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let sealed: Option<Vec<u8>> = row.get(2)?;
        let name = About::name(tour.school, id_at(row, 0)?).read(site, sealed.as_deref(), text_at(row, 3)?)?;
        out.push(format!("{} {name}", text_at(row, 1)?));
    }
    Ok(out.join(", "))
}

fn stories(look: &Look<'_>, request: &Request, tour: &Tour) -> Result<Vec<Line>, PageError> {
    let sees = request.reader()?.sees(&TOUR_STORY, "t");
    let sql = format!(
        "SELECT t.id, coalesce(t.state, 'draft') FROM tour_story t WHERE t.tour = ?1 AND {sees} ORDER BY t.made"
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, state) = (id_at(row, 0)?, text_at(row, 1)?);
        out.push(Line {
            href: format!("/{}/{id}", TOUR_STORY.route),
            title: look.title(&TOUR_STORY, &id)?,
            tag: look.state(&TOUR_STORY, &state),
            tone: if state == "published" { "ok" } else { "wait" },
            ..Line::default()
        });
    }
    Ok(out)
}
