//! What the two note in the clear: which lessons they were at; and, each alone, whether it fits. And how a note is taken back.

use base::{Date, Scope, Subject};
use log::{Context, Tx};
use records::vocabulary::SUBJECTS;
use records::{Change, Kind, REMOVED, Value, append};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{PAIR_FIT, PAIR_LESSON, PAIR_NOTE};
use crate::growth;
use crate::two::{Part, Two, id};

/// Whether it fits, as far as the officer is told: nobody learns who said what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    /// Both say that it goes well.
    Both,
    /// At least one of them thinks that another pairing would be better.
    Another,
}

pub(crate) fn refuse(code: &str) -> PageError {
    PageError::Rule(code.to_owned())
}

/// Makes a record of this room as its form said.
pub(crate) fn keep(site: &Site, request: &Request, kind: &'static Kind, change: Change) -> Result<Subject, PageError> {
    match register::save_new(site, request, kind, change, None) {
        Ok(register::Saved(id)) => Ok(id),
        Err(register::Refusal::Page(e)) => Err(e),
        Err(register::Refusal::Fields(_)) => Err(refuse("pair-form")),
    }
}

/// A day that has come: only what was held counts.
pub(crate) fn held(site: &Site, request: &Request) -> Result<String, PageError> {
    let day: Date = request.form("held_on").and_then(|d| d.parse().ok()).ok_or_else(|| refuse("pair-day"))?;
    if day > site.today() { Err(refuse("pair-day")) } else { Ok(day.to_string()) }
}

/// A choice of the form that may be left open.
pub(crate) fn chosen<'a>(request: &'a Request, name: &str, among: &[&str]) -> Result<Option<&'a str>, PageError> {
    match request.form(name).filter(|v| !v.is_empty()) {
        Some(word) if among.contains(&word) => Ok(Some(word)),
        Some(_) => Err(refuse("pair-form")),
        None => Ok(None),
    }
}

fn back(two: &Two, anchor: &str) -> Reply {
    let note = web::set_cookie("zampa_note", "done-saved", 60);
    Reply::ToWith(format!("/pairings/{}#{anchor}", two.id), vec![note])
}

/// The author takes a note back: its words are destroyed on every node.
pub(crate) fn take_back(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let person = request.reader()?.person;
    let note: Subject = request.form("note").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    site.store.write(Context { author: person }, |tx| {
        let own: bool = tx
            .conn()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM pair_note WHERE id = ?1 AND pairing = ?2 AND person = ?3)")?
            .query_row([note.as_bytes(), two.id.as_bytes(), person.as_bytes()], |r| r.get(0))?;
        if !own {
            return Err(PageError::NotFound);
        }
        growth::without_words(tx, &two, note)?;
        destroy(tx, &two, note)
    })?;
    Ok(back(&two, "pair-timeline"))
}

/// Takes a note away, and destroys what was said in it.
pub(crate) fn destroy(tx: &Tx<'_>, two: &Two, note: Subject) -> Result<(), PageError> {
    let scope = Scope::Pair(two.id);
    append(tx, &PAIR_NOTE, scope, note, Change::new().with(REMOVED, Value::Bool(true)), None)?;
    tx.append(&log::erase_draft(scope, note, &[&PAIR_NOTE.identity()])?)?;
    tx.fold()?;
    Ok(())
}

/// Notes a lesson at which one was the other's guest, or the closing lesson.
pub(crate) fn add_lesson(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    if !two.goes_on() {
        return Err(refuse("pairing-not-active"));
    }
    let what = chosen(request, "what", &["observed", "attended", "closing"])?.ok_or_else(|| refuse("pair-form"))?;
    let (day, subject) = (held(site, request)?, chosen(request, "subject", SUBJECTS)?);
    // Both may write it down, and it is one lesson.
    let there: bool = site.store.read(|conn| {
        Ok::<_, PageError>(
            conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM pair_lesson WHERE pairing = ?1 AND what = ?2 AND held_on = ?3
                 AND subject IS ?4)",
            )?
            .query_row(rusqlite::params![two.id.as_bytes(), what, day, subject], |r| r.get(0))?,
        )
    })?;
    if there {
        return Err(refuse("pair-lesson-twice"));
    }
    let mut change = Change::new()
        .with_link("pairing", two.id)
        .with_link("person", request.reader()?.person)
        .with_text("what", what)
        .with_text("held_on", day);
    if let Some(subject) = subject {
        change = change.with_text("subject", subject);
    }
    keep(site, request, &PAIR_LESSON, change)?;
    Ok(back(&two, "pair-timeline"))
}

