//! What a node writes of a class of its own accord, and whether it has written it.

use base::Subject;
use live::{Live, Reach};
use log::Context;
use records::{Change, Value, append, record_scope};
use serde_json::json;
use web::{PageError, Site};

use crate::facts::{CLASS_ROOM, LIVE_CLASS};
use crate::inner::count;
use crate::keep;
use crate::open::{Classes, Open};
use crate::say::of_node;

impl Classes {
    /// Takes in what happened in a class, and makes facts of it.
    pub(crate) fn look(&self, site: &Site, live: &Live, open: &Open) -> Result<(), PageError> {
        let seq = open.inner().fold.seq;
        let Some(mut view) = live.view(open.class, seq) else { return Ok(()) };
        let mark = open.inner().mark;
        if !live.knows(open.class, mark) {
            // The class lost its end where it has its order: what is known of that did not happen.
            let rooms = open.about().ids();
            open.inner().begin_anew(&rooms);
            let Some(all) = live.view(open.class, 0) else { return Ok(()) };
            view = all;
        }
        open.follow(&view);
        let state = &*open.about().state;
        let (fold, was_cut, is_settled, begun_as, late, is_left) = {
            let mut inner = open.inner();
            let begun_as = inner.begun_as(state);
            let was_cut = inner.count_cuts(view.elapsed_ms, view.reach == Reach::Cut);
            // What is said now of a cut waits, too.
            let is_settled = inner.is_settled(site.now_ms(), !view.waiting.is_empty() || was_cut.is_some());
            let is_left = inner.is_left(view.elapsed_ms, open.about().minutes);
            (inner.fold.clone(), was_cut, is_settled, begun_as, inner.late, is_left)
        };
        for (room, n) in open.about().rooms.iter().zip(1..).filter(|(_, n)| open.serves(self.me, *n)) {
            if let Some(ms) = was_cut
                && let Err(e) = live.say(open.class, room.id, &of_node(&json!({ "k": "was-cut", "ms": ms })))
            {
                tracing::error!("the cut of room {n} of a class: {e}");
            }
        }
        self.keep.records(open.class, open.about().recorded && fold.recording);
        count(live, open, site.now_ms());
        self.say_first_pages(site, live, open);
        if fold.over_ms.is_some_and(|over| fold.recorded && keep::is_due(view.elapsed_ms, over))
            && keep::is_due(view.elapsed_ms, late.1)
        {
            self.publish(site, open, late.0)?;
        }
        if self.me == open.origin {
            // Who says that a class has failed has the last word; one that was said to have may begin after all.
            let begins = fold.began_ms.is_some()
                && (state == "planned" || (state == "failed" && begun_as.as_deref() == Some(state)));
            // One that was ended in the register, or that nobody leads any more, is over in the class, too: only then is its record
            // named, and noted who was there.
            let is_ended = match state {
                "held" => true,
                "failed" => begun_as.as_deref() != Some(state),
                _ => is_left && !self.has_program_in(&open.class),
            };
            if fold.goes_on() && is_ended {
                open.once("end", || {
                    let said = live.say(open.class, open.class, &of_node(&json!({ "k": "end" })));
                    said.map(drop).map_err(|e| PageError::Internal(e.to_string()))
                })?;
            }
            if begins {
                let change = Change::new().with_text("state", "live");
                open.once(&format!("{state}-live"), || note(site, &LIVE_CLASS, open.class, change))?;
            }
            if let Some(notes) = fold.over_ms.and_then(|_| open.inner().notes()) {
                keep_notes(site, &open.class, &notes).inspect_err(|_| open.inner().notes_kept.clear())?;
            }
            if let (Some(began), Some(over), false) = (fold.began_ms, fold.over_ms, matches!(state, "held" | "failed"))
            {
                let minutes = minutes(over.saturating_sub(began));
                // A node that was off overnight notes it the day after.
                let held_on = site.date_of(site.now_ms().saturating_sub(view.elapsed_ms.saturating_sub(over)));
                let change = Change::new()
                    .with_text("state", "held")
                    .with_text("held_on", held_on.to_string())
                    .with("held_minutes", Value::Int(minutes));
                open.once("held", || note(site, &LIVE_CLASS, open.class, change))?;
            }
        }
        if is_settled {
            for (room, n) in open.about().rooms.iter().zip(1u16..) {
                if !open.serves(self.me, n) || is_noted(site, &room.id)? {
                    continue;
                }
                // Where nobody came, that is known as well.
                let of = fold.rooms.get(&n).copied().unwrap_or_default();
                let mut change = Change::new()
                    .with("present_minutes", Value::Int(minutes(fold.present_ms(n))))
                    .with("cuts", Value::Int(of.cuts))
                    .with("cut_seconds", Value::Int(i64::try_from(of.cut_ms / 1000).unwrap_or(0)));
                if let Some(heads) = of.heads.filter(|_| !open.about().meeting) {
                    change = change.with("headcount", Value::Int(heads));
                }
                open.once(&format!("room-{}", room.id), || note(site, &CLASS_ROOM, room.id, change))?;
            }
        }
        Ok(())
    }

    /// Names what this node has to give of a class's record; and again once something that was said in a cut has come after it
    /// was over, up to this event.
    fn publish(&self, site: &Site, open: &Open, late: u64) -> Result<(), PageError> {
        open.once(&format!("record-{late}"), || self.keep.publish(site, &self.shelf, open, self.me == open.origin))
    }
}

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

fn keep_notes(site: &Site, class: &Subject, notes: &str) -> Result<(), PageError> {
    if are_kept(site, class, notes)? {
        return Ok(());
    }
    note(site, &LIVE_CLASS, *class, Change::new().with_text("notes", notes))
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
