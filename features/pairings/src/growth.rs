//! Goals of the two, with what shows them: set, worked on, reviewed. A goal's words, and what is said in a sentence, are
//! notes that the two seal; a lesson, an observation that was held, a plan or a course is a link. Nothing is measured.

use base::{Scope, Subject};
use log::{Context, Tx};
use records::{Change, Kind, REMOVED, Reader, STATE, Value, append};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{PAIR_EVIDENCE, PAIR_GOAL, PAIR_NOTE};
use crate::notes::refuse;
use crate::two::{Part, Two, id};

/// Goals of a pairing that are shown.
const GOALS: usize = 40;
/// Records of a sort that are offered as evidence, the latest first.
const OFFERED: usize = 12;

/// What may show a goal, besides a sentence: the field that leads to it, and its kind.
const SORTS: [(&str, &str); 4] =
    [("lesson", "pair_lesson"), ("observation", "observation"), ("plan", "lesson_plan"), ("course", "course")];

/// The state of a goal `g`: where the two said at two nodes apart that they looked back on it, it is reviewed too.
const STATE_NOW: &str = "CASE WHEN (SELECT count(*) FROM pair_goal_looked_back l WHERE l.id = g.id) > 1
                              THEN 'reviewed' ELSE coalesce(g.state, 'set') END";

/// A goal as the page of the two shows it.
pub(crate) struct Goal {
    pub id: String,
    /// The note that holds its words; none where its writer took them back.
    pub note: Option<String>,
    /// The reader wrote it.
    pub own: bool,
    pub about: String,
    pub state: String,
    pub tone: &'static str,
    pub evidence: Vec<Evidence>,
    /// It takes evidence.
    pub open: bool,
    pub may_review: bool,
    /// Which of the two has said alone that they looked back on it.
    pub alone: Option<String>,
}

/// What shows a goal.
pub(crate) struct Evidence {
    at: String,
    pub day: String,
    /// The note that says it.
    pub note: Option<String>,
    pub said: String,
    pub href: Option<String>,
    /// The link, where the reader gave it and may take it away again.
    pub own: Option<String>,
}