/// One of the two says, alone, whether it fits.
pub(crate) fn fit(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let person = request.reader()?.person;
    if !two.goes_on() {
        return Err(refuse("pairing-not-active"));
    }
    let fit = chosen(request, "fit", &["well", "another"])?.ok_or_else(|| refuse("pair-form"))?;
    let said: Option<Option<Vec<u8>>> = site.store.read(|conn| {
        Ok::<_, PageError>(
            conn.prepare_cached(
                "SELECT id FROM pair_fit WHERE pairing = ?1 AND person = ?2 ORDER BY made DESC LIMIT 1",
            )?
            .query_row([two.id.as_bytes(), person.as_bytes()], |r| r.get(0))
            .optional()?,
        )
    })?;
    match said.and_then(id) {
        Some(before) => site.store.write(Context { author: person }, |tx| {
            append(tx, &PAIR_FIT, Scope::Pair(two.id), before, Change::new().with_text("fit", fit), None)?;
            tx.fold()?;
            Ok::<_, PageError>(())
        })?,
        None => {
            let change = Change::new().with_link("pairing", two.id).with_link("person", person).with_text("fit", fit);
            keep(site, request, &PAIR_FIT, change)?;
        }
    }
    Ok(back(&two, "pair-fit"))
}

/// What one of the two said of it last.
pub(crate) fn fit_of(conn: &Connection, two: &Two, part: Part) -> Result<Option<String>, PageError> {
    Ok(conn
        .prepare_cached("SELECT fit FROM pair_fit WHERE pairing = ?1 AND person = ?2 ORDER BY made DESC LIMIT 1")?
        .query_row([two.id.as_bytes(), two.who(part).as_bytes()], |r| r.get::<_, Option<String>>(0))
        .optional()?
        .flatten())
}

/// What both together come to.
pub(crate) fn fits(conn: &Connection, two: &Two) -> Result<Option<Fits>, PageError> {
    let said = [fit_of(conn, two, Part::Master)?, fit_of(conn, two, Part::Apprentice)?];
    Ok(if said.iter().any(|s| s.as_deref() == Some("another")) {
        Some(Fits::Another)
    } else {
        said.iter().all(|s| s.as_deref() == Some("well")).then_some(Fits::Both)
    })
}

/// How many of something there were: lessons of a sort, or sessions, since a day.
pub(crate) fn count(conn: &Connection, two: &Two, what: &str, since: &str) -> Result<i64, PageError> {
    let sql = if what == "session" {
        "SELECT count(DISTINCT held_on) FROM pair_note WHERE pairing = ?1 AND what = ?2 AND held_on >= ?3"
    } else {
        // That an observation of the two was held counts by itself, so that nobody notes it again.
        "SELECT count(DISTINCT held_on || coalesce(subject, '')) FROM
           (SELECT held_on, subject FROM pair_lesson WHERE pairing = ?1 AND what = ?2
            UNION ALL
            SELECT o.held_on, o.subject FROM observation o JOIN pairing p ON p.id = ?1
            WHERE o.state IN ('held', 'shared', 'discussed') AND o.held_on >= p.active_from
              AND (p.ended_on IS NULL OR o.held_on <= p.ended_on)
              AND (?2 = 'observed' AND o.observer = p.master AND o.teacher = p.apprentice
                   OR ?2 = 'attended' AND o.observer = p.apprentice AND o.teacher = p.master))
         WHERE held_on >= ?3"
    };
    Ok(conn.prepare_cached(sql)?.query_row(rusqlite::params![two.id.as_bytes(), what, since], |r| r.get(0))?)
}
