//! What is written into a timetable: one lesson at a time, as part of a command that is all on disk or not at all.

use base::{Date, Subject};
use log::{Entry, Tx};
use records::{Change, REMOVED, Value, fold};
use register::{Refusal, Saved, change_in, make_in};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site, set_cookie};

use crate::days::{self, DAYS};
use crate::facts::LESSON;
use crate::read::Lesson;

/// A lesson that is to be.
pub(crate) struct New<'a> {
    pub school: Subject,
    pub class: &'a str,
    pub weekday: usize,
    pub period: Subject,
    pub subject: &'a str,
    pub teacher: Option<Subject>,
    pub days: (Date, Date),
}

/// Puts a lesson into the timetable.
///
/// # Errors
/// [`Refusal`].
pub(crate) fn put(tx: &Tx<'_>, site: &Site, request: &Request, new: &New<'_>) -> Result<Subject, Refusal> {
    let mut change = Change::new()
        .with_link("school", new.school)
        .with_text("class", new.class)
        .with_text("weekday", DAYS.get(new.weekday).copied().unwrap_or_default())
        .with_link("period", new.period)
        .with_text("subject", new.subject)
        .with_text("starts_on", new.days.0.to_string())
        .with_text("ends_on", new.days.1.to_string());
    if let Some(grade) = days::grade_of(new.class) {
        change = change.with("grade", Value::Int(grade));
    }
    if let Some(teacher) = new.teacher {
        change = change.with_link("teacher", teacher);
    }
    let Saved(id) = make_in(tx, site, request, &LESSON, change, None, None)?;
    Ok(id)
}

/// What of a lesson differs from what is wanted; nothing where nothing does.
pub(crate) fn differs(lesson: &Lesson, subject: &str, teacher: Option<Subject>, days: (Date, Date)) -> Option<Change> {
    let mut change = Change::new();
    if lesson.subject != subject {
        change = change.with_text("subject", subject);
    }
    if lesson.teacher != teacher {
        change = change.with("teacher", teacher.map_or(Value::Null, |t| Value::link(&t)));
    }
    if lesson.starts_on != days.0 {
        change = change.with_text("starts_on", days.0.to_string());
    }
    if lesson.ends_on != days.1 {
        change = change.with_text("ends_on", days.1.to_string());
    }
    (!change.is_empty()).then_some(change)
}

/// Back to the timetable, with a note that can undo what was written since a moment.
pub(crate) fn done(to: String, note: &str, school: &Subject, since: u64, lesson: Option<Subject>) -> Reply {
    let lesson = lesson.map_or_else(|| "all".to_owned(), |l| l.to_string());
    let undo = format!("/timetables/{school}/undo/{since}/{lesson}");
    Reply::ToWith(to, vec![set_cookie("zampa_note", &format!("{note}|{undo}"), 60)])
}

/// Takes back what this person wrote into a school's timetable since a moment, here: of each lesson its last entries, or the one
/// lesson's that was named.
pub(crate) fn undo(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let school = request.id("id")?;
    let reader = request.reader()?;
    let since: u64 = request.params.get("since").and_then(|s| s.parse().ok()).ok_or(PageError::NotFound)?;
    let one: Option<Subject> = request.params.get("lesson").and_then(|l| l.parse().ok());
    let node = site.store.key().id();
    let done = site.store.write(log::Context { author: reader.person }, |tx| {
        crate::read::school(site, tx.conn(), reader, &school)?;
        let mut back = Vec::new();
        for lesson in one.map_or_else(|| here(tx.conn(), &school), |l| Ok(vec![l]))? {
            let entries = log::entries_of(tx.conn(), &lesson)?;
            let is_mine =
                |e: &&Entry| e.header.author == reader.person && e.header.node == node && e.header.clock.ms() >= since;
            let last = entries.iter().rev().take_while(is_mine).count();
            if last > 0
                && let Some(change) = before(site, &entries, last)
            {
                back.push((lesson, change));
            }
        }
        // First what stands in the way of the rest.
        back.sort_by_key(|(id, change)| (!change.set.contains_key(REMOVED), *id));
        let n = back.len();
        for (lesson, change) in back {
            take_back(tx, site, request, lesson, change)?;
        }
        Ok::<_, Refusal>(n)
    });
    let note = match done {
        Ok(0) => "timetable-undo-none",
        Ok(_) => "done-undone",
        Err(Refusal::Page(e)) => return Err(e),
        Err(Refusal::Fields(_)) => return Err(PageError::Malformed("a field cannot take this value")),
    };
    Ok(Reply::ToWith(format!("/timetables/{school}"), vec![set_cookie("zampa_note", note, 60)]))
}

/// A lesson that was taken out has no row: it is put back by its entries' own word.
fn take_back(tx: &Tx<'_>, site: &Site, request: &Request, lesson: Subject, change: Change) -> Result<(), Refusal> {
    let reader = request.reader()?;
    if change.set.get(REMOVED) == Some(&Value::Bool(false)) {
        let folded = fold(&site.kinds, site.hub, &log::entries_of(tx.conn(), &lesson)?).ok_or(PageError::NotFound)?;
        let school = folded.get("school").and_then(Value::as_link).ok_or(PageError::NotFound)?;
        if folded.kind.name != LESSON.name || !crate::read::school(site, tx.conn(), reader, &school)?.writes {
            return Err(PageError::NotAllowed.into());
        }
        records::append(tx, &LESSON, folded.scope, lesson, change, None)?;
        return Ok(records::check(tx, &LESSON, &lesson)?);
    }
    change_in(tx, site, reader, &LESSON, lesson, change, None)
}

fn here(conn: &Connection, school: &Subject) -> Result<Vec<Subject>, PageError> {
    let mut stmt = conn.prepare_cached("SELECT id FROM timetable_lesson WHERE school = ?1 ORDER BY id")?;
    let ids = stmt.query_map([school.as_bytes()], |r| crate::read::id_in(r, 0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(ids.into_iter().flatten().collect())
}

/// What puts a record back to where it was before its last entries.
fn before(site: &Site, entries: &[Entry], last: usize) -> Option<Change> {
    let (earlier, undone) = entries.split_at_checked(entries.len().checked_sub(last)?)?;
    if earlier.is_empty() {
        return Some(Change::new().with(REMOVED, Value::Bool(true)));
    }
    let earlier = fold(&site.kinds, site.hub, earlier)?;
    let mut change = Change::new();
    for entry in undone {
        for field in Change::decode(entry.payload()?).ok()?.set.into_keys() {
            let value = match field.as_str() {
                REMOVED => Value::Bool(false),
                field => earlier.get(field).cloned().unwrap_or(Value::Null),
            };
            change.set.insert(field, value);
        }
    }
    Some(change)
}
