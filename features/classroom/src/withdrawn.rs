//! What was recorded of a class, taken back after it: all of it by who leads the class, for ever; the voice of a room by who answers
//! for it.

use base::Subject;
use log::Context;
use records::{Change, REMOVED, Value, append, record_scope};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site};

use crate::facts::{CLASS_RECORD, LIVE_CLASS};
use crate::open::Classes;
use crate::who::{About, Part};

/// Whether what was recorded of a class was withdrawn: what of it comes from elsewhere later counts no more either.
pub(crate) fn is_withdrawn(conn: &Connection, class: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM class_record WHERE class = ?1 AND withdrawn = 1 AND room IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row([class.as_bytes()], |r| r.get(0))?)
}

/// What a person withdraws of a class that was recorded: the keys of what is said of it, and of what that means.
pub(crate) fn withdraws(about: &About, person: &Subject) -> Option<(&'static str, &'static str)> {
    let voice = ("class-voice-withdraw", "class-voice-sure");
    match about.part(person) {
        Part::Teacher | Part::Co => Some(("class-record-withdraw", "class-record-sure")),
        Part::Adult(room) => about.room(room).filter(|room| !room.unheard).map(|_| voice),
        Part::Guest => None,
    }
}

/// Withdraws it.
pub(crate) fn withdraw(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    let reader = request.reader()?;
    site.store.write(Context { author: reader.person }, |tx| {
        register::visible(tx.conn(), reader, &LIVE_CLASS, &class)?;
        let about = About::read(tx.conn(), &class)?;
        let scope = record_scope(tx.conn(), site.programme, &LIVE_CLASS, &class)?;
        // A record of its own says so, which no page changes or undoes.
        let says = Change::new().with_link("class", class).with("withdrawn", Value::Bool(true));
        match about.part(&reader.person) {
            Part::Teacher | Part::Co => {
                append(tx, &CLASS_RECORD, scope, tx.subject(&scope), says, None)?;
                for record in of_class(tx.conn(), &class)? {
                    let removed = Change::new().with(REMOVED, Value::Bool(true));
                    append(tx, &CLASS_RECORD, scope, record, removed, None)?;
                }
            }
            Part::Adult(room) => {
                let room = about.room(room).ok_or(PageError::NotFound)?.id;
                append(tx, &CLASS_RECORD, scope, tx.subject(&scope), says.with_link("room", room), None)?;
            }
            Part::Guest => return Err(PageError::NotAllowed),
        }
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(register::done(&LIVE_CLASS, class, "done-saved"))
}

fn of_class(conn: &Connection, class: &Subject) -> Result<Vec<Subject>, PageError> {
    let mut stmt =
        conn.prepare_cached("SELECT id FROM class_record WHERE class = ?1 AND content IS NOT NULL ORDER BY id")?;
    let rows = stmt.query_map([class.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
    let mut out = Vec::new();
    for row in rows {
        out.extend(Subject::try_from(row?.as_slice()).ok());
    }
    Ok(out)
}

impl Classes {
    /// Removes what this node wrote down of classes whose record was withdrawn, once they are open here no more.
    ///
    /// # Errors
    /// What the database or the disk says.
    pub fn forget_withdrawn(&self, site: &Site) -> Result<(), PageError> {
        let withdrawn = site.store.read(|conn| {
            let mut stmt = conn.prepare_cached(
                "SELECT class FROM class_record WHERE withdrawn = 1 AND room IS NULL AND class IS NOT NULL",
            )?;
            let rows = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
            Ok::<_, PageError>(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        for class in withdrawn.iter().filter_map(|id| Subject::try_from(id.as_slice()).ok()) {
            if self.get(&class).is_none() {
                self.keep.recorder.forget(class).map_err(|e| PageError::Internal(e.to_string()))?;
            }
        }
        Ok(())
    }
}
