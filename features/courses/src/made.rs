//! What is added to records of this room as they are made: whose they are, and under what name.

use base::Subject;
use log::{Context, Tx};
use records::{Change, Kind, Value, append, record_scope};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{COURSE, COURSE_HAND, COURSE_REVIEW, RESOURCE};

/// Adds to a record as it is made.
///
/// # Errors
/// [`PageError::NotAllowed`] where a resource is put into somebody else's course.
pub fn made(tx: &Tx<'_>, site: &Site, request: &Request, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    let reader = request.reader()?;
    if kind.name == COURSE.name {
        return hand(tx, site, reader.person, "lead", id);
    }
    if kind.name == RESOURCE.name {
        let course = course_of(tx.conn(), kind, id)?;
        if !register::in_hands(tx.conn(), reader, &COURSE, &course)? {
            return Err(PageError::NotAllowed);
        }
        let plain = Change::new().with_text("form", "text");
        let scope = record_scope(tx.conn(), site.programme, kind, id)?;
        append(tx, &RESOURCE, scope, *id, plain, None)?;
        return Ok(tx.fold()?);
    }
    if kind.name == COURSE_REVIEW.name {
        let said = Change::new()
            .with_link("person", reader.person)
            .with_text("byline", register::byline(tx.conn(), reader.person)?);
        let scope = record_scope(tx.conn(), site.programme, kind, id)?;
        append(tx, &COURSE_REVIEW, scope, *id, said, None)?;
        return Ok(tx.fold()?);
    }
    Ok(())
}

fn course_of(conn: &Connection, kind: &Kind, id: &Subject) -> Result<Subject, PageError> {
    let sql = format!("SELECT course FROM {} WHERE id = ?1", kind.name);
    let found: Option<Vec<u8>> = conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0)).optional()?;
    found.and_then(|c| Subject::try_from(c.as_slice()).ok()).ok_or(PageError::NotFound)
}

/// Puts a course into somebody's hands, with the name by which readers elsewhere will know them.
pub(crate) fn hand(tx: &Tx<'_>, site: &Site, person: Subject, part: &str, course: &Subject) -> Result<(), PageError> {
    let conn = tx.conn();
    let there: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM course_hand WHERE course = ?1 AND person = ?2)")?
        .query_row([course.as_bytes(), person.as_bytes()], |r| r.get(0))?;
    if there {
        return Ok(());
    }
    let scope = record_scope(conn, site.programme, &COURSE, course)?;
    let change = Change::new()
        .with_link("course", *course)
        .with_link("person", person)
        .with("byline", Value::Text(register::byline(conn, person)?))
        .with_text("part", part);
    append(tx, &COURSE_HAND, scope, tx.subject(&scope), change, None)?;
    tx.fold()?;
    Ok(())
}

/// Adds somebody who makes the course too, or who is asked to review it.
pub(crate) fn add_hand(site: &Site, request: &Request) -> Result<Reply, PageError> {
    crate::add::may_add(site, request)?;
    let id = request.id("id")?;
    let reader = request.reader()?;
    let part = if request.form("part") == Some("reviewer") { "reviewer" } else { "author" };
    let typed = request.form("person").unwrap_or_default();
    let person =
        register::picked(site, request, "person", typed)?.ok_or(PageError::Rule("no-such-person".to_owned()))?;
    site.store.write(Context { author: reader.person }, |tx| {
        let kind = site.kinds.get("person").ok_or(PageError::NotFound)?;
        register::visible(tx.conn(), reader, kind, &person)?;
        hand(tx, site, person, part, &id)
    })?;
    Ok(register::done(&COURSE, id, "done-saved"))
}