/// The goals of a pairing, those of today first.
pub(crate) fn goals(look: &Look<'_>, reader: &Reader, two: &Two, names: &[String; 2]) -> Result<Vec<Goal>, PageError> {
    let mut stmt = look.conn.prepare(&format!(
        "SELECT g.id, g.person, coalesce(g.set_on, ''), {STATE_NOW},
                (SELECT n.id FROM pair_note n WHERE n.goal = g.id AND n.what = 'goal' AND n.sealed IS NOT NULL LIMIT 1),
                (SELECT l.value FROM pair_goal_looked_back l WHERE l.id = g.id LIMIT 1)
         FROM pair_goal g WHERE g.pairing = ?1 AND {}
         ORDER BY {STATE_NOW} = 'reviewed', g.set_on DESC, g.made DESC LIMIT {GOALS}",
        reader.sees(&PAIR_GOAL, "g")
    ))?;
    let mut rows = stmt.query([two.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (goal, person) = (id(row.get(0)?).unwrap_or_default(), id(row.get(1)?).unwrap_or_default());
        let (day, state): (String, String) = (row.get(2)?, row.get(3)?);
        let note: Option<Subject> = id(row.get(4)?);
        let (evidence, open) = (evidence(look, reader, goal)?, two.goes_on() && state != "reviewed");
        let called = |who: &Subject| if *who == two.master { &names[0] } else { &names[1] };
        let name = called(&person);
        let first: Option<Subject> = id(row.get(5)?).filter(|_| open);
        let key = match &*state {
            "reviewed" => "pair-goal-reviewed",
            "worked_on" => "pair-goal-worked_on",
            _ => "pair-goal-set",
        };
        out.push(Goal {
            id: goal.to_string(),
            note: note.map(|n| n.to_string()),
            own: person == reader.person,
            about: format!("{name} · {}", look.date(&day)),
            state: look.words.get(key).into_owned(),
            tone: if state == "reviewed" { "ok" } else { "wait" },
            may_review: open && !evidence.is_empty() && first != Some(reader.person),
            alone: first.map(|who| {
                let key = if who == reader.person { "pair-goal-waits" } else { "pair-goal-asks" };
                let other =
                    two.part(&who).map_or(&names[0], |part| if part == Part::Master { &names[1] } else { &names[0] });
                let said = if who == reader.person { other } else { called(&who) };
                look.words.with(key, &[("who", said.as_str().into())])
            }),
            evidence,
            open,
        });
    }
    Ok(out)
}

/// What shows a goal, the latest last: links, and sentences of the two.
fn evidence(look: &Look<'_>, reader: &Reader, goal: Subject) -> Result<Vec<Evidence>, PageError> {
    let mut out = Vec::new();
    let mut stmt = look.conn.prepare(&format!(
        "SELECT e.id, e.person, e.what, coalesce(e.held_on, ''), coalesce(e.lesson, e.observation, e.plan, e.course)
         FROM pair_evidence e WHERE e.goal = ?1 AND {} ORDER BY e.made",
        reader.sees(&PAIR_EVIDENCE, "e")
    ))?;
    let mut rows = stmt.query([goal.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let (link, person) = (id(row.get(0)?).unwrap_or_default(), id(row.get(1)?).unwrap_or_default());
        let (what, day): (String, String) = (row.get(2)?, row.get(3)?);
        let record: Subject = id(row.get(4)?).unwrap_or_default();
        let (said, href) = named(look, &what, &record)?;
        out.push(Evidence {
            day: look.date(&day),
            at: day,
            note: None,
            said,
            href,
            own: (person == reader.person).then(|| link.to_string()),
        });
    }
    let mut stmt = look.conn.prepare(&format!(
        "SELECT n.id, coalesce(n.held_on, '') FROM pair_note n
         WHERE n.goal = ?1 AND n.what = 'evidence' AND n.sealed IS NOT NULL AND {} ORDER BY n.made",
        reader.sees(&PAIR_NOTE, "n")
    ))?;
    let mut rows = stmt.query([goal.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let (note, day): (Subject, String) = (id(row.get(0)?).unwrap_or_default(), row.get(1)?);
        let own = written_by(look.conn, &note, reader)?.then(|| note.to_string());
        let (day, at) = (look.date(&day), day);
        out.push(Evidence { at, day, note: Some(note.to_string()), said: String::new(), href: None, own });
    }
    out.sort_by(|a, b| a.at.cmp(&b.at));
    Ok(out)
}

fn written_by(conn: &Connection, note: &Subject, reader: &Reader) -> Result<bool, PageError> {
    let sql = "SELECT person = ?2 FROM pair_note WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([note.as_bytes(), reader.person.as_bytes()], |r| r.get(0))?)
}

/// How a record that shows a goal is called, and where it leads. Of an observation no more is said than that it was held.
fn named(look: &Look<'_>, what: &str, record: &Subject) -> Result<(String, Option<String>), PageError> {
    match what {
        "lesson" => Ok((lesson(look, record)?, None)),
        "observation" => {
            let said = look.words.get("pair-evidence-observation").into_owned();
            Ok((said, Some(format!("/observations/{record}"))))
        }
        _ => {
            let kind = if what == "plan" { "lesson_plan" } else { "course" };
            let Some(kind) = look.kinds.get(kind) else { return Ok((String::new(), None)) };
            Ok((look.title(kind, record)?, Some(format!("/{}/{record}", kind.route))))
        }
    }
}

fn lesson(look: &Look<'_>, record: &Subject) -> Result<String, PageError> {
    let sql = "SELECT what FROM pair_lesson WHERE id = ?1";
    let what: Option<String> =
        look.conn.prepare_cached(sql)?.query_row([record.as_bytes()], |r| r.get(0)).optional()?;
    let key = match what.as_deref() {
        Some("observed") => "pair-lesson-observed",
        Some("attended") => "pair-lesson-attended",
        Some(_) => "pair-lesson-closing",
        None => "record-elsewhere",
    };
    Ok(look.words.get(key).into_owned())
}

/// What the reader could name as evidence: what there is anyway, the latest first.
pub(crate) fn offered(look: &Look<'_>, reader: &Reader, two: &Two) -> Result<Vec<(String, String)>, PageError> {
    let mut out = Vec::new();
    for (what, kind) in SORTS {
        for (record, day) in of_sort(look, reader, two, what, kind)? {
            let (said, _) = named(look, what, &record)?;
            let day = if day.is_empty() { day } else { format!(" · {}", look.date(&day)) };
            out.push((format!("{what}:{record}"), format!("{said}{day}")));
        }
    }
    Ok(out)
}

/// Records of a sort, with the day on which they were: of the two, and such as the reader sees.
fn of_sort(
    look: &Look<'_>,
    reader: &Reader,
    two: &Two,
    what: &str,
    kind: &str,
) -> Result<Vec<(Subject, String)>, PageError> {
    let Some(kind) = look.kinds.get(kind) else { return Ok(Vec::new()) };
    let (sees, both) = (reader.sees(kind, "t"), "(SELECT master FROM p UNION SELECT apprentice FROM p)");
    let (day, condition) = match what {
        "lesson" => ("t.held_on", "t.pairing = ?1".to_owned()),
        "observation" => (
            "t.held_on",
            format!("t.state IN ('held', 'shared', 'discussed') AND t.observer IN {both} AND t.teacher IN {both}"),
        ),
        "plan" => (
            "NULL",
            format!(
                "t.id IN (SELECT a.plan FROM plan_author a WHERE a.person IN {both} AND a.part IN ('lead', 'author'))"
            ),
        ),
        _ => (
            "NULL",
            format!(
                "t.id IN (SELECT h.course FROM course_hand h WHERE h.person IN {both} AND h.part IN ('lead', 'author'))"
            ),
        ),
    };
    let mut stmt = look.conn.prepare(&format!(
        "WITH p AS (SELECT master, apprentice FROM pairing WHERE id = ?1)
         SELECT t.id, coalesce({day}, '') FROM {} t WHERE {condition} AND {sees}
         ORDER BY 2 DESC, t.changed DESC LIMIT {OFFERED}",
        kind.name
    ))?;
    let rows = stmt.query_map([two.id.as_bytes()], |r| Ok((id(r.get(0)?).unwrap_or_default(), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes the goal whose words a note holds.
pub(crate) fn set(tx: &Tx<'_>, site: &Site, request: &Request, two: &Two) -> Result<Subject, PageError> {
    let change = Change::new()
        .with_link("pairing", two.id)
        .with_link("person", request.reader()?.person)
        .with_text("set_on", site.today().to_string());
    match register::make_in(tx, site, request, &PAIR_GOAL, change, None, None) {
        Ok(made) => Ok(made.0),
        Err(register::Refusal::Page(e)) => Err(e),
        Err(register::Refusal::Fields(_)) => Err(refuse("pair-form")),
    }
}

/// The goal of a form, which takes evidence; from now on it is worked on.
pub(crate) fn worked_on(tx: &Tx<'_>, request: &Request, two: &Two) -> Result<Subject, PageError> {
    let (goal, state) = of_form(tx.conn(), request, two)?;
    if state == "reviewed" {
        return Err(refuse("pair-goal-reviewed"));
    }
    if state == "set" {
        let change = Change::new().with(STATE, Value::text("worked_on"));
        append(tx, &PAIR_GOAL, Scope::Pair(two.id), goal, change, None)?;
        tx.fold()?;
    }
    Ok(goal)
}

fn of_form(conn: &Connection, request: &Request, two: &Two) -> Result<(Subject, String), PageError> {
    let goal: Subject = request.form("goal").and_then(|g| g.parse().ok()).ok_or(PageError::NotFound)?;
    let state = conn
        .prepare_cached(&format!("SELECT {STATE_NOW} FROM pair_goal g WHERE g.id = ?1 AND g.pairing = ?2"))?
        .query_row([goal.as_bytes(), two.id.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok((goal, state.ok_or(PageError::NotFound)?))
}

fn back(two: &Two) -> Reply {
    let note = web::set_cookie("zampa_note", "done-saved", 60);
    Reply::ToWith(format!("/pairings/{}#pair-growth", two.id), vec![note])
}

/// One of the two names a record that shows a goal.
pub(crate) fn show(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let reader = request.reader()?;
    if !two.goes_on() {
        return Err(refuse("pairing-not-active"));
    }
    let (what, record) = request.form("of").and_then(|of| of.split_once(':')).ok_or_else(|| refuse("pair-form"))?;
    let (what, kind) = SORTS.into_iter().find(|(sort, _)| *sort == what).ok_or_else(|| refuse("pair-form"))?;
    let record: Subject = record.parse().map_err(|_| refuse("pair-form"))?;
    let (day, there) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let found = of_sort(&look, reader, &two, what, kind)?.into_iter().find(|(one, _)| *one == record);
        let (goal, _) = of_form(conn, request, &two)?;
        let sql = format!("SELECT EXISTS (SELECT 1 FROM pair_evidence WHERE goal = ?1 AND {what} = ?2)");
        let there: bool = conn.prepare_cached(&sql)?.query_row([goal.as_bytes(), record.as_bytes()], |r| r.get(0))?;
        Ok::<_, PageError>((found.ok_or_else(|| refuse("pair-form"))?.1, there))
    })?;
    if there {
        return Ok(back(&two));
    }
    let day = if day.is_empty() { site.today().to_string() } else { day };
    site.store.write(Context { author: reader.person }, |tx| {
        let goal = worked_on(tx, request, &two)?;
        let change = Change::new()
            .with_link("pairing", two.id)
            .with_link("goal", goal)
            .with_link("person", reader.person)
            .with_text("what", what)
            .with_text("held_on", day.as_str())
            .with_link(what, record);
        match register::make_in(tx, site, request, &PAIR_EVIDENCE, change, None, None) {
            Ok(_) => Ok(()),
            Err(register::Refusal::Page(e)) => Err(e),
            Err(register::Refusal::Fields(_)) => Err(refuse("pair-form")),
        }
    })?;
    Ok(back(&two))
}

/// The two have looked at a goal together. What shows it comes first.
pub(crate) fn review(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    if !two.goes_on() {
        return Err(refuse("pairing-not-active"));
    }
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let (goal, state) = of_form(tx.conn(), request, &two)?;
        let shown: bool = tx
            .conn()
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM pair_evidence WHERE goal = ?1)
                 OR EXISTS (SELECT 1 FROM pair_note WHERE goal = ?1 AND what = 'evidence')",
            )?
            .query_row([goal.as_bytes()], |r| r.get(0))?;
        if state == "reviewed" || !shown {
            return Err(refuse(if shown { "pair-goal-reviewed" } else { "pair-goal-evidence" }));
        }
        let me = request.reader()?.person;
        let mut change = Change::new().with_added("looked_back", Value::link(&me));
        // Looked at together is the word of both.
        let other: bool = tx
            .conn()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM pair_goal_looked_back WHERE id = ?1 AND value <> ?2)")?
            .query_row([goal.as_bytes(), me.as_bytes()], |r| r.get(0))?;
        if other {
            change = change.with(STATE, Value::text("reviewed")).with_text("reviewed_on", site.today().to_string());
        }
        append(tx, &PAIR_GOAL, Scope::Pair(two.id), goal, change, None)?;
        Ok(tx.fold()?)
    })?;
    Ok(back(&two))
}

/// Who named a record as evidence takes it away again.
pub(crate) fn take_away(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let me = request.reader()?.person;
    let link: Subject = request.form("evidence").and_then(|e| e.parse().ok()).ok_or(PageError::NotFound)?;
    site.store.write(Context { author: me }, |tx| {
        let sql = "SELECT EXISTS (SELECT 1 FROM pair_evidence WHERE id = ?1 AND pairing = ?2 AND person = ?3)";
        let own: bool = tx
            .conn()
            .prepare_cached(sql)?
            .query_row([link.as_bytes(), two.id.as_bytes(), me.as_bytes()], |r| r.get(0))?;
        if own { remove(tx, &two, &PAIR_EVIDENCE, link) } else { Err(PageError::NotFound) }
    })?;
    Ok(back(&two))
}

fn remove(tx: &Tx<'_>, two: &Two, kind: &Kind, which: Subject) -> Result<(), PageError> {
    append(tx, kind, Scope::Pair(two.id), which, Change::new().with(REMOVED, Value::Bool(true)), None)?;
    Ok(tx.fold()?)
}

/// The goal that a note sets, with the words of which it goes too, unless something shows it already.
pub(crate) fn without_words(tx: &Tx<'_>, two: &Two, note: Subject) -> Result<(), PageError> {
    let goal: Option<Option<Vec<u8>>> = tx
        .conn()
        .prepare_cached(
            "SELECT n.goal FROM pair_note n WHERE n.id = ?1 AND n.what = 'goal'
             AND NOT EXISTS (SELECT 1 FROM pair_evidence e WHERE e.goal = n.goal)
             AND NOT EXISTS (SELECT 1 FROM pair_note o WHERE o.goal = n.goal AND o.what = 'evidence')",
        )?
        .query_row([note.as_bytes()], |r| r.get(0))
        .optional()?;
    match goal.flatten().and_then(|g| id(Some(g))) {
        Some(goal) => remove(tx, two, &PAIR_GOAL, goal),
        None => Ok(()),
    }
}
