//! What a node writes of a class of its own accord, and whether it has written it.

use base::Subject;
use log::Context;
use records::{Change, Value, append, record_scope};
use rusqlite::Connection;
use web::{PageError, Site};

use crate::facts::CLASS_ROOM;
use crate::open::{Classes, node_of};

/// Whole minutes, as a fact has them: at most a day.
pub(crate) fn minutes(ms: u64) -> i64 {
    i64::try_from((ms + 30_000) / 60_000).unwrap_or(0).min(1440)
}

/// Whether these notes stand with a class already.
pub(crate) fn are_kept(site: &Site, class: &Subject, notes: &str) -> Result<bool, PageError> {
    site.store.read(|conn| {
        let sql = "SELECT coalesce(notes, '') = ?2 FROM live_class WHERE id = ?1";
        Ok(conn.prepare_cached(sql)?.query_row(rusqlite::params![class.as_bytes(), notes], |r| r.get(0))?)
    })
}

/// Whether what was of a room in its class is a fact already.
pub(crate) fn is_noted(site: &Site, room: &Subject) -> Result<bool, PageError> {
    site.store.read(|conn| {
        let sql = "SELECT present_minutes IS NOT NULL FROM class_room WHERE id = ?1";
        Ok(conn.prepare_cached(sql)?.query_row([room.as_bytes()], |r| r.get(0))?)
    })
}

/// Writes what a node knows of its own accord.
pub(crate) fn note(site: &Site, kind: &'static records::Kind, id: Subject, change: Change) -> Result<(), PageError> {
    site.store.write(Context::NODE, |tx| {
        let scope = record_scope(tx.conn(), site.programme, kind, &id)?;
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(())
    })?;
    Ok(())
}

/// Notes of the rooms that this node serves, that what is shown in their class is here.
///
/// # Errors
/// What the log says.
pub fn note_ready(
    site: &Site,
    classes: &Classes,
    whole: &dyn Fn(&Connection, &Subject) -> Result<bool, PageError>,
) -> Result<(), PageError> {
    let ready = site.store.read(|conn| {
        let mut stmt = conn.prepare_cached(
            "SELECT r.id, r.school, c.course FROM class_room r JOIN live_class c ON c.id = r.class
             WHERE c.course IS NOT NULL AND c.state IN ('planned', 'failed', 'live') AND coalesce(r.ready, 0) = 0",
        )?;
        let mut rows = stmt.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let id = |n: usize| -> Result<Subject, PageError> {
                let bytes: Vec<u8> = row.get(n)?;
                Ok(Subject::try_from(bytes.as_slice()).unwrap_or_default())
            };
            if node_of(conn, classes.hub, &id(1)?)? == classes.me() && whole(conn, &id(2)?)? {
                out.push(id(0)?);
            }
        }
        Ok::<_, PageError>(out)
    })?;
    ready.into_iter().try_for_each(|room| note(site, &CLASS_ROOM, room, Change::new().with("ready", Value::Bool(true))))
}
