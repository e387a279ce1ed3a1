//! Which classes a node has open: those of these days that it has a part in, as they are planned now.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Date, NodeId, Subject};
use live::{Live, Way};
use rusqlite::Connection;
use serde_json::json;
use web::{PageError, Site};

use crate::open::{Classes, Open, lock};
use crate::say::of_node;
use crate::uppers::{Uppers, find_way};

/// A class that is not due any more is closed once nothing has come into it for so long.
const QUIET_MS: u64 = 60_000;

impl Classes {
    /// Opens what is to be open, closes what is over, and makes facts of what happened. Called now and then, and when
    /// the log has changed.
    ///
    /// # Errors
    /// What the log says.
    pub fn tend(&self, site: &Site) -> Result<(), PageError> {
        let Some(live) = self.live.get() else { return Ok(()) };
        let _tending = lock(&self.tending);
        let (found, uppers) = site
            .store
            .read(|conn| Ok::<_, PageError>((self.due(conn, site.today())?, Uppers::read(conn, self.hub)?)))?;
        let due: BTreeSet<Subject> = found.iter().map(|o| o.class).collect();
        self.guests.expect(uppers, &found);
        // What goes wrong with one keeps no other from going on.
        let mut done = Ok(());
        for open in found {
            done = done.and(self.open_as(live, open));
        }
        let closed: Vec<Subject> = lock(&self.open).keys().filter(|c| !due.contains(c)).copied().collect();
        let closed = closed.into_iter().filter(|class| is_quiet(live, *class));
        for class in closed {
            lock(&self.open).remove(&class);
            live.close(class);
            done = done.and(self.keep.recorder.end(class).map_err(|e| PageError::Internal(e.to_string())));
        }
        let open: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        for open in open {
            if open.renumber(|| live.view(open.class, 0))
                && self.me == open.origin
                && open.inner().fold.groups.now.is_some()
            {
                // Tables are numbered by their rooms: nobody is to find the sheet of others.
                let _ = live.say(open.class, open.class, &of_node(&json!({ "k": "groups-end" })));
            }
            live.ask(|now, hall| find_way(now, hall, &open, self.me, self.hub));
            done = done.and(self.look(site, live, &open)).and(self.say_pages(site, live, &open));
            live.attend(open.class, open.inner().fold.goes_on());
        }
        self.log_refused(live);
        done
    }

    /// Says in the node's log what was refused of what other nodes said since the last time.
    fn log_refused(&self, live: &Live) {
        let now = live.ask(|_, hall| hall.refused());
        let before = std::mem::replace(&mut *lock(&self.refused), now);
        if now == before {
            return;
        }
        tracing::warn!(
            malformed = now.malformed - before.malformed,
            too_fast = now.too_fast - before.too_fast,
            flooded = now.flooded - before.flooded,
            not_allowed = now.not_allowed - before.not_allowed,
            "of classes, other nodes said what was refused"
        );
    }

    /// Opens a class, or goes on with one that was planned otherwise before: what happened in it stays.
    fn open_as(&self, live: &Live, mut open: Open) -> Result<(), PageError> {
        let class = open.class;
        let mut known = self.get(&class);
        // Before it has begun it may get its order from elsewhere: nothing of it counts yet but who came early.
        if let Some(before) = known.take_if(|known| known.origin != open.origin) {
            live.close(class);
            self.keep.recorder.forget(class).map_err(|e| PageError::Internal(e.to_string()))?;
            open.begins_anew(&before);
        }
        match known {
            None => {
                // What was written of it before this node was started again is there at once.
                let saved = self.keep.recorder.begin(class, open.about().recorded);
                let saved = saved.map_err(|e| PageError::Internal(e.to_string()))?;
                let elapsed = saved.events.after(saved.events.head().saturating_sub(1)).last().map_or(0, |e| e.at_ms);
                let way = if open.origin == self.me { Way::Here } else { Way::Via(open.way) };
                if !live.open(class, way, elapsed, saved) {
                    tracing::error!("too many classes are open: {class} is not");
                    return Ok(());
                }
                self.find_empty(live, &open);
            }
            Some(known) => {
                if known.way != open.way {
                    live.ask(|now, hall| hall.turn(now, class, open.way));
                }
                // Who has no part in it any more hears nothing from now on, whether or not they know of it.
                known.passes.difference(&open.passes).for_each(|node| live.expel(class, *node));
                self.keep.recorder.voice(class, open.about().recorded);
                open.goes_on(&known);
            }
        }
        // Conversations ask for a class all the time: the disk is not waited for with this held.
        lock(&self.open).insert(class, Arc::new(open));
        Ok(())
    }

    /// A class that was open before this node was started again: its rooms here have been empty since its last event, which is when
    /// its clock goes on from until more is known. Who is there still comes again.
    fn find_empty(&self, live: &Live, open: &Open) {
        let Some(view) = live.view(open.class, 0) else { return };
        open.follow(&view);
        let mut fold = open.inner().fold.clone();
        for said in &view.waiting {
            fold.take(fold.seq, said.at_ms, open.room_of(self.me, &said.who), &said.payload);
        }
        // The node was away since then, which is a cut as any other.
        if fold.goes_on() && open.origin != self.me {
            open.inner().cut_since = Some(view.elapsed_ms);
        }
        let is_there =
            |n: u16| fold.rooms.get(&n).is_some_and(|room| room.since_ms.is_some()) && open.serves(self.me, n);
        for (room, n) in open.about().rooms.iter().zip(1..).filter(|(_, n)| fold.over_ms.is_none() && is_there(*n)) {
            if let Err(e) = live.say(open.class, room.id, &of_node(&json!({ "k": "out" }))) {
                tracing::error!("room {n} of a class: {e}");
            }
        }
    }

    /// The node of the order of a class that has begun: it has it until the class is over, wherever it is planned to be.
    fn begun_at(&self, class: Subject) -> Option<NodeId> {
        let (live, known) = (self.live.get()?, self.get(&class)?);
        let seq = known.inner().fold.seq;
        known.follow(&live.view(class, seq)?);
        known.inner().fold.began_ms.map(|_| known.origin)
    }

    /// The classes of these days that this node has a part in, and those that were held before and of which it is not known yet who
    /// was there: a room that was cut off at the end brings what it has when its link is back, be it days later.
    fn due(&self, conn: &Connection, today: Date) -> Result<Vec<Open>, PageError> {
        let mut stmt = conn.prepare_cached(
            "SELECT c.id FROM live_class c WHERE c.state = 'live' OR (c.state IN ('planned', 'failed', 'held')
               AND c.starts_on BETWEEN date(?1, '-1 day') AND date(?1, '+1 day'))
             OR (c.state = 'held' AND c.starts_on BETWEEN date(?1, '-30 days') AND ?1
               AND EXISTS (SELECT 1 FROM class_room r WHERE r.class = c.id AND r.present_minutes IS NULL))",
        )?;
        let ids = stmt.query_map([today.to_string()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut out = Vec::new();
        for id in ids {
            let Ok(class) = Subject::try_from(id.as_slice()) else { continue };
            let open = self.planned_at(conn, &class, self.begun_at(class))?;
            if open.passes.contains(&self.me) {
                out.push(open);
            }
        }
        Ok(out)
    }
}

/// Whether nothing has come into a class for a while: what came last may still have to be named in its record.
fn is_quiet(live: &Live, class: Subject) -> bool {
    let Some(view) = live.view(class, 0) else { return true };
    view.waiting.is_empty() && view.events.last().is_none_or(|last| view.elapsed_ms > last.at_ms + QUIET_MS)
}
