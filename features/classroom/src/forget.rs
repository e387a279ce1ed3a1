//! What a node wrote down of a class while it went on is removed once it is not needed: the blocks of a class that was recorded lie
//! in the store by then, and of one that was not recorded nothing is to be kept.

use std::collections::BTreeSet;

use assets::Shelf;
use base::{Hash, NodeId, Subject};
use rusqlite::{Connection, OptionalExtension, params};
use web::{PageError, Site};

use crate::open::{Classes, lock};

/// Days after which nothing of a class is waited for, and those after which no record that is named by nobody is.
const PAST_DAYS: u32 = 3;
const UNNAMED_DAYS: u32 = 60;
/// How often it is looked.
const EVERY_MS: u64 = 3_600_000;

impl Classes {
    /// Removes what is needed no more, now and then.
    ///
    /// # Errors
    /// What the database or the disk says.
    pub fn forget_past(&self, site: &Site) -> Result<(), PageError> {
        let now = site.now_ms();
        {
            let mut last = lock(&self.forgot);
            if last.is_some_and(|last| now < last + EVERY_MS) {
                return Ok(());
            }
            *last = Some(now);
        }
        self.forget_now(site)
    }

    /// Removes what is needed no more.
    ///
    /// # Errors
    /// What the database or the disk says.
    pub fn forget_now(&self, site: &Site) -> Result<(), PageError> {
        let inside = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
        let recorder = &self.keep.recorder;
        for class in recorder.kept().map_err(|e| inside(&e))? {
            if self.get(&class).is_some() {
                continue;
            }
            let speakers = recorder.speakers(class).map_err(|e| inside(&e))?;
            let today = site.today().to_string();
            let may = site.store.read(|conn| may_forget(conn, &self.shelf, self.me, &class, &speakers, &today))?;
            if may {
                recorder.forget(class).map_err(|e| inside(&e))?;
            }
        }
        Ok(())
    }
}

/// Whether nobody needs what is written here of a class of days ago, in which nodes spoke.
fn may_forget(
    conn: &Connection,
    shelf: &Shelf,
    me: NodeId,
    class: &Subject,
    speakers: &BTreeSet<NodeId>,
    today: &str,
) -> Result<bool, PageError> {
    let is_older = |days: u32| -> Result<bool, PageError> {
        let sql =
            "SELECT coalesce(state, '') <> 'live' AND coalesce(held_on, starts_on) < date(?2, '-' || ?3 || ' days')
                   FROM live_class WHERE id = ?1";
        let found: Option<Option<bool>> =
            conn.prepare_cached(sql)?.query_row(params![class.as_bytes(), today, days], |r| r.get(0)).optional()?;
        Ok(found.flatten() == Some(true))
    };
    // A class that is not known here may be on its way.
    if !is_older(PAST_DAYS)? {
        return Ok(false);
    }
    let mut stmt = conn.prepare_cached(
        "SELECT node, content, coalesce(bytes, 0) FROM class_record WHERE class = ?1 AND content IS NOT NULL",
    )?;
    let rows = stmt.query_map([class.as_bytes()], |r| {
        Ok((r.get::<_, Option<Vec<u8>>>(0)?, r.get::<_, Vec<u8>>(1)?, r.get::<_, i64>(2)?))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() {
        return if speakers.is_empty() { Ok(true) } else { is_older(UNNAMED_DAYS) };
    }
    // What this node alone has to give is named by itself.
    let is_named = rows.iter().any(|(node, ..)| node.as_deref() == Some(me.as_bytes()));
    if speakers.contains(&me) && !is_named {
        return Ok(false);
    }
    for (_, content, bytes) in rows {
        let Ok(tree) = Hash::try_from(content.as_slice()) else { return Ok(false) };
        let lacks = shelf.lacks(&tree, bytes.unsigned_abs()).map_err(|e| PageError::Internal(e.to_string()))?;
        if !lacks.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
