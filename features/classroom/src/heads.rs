//! How many pupils were in a room is put right after the class, too: its adult may have forgotten to count them, or mistyped.

use base::Subject;
use log::Context;
use records::{Change, Reader, Role, Value, append, record_scope};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{CLASS_ROOM, LIVE_CLASS};
use crate::noted::is_noted;
use crate::who::About;

/// Pupils of a room, as while the class goes on.
const MOST: i64 = 500;

/// Whether somebody may say how many were in a room of a class that was held: its adult, the head of its school, the office. What
/// its own node is still to note comes first.
pub(crate) fn may_count(
    conn: &Connection,
    site: &Site,
    reader: &Reader,
    about: &About,
    room: &Subject,
) -> Result<bool, PageError> {
    let Some(of) = about.rooms.iter().find(|of| of.id == *room) else { return Ok(false) };
    let answers = of.person == reader.person
        || reader.grants.iter().any(|g| matches!(g.role, Role::Administrator | Role::Officer | Role::Head));
    Ok(answers
        && about.state == "held"
        && !about.meeting
        && register::may_change(conn, reader, &CLASS_ROOM, room).is_ok()
        && is_noted(site, room)?)
}

/// Takes the number.
pub(crate) fn put_right(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let room = request.id("id")?;
    let reader = request.reader()?;
    let class = site.store.read(|conn| {
        register::visible(conn, reader, &CLASS_ROOM, &room)?;
        let sql = "SELECT class FROM class_room WHERE id = ?1";
        let found: Option<Vec<u8>> =
            conn.prepare_cached(sql)?.query_row([room.as_bytes()], |r| r.get(0)).optional()?.flatten();
        let class = found.and_then(|id| Subject::try_from(id.as_slice()).ok()).ok_or(PageError::NotFound)?;
        register::visible(conn, reader, &LIVE_CLASS, &class)?;
        let may = may_count(conn, site, reader, &About::read(conn, &class)?, &room)?;
        if may { Ok(class) } else { Err(PageError::NotAllowed) }
    })?;
    let n = request.form("headcount").and_then(|n| n.trim().parse().ok()).filter(|n| (0..=MOST).contains(n));
    let n = n.ok_or_else(|| PageError::Rule("class-heads-range".to_owned()))?;
    site.store.write(Context { author: reader.person }, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &CLASS_ROOM, &room)?;
        append(tx, &CLASS_ROOM, scope, room, Change::new().with("headcount", Value::Int(n)), None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(())
    })?;
    Ok(register::done(&LIVE_CLASS, class, "done-saved"))
}
