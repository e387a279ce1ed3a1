//! The classes that are open at this node: which, where each has its order, who is let in, and what becomes a fact of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use assets::{Shelf, Tree};
use base::{Date, Hash, NodeId, Subject};
use live::{Audience, Booths, Door, Live, Reach, Track, View, Way};
use records::{Change, Value, school_of};
use rusqlite::Connection;
use serde_json::json;
use web::{PageError, Site};

use crate::facts::{CLASS_ROOM, LIVE_CLASS};
use crate::fold::{Fold, NOTES};
use crate::inner::{Inner, count};
use crate::keep::{self, Keep};
use crate::noted::{are_kept, is_noted, minutes, note};
use crate::pupils::Pupils;
use crate::say::of_node;
use crate::uppers::{Guests, Uppers, find_way};
use crate::whip::Programs;
use crate::who::{About, Part};

/// Pages of pupils that a node has open.
const MAX_DEVICES_HERE: usize = 300;

/// The classes of a node.
pub struct Classes {
    me: NodeId,
    pub(crate) hub: NodeId,
    live: OnceLock<Live>,
    guests: Arc<Guests>,
    keep: Arc<Keep>,
    booths: Arc<Booths>,
    shelf: Arc<Shelf>,
    /// Encoders and players that are in classes here.
    pub(crate) programs: Programs,
    /// One looks after the classes at a time.
    tending: Mutex<()>,
    open: Mutex<BTreeMap<Subject, Arc<Open>>>,
    /// Peers of which nothing is heard in a class, and since when.
    silent: Mutex<BTreeMap<NodeId, u64>>,
}

/// A class that is open.
pub(crate) struct Open {
    pub class: Subject,
    pub origin: NodeId,
    /// The node that serves each room, in their order.
    nodes: Vec<NodeId>,
    /// The next node on the way to each, and to the order.
    ways: Vec<NodeId>,
    pub way: NodeId,
    /// Every node that it comes through.
    pub passes: BTreeSet<NodeId>,
    about: About,
    /// What is kept of it here. However it is planned anew, it is the same: a page may still hold the class as it was.
    inner: Arc<Mutex<Inner>>,
}

impl std::fmt::Debug for Classes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Classes")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Open {
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Goes on with what is kept of a class that was planned otherwise before.
    pub fn goes_on(&mut self, before: &Self) {
        self.inner = Arc::clone(&before.inner);
    }

    pub fn about(&self) -> &About {
        &self.about
    }

    /// The room that somebody speaks for, if they may: the teacher's is where the class has its order.
    pub fn room_of(&self, node: NodeId, who: &Subject) -> Option<u16> {
        if node == self.origin && (*who == self.class || self.about.co_teacher.as_ref() == Some(who)) {
            return Some(0);
        }
        let at = self.about.rooms.iter().position(|r| r.id == *who)?;
        self.nodes.get(at).filter(|serves| **serves == node)?;
        u16::try_from(at + 1).ok()
    }

    /// Whether what was said on a track goes out of the class: not that of a room whose adult has taken the consent back.
    pub fn consented(&self, fold: &Fold, track: &Track) -> bool {
        // Who interprets and has no room speaks for themselves.
        self.room_of(track.id.node, &track.who).map_or(track.channel > 0, |room| fold.may_be_heard(room, true))
    }

    /// Whether this node serves a room.
    pub fn serves(&self, me: NodeId, room: u16) -> bool {
        usize::from(room).checked_sub(1).and_then(|n| self.nodes.get(n)) == Some(&me)
    }

    /// The node that serves a room.
    pub fn node_of(&self, room: u16) -> Option<NodeId> {
        usize::from(room).checked_sub(1).and_then(|n| self.nodes.get(n)).copied()
    }

    /// Makes a fact of something once, or tries again the next time.
    fn once(&self, what: &str, note: impl FnOnce() -> Result<(), PageError>) -> Result<(), PageError> {
        if !self.inner().noted.insert(what.to_owned()) {
            return Ok(());
        }
        note().inspect_err(|_| {
            self.inner().noted.remove(what);
        })
    }

    /// The next node on the way to that of a room.
    pub fn way_to(&self, room: u16) -> Option<NodeId> {
        usize::from(room).checked_sub(1).and_then(|n| self.ways.get(n)).copied()
    }

    /// Takes in what has happened since. Several pages look at the same time: what one of them took in, others leave.
    pub fn follow(&self, view: &View) {
        let mut inner = self.inner();
        for event in &view.events {
            if event.seq <= inner.fold.seq {
                continue;
            }
            let room = self.room_of(event.node, &event.who);
            if let (Some(_), Some((&NOTES, update))) = (room, event.payload.split_first()) {
                // What cannot be read was refused where it was written.
                let _ = inner.note(update);
                inner.notes_bytes += update.len();
            }
            inner.fold.take(event.seq, event.at_ms.saturating_sub(event.late_ms), room, &event.payload);
        }
    }
}

impl Classes {
    /// Classes of a node whose link is not there yet; what is written of them lies in a directory of its own.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn new(me: NodeId, hub: NodeId, dir: &Path, shelf: Arc<Shelf>) -> std::io::Result<Self> {
        let guests = Arc::new(Guests::new(me, hub));
        Ok(Self {
            me,
            hub,
            live: OnceLock::new(),
            guests,
            keep: Arc::new(Keep::open(dir, me)?),
            booths: Arc::default(),
            shelf,
            programs: Programs::default(),
            tending: Mutex::default(),
            open: Mutex::default(),
            silent: Mutex::default(),
        })
    }

    /// Who is told of all that happens in classes.
    pub fn audience(&self) -> Vec<Arc<dyn Audience>> {
        vec![Arc::clone(&self.keep) as _, Arc::clone(&self.booths) as _]
    }

    /// Makes safe what was written of classes.
    ///
    /// # Errors
    /// The disk.
    pub fn sync(&self) -> Result<(), PageError> {
        self.keep.recorder.sync().map_err(|e| PageError::Internal(e.to_string()))
    }

    /// Keeps of a class's record what came to this node while the class went on, before the rest is fetched.
    pub fn fill(&self, class: Subject, hash: Hash, tree: &Tree, blobs: &blobs::Blobs) {
        self.keep.fill(class, hash, tree, blobs);
    }

    /// Who is let in.
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.guests) as Arc<dyn Door>
    }

    /// Opens the doors: from now on classes go over the link, and browsers of the LAN speak and listen at these
    /// addresses of a socket.
    ///
    /// # Errors
    /// The socket.
    pub fn begin(&self, live: Live, voice: UdpSocket, addresses: Vec<SocketAddr>) -> std::io::Result<()> {
        self.booths.start(voice, addresses, &live)?;
        let _ = self.live.set(live);
        Ok(())
    }

    /// Where browsers speak and listen.
    pub(crate) fn booths(&self) -> &Booths {
        &self.booths
    }

    pub(crate) fn live(&self) -> Result<&Live, PageError> {
        self.live.get().ok_or(PageError::NotFound)
    }

    pub(crate) fn me(&self) -> NodeId {
        self.me
    }

    /// Who somebody is in a class at this node: the teacher leads from where the class has its order, and an adult answers for
    /// a room from its own node; elsewhere one looks on.
    pub(crate) fn part(&self, open: &Open, person: &Subject) -> Part {
        match open.about.part(person) {
            Part::Teacher | Part::Co if self.me != open.origin => Part::Guest,
            Part::Adult(room) if !open.serves(self.me, room) => Part::Guest,
            part => part,
        }
    }

    /// A class that is open here.
    pub(crate) fn get(&self, class: &Subject) -> Option<Arc<Open>> {
        lock(&self.open).get(class).cloned()
    }

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
        for mut open in found {
            let way = if open.origin == self.me { Way::Here } else { Way::Via(open.way) };
            let class = open.class;
            let mut all = lock(&self.open);
            let known = all.get(&class).cloned();
            if known.is_none() {
                // What was written of it before this node was started again is there at once.
                let saved = self.keep.recorder.begin(class, open.about.recorded);
                let saved = saved.map_err(|e| PageError::Internal(e.to_string()))?;
                let elapsed = saved.events.after(saved.events.head().saturating_sub(1)).last().map_or(0, |e| e.at_ms);
                if !live.open(class, way, elapsed, saved) {
                    tracing::error!("too many classes are open: {class} is not");
                    continue;
                }
            }
            // What was planned otherwise meanwhile counts from now on; what happened stays.
            if let Some(known) = known {
                if known.way != open.way {
                    live.ask(|now, hall| hall.turn(now, class, open.way));
                }
                open.goes_on(&known);
            }
            all.insert(class, Arc::new(open));
        }
        let closed: Vec<Subject> = lock(&self.open).keys().filter(|c| !due.contains(c)).copied().collect();
        for class in closed {
            lock(&self.open).remove(&class);
            live.close(class);
            self.keep.recorder.end(class).map_err(|e| PageError::Internal(e.to_string()))?;
        }
        let open: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        for open in open {
            live.ask(|now, hall| find_way(now, hall, &open, self.me, self.hub));
            self.look(site, live, &open)?;
        }
        Ok(())
    }

    /// The classes of these days that this node has a part in.
    fn due(&self, conn: &Connection, today: Date) -> Result<Vec<Open>, PageError> {
        let mut stmt = conn.prepare_cached(
            "SELECT id FROM live_class WHERE state = 'live' OR (state IN ('planned', 'failed', 'held')
             AND starts_on BETWEEN date(?1, '-1 day') AND date(?1, '+1 day'))",
        )?;
        let ids = stmt.query_map([today.to_string()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut out = Vec::new();
        for id in ids {
            let Ok(class) = Subject::try_from(id.as_slice()) else { continue };
            let open = self.planned(conn, &class)?;
            if open.passes.contains(&self.me) {
                out.push(open);
            }
        }
        Ok(out)
    }

    /// A class as it is planned.
    ///
    /// # Errors
    /// [`PageError::NotFound`] where there is none.
    pub(crate) fn planned(&self, conn: &Connection, class: &Subject) -> Result<Open, PageError> {
        let about = About::read(conn, class)?;
        let node = |place: &Subject| node_of(conn, self.hub, place);
        let origin = about.origin.as_ref().map_or(Ok(self.hub), node)?;
        let nodes = about.rooms.iter().map(|r| node(&r.school)).collect::<Result<Vec<_>, _>>()?;
        let uppers = Uppers::read(conn, self.hub)?;
        let passes = uppers.all(nodes.iter().copied().chain([origin, self.hub]));
        let ways = nodes.iter().map(|node| uppers.next(self.me, *node)).collect();
        let way = uppers.next(self.me, origin);
        Ok(Open { class: *class, origin, nodes, ways, way, passes, about, inner: Arc::default() })
    }

    /// Takes in what happened in a class, and makes facts of it.
    pub(crate) fn look(&self, site: &Site, live: &Live, open: &Open) -> Result<(), PageError> {
        let seq = open.inner().fold.seq;
        let Some(view) = live.view(open.class, seq) else { return Ok(()) };
        open.follow(&view);
        let (fold, cuts, cut_ms) = {
            let mut inner = open.inner();
            inner.count_cuts(site.now_ms(), view.reach == Reach::Cut);
            (inner.fold.clone(), inner.cuts, inner.cut_ms)
        };
        self.keep.records(open.class, open.about.recorded && fold.recording);
        count(live, open, site.now_ms());
        if fold.over_ms.is_some_and(|over| fold.recorded && keep::is_due(view.elapsed_ms, over)) {
            self.publish(site, open)?;
        }
        let state = &*open.about.state;
        if self.me == open.origin {
            if fold.began_ms.is_some() && matches!(state, "planned" | "failed") {
                let change = Change::new().with_text("state", "live");
                open.once(&format!("{state}-live"), || note(site, &LIVE_CLASS, open.class, change))?;
            }
            if let Some(notes) = fold.over_ms.and_then(|_| open.inner().notes())
                && !are_kept(site, &open.class, &notes)?
            {
                note(site, &LIVE_CLASS, open.class, Change::new().with_text("notes", notes))?;
            }
            if let (Some(began), Some(over), false) = (fold.began_ms, fold.over_ms, state == "held") {
                let minutes = minutes(over.saturating_sub(began));
                let change = Change::new()
                    .with_text("state", "held")
                    .with_text("held_on", site.today().to_string())
                    .with("held_minutes", Value::Int(minutes));
                open.once("held", || note(site, &LIVE_CLASS, open.class, change))?;
            }
        }
        if fold.over_ms.is_some() {
            for (room, n) in open.about.rooms.iter().zip(1u16..) {
                let Some(of) = fold.rooms.get(&n).filter(|_| open.serves(self.me, n)) else { continue };
                if is_noted(site, &room.id)? {
                    continue;
                }
                let mut change = Change::new()
                    .with("present_minutes", Value::Int(minutes(of.present_ms)))
                    .with("cuts", Value::Int(cuts))
                    .with("cut_seconds", Value::Int(i64::try_from(cut_ms / 1000).unwrap_or(0).min(86_400)));
                if let Some(heads) = of.heads {
                    change = change.with("headcount", Value::Int(heads));
                }
                open.once(&format!("room-{n}"), || note(site, &CLASS_ROOM, room.id, change))?;
            }
        }
        Ok(())
    }

    /// Names, once, what this node has to give of a class's record.
    fn publish(&self, site: &Site, open: &Open) -> Result<(), PageError> {
        if std::mem::replace(&mut open.inner().published, true)
            || site.store.read(|conn| keep::is_published(conn, &open.class, self.me))?
        {
            return Ok(());
        }
        self.keep.publish(site, &self.shelf, open, self.me == open.origin)
    }

    /// The class as a room has it: one that is cut off goes by what it says itself, which nobody else knows of yet.
    pub(crate) fn standing(&self, open: &Open, room: u16, view: Option<&View>) -> Fold {
        let mut fold = open.inner().fold.clone();
        if let Some(view) = view.filter(|v| v.reach == Reach::Cut) {
            fold.alone = Some(room);
            let seq = fold.seq;
            for said in &view.waiting {
                fold.take(seq, said.at_ms, open.room_of(self.me, &said.who), &said.payload);
            }
        }
        fold
    }

    /// The class and the room that a page of pupils belongs to.
    pub(crate) fn by_code(&self, code: &str) -> Option<(Arc<Open>, u16)> {
        let open: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        open.into_iter().find_map(|open| {
            let room = open.inner().pupils.iter().find(|(_, p)| p.code == code).map(|(room, _)| *room)?;
            Some((open, room))
        })
    }

    /// A device of a pupil comes, if there is room: gives how many of its sayings were taken.
    pub(crate) fn device_comes(&self, open: &Open, room: u16, device: u32) -> Option<u32> {
        let all: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        let here: usize = all.iter().map(|o| o.inner().pupils.values().map(Pupils::here).sum::<usize>()).sum();
        if here >= MAX_DEVICES_HERE {
            return None;
        }
        open.inner().pupils.get_mut(&room)?.come(device)
    }

    /// Peers of which nothing is heard in a class that is open, and since when: a class notices within seconds what the
    /// link's own sessions notice in half a minute.
    pub fn silent(&self, now_ms: u64) -> BTreeMap<NodeId, u64> {
        let Some(live) = self.live.get() else { return BTreeMap::new() };
        let classes: Vec<Subject> = lock(&self.open).keys().copied().collect();
        let lines = live.ask(|_, hall| classes.into_iter().flat_map(|class| hall.lines(class)).collect::<Vec<_>>());
        let mut silent = lock(&self.silent);
        let before = std::mem::take(&mut *silent);
        let away = lines.into_iter().filter(|(_, line)| line.is_away);
        silent.extend(away.map(|(peer, _)| (peer, before.get(&peer).copied().unwrap_or(now_ms))));
        silent.clone()
    }

    /// A page of a guest has come, or gone: who looks on is named on every screen.
    pub(crate) fn looks_on(&self, open: &Open, person: Subject, name: &str, comes: bool) {
        let count = {
            let mut inner = open.inner();
            let count = inner.guests.entry(person).or_insert(0);
            *count = if comes { *count + 1 } else { count.saturating_sub(1) };
            *count
        };
        let said = match (comes, count) {
            (true, 1) => json!({ "k": "guest", "person": person.to_string(), "name": name }),
            (false, 0) => json!({ "k": "gone", "person": person.to_string() }),
            _ => return,
        };
        if let Ok(live) = self.live() {
            let _ = live.say(open.class, person, &of_node(&said));
        }
    }

    /// A page of a room has come, or gone.
    pub(crate) fn came(&self, open: &Open, room: u16, name: &str, comes: bool) {
        let Some(of) = usize::from(room).checked_sub(1).and_then(|n| open.about.rooms.get(n)) else { return };
        let count = {
            let mut inner = open.inner();
            let count = inner.pages.entry(room).or_insert(0);
            *count = if comes { *count + 1 } else { count.saturating_sub(1) };
            *count
        };
        // The first and the last of a room are what others see.
        let said = match (comes, count) {
            (true, 1) => json!({ "k": "in", "name": name }),
            (false, 0) => json!({ "k": "out" }),
            _ => return,
        };
        if let Ok(live) = self.live() {
            let _ = live.say(open.class, of.id, &of_node(&said));
        }
    }
}

/// The node that serves an organisation: its school's box, or the hub.
pub(crate) fn node_of(conn: &Connection, hub: NodeId, place: &Subject) -> Result<NodeId, PageError> {
    let Some(school) = school_of(conn, place)? else { return Ok(hub) };
    let mut stmt = conn.prepare_cached(
        "SELECT node_id FROM node WHERE school = ?1 AND coalesce(state, 'enrolled') = 'enrolled' ORDER BY made LIMIT 1",
    )?;
    let mut rows = stmt.query([school.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(hub) };
    let bytes: Vec<u8> = row.get(0)?;
    Ok(NodeId::try_from(bytes.as_slice()).unwrap_or(hub))
}

#[cfg(test)]
mod tests {
    use live::Event;

    use super::*;

    const ME: NodeId = NodeId([1; 16]);
    const CLASS: Subject = Subject([2; 16]);

    fn planned() -> Open {
        let about = About {
            title: "藏药植物".into(),
            state: "live".into(),
            origin: None,
            teacher: None,
            co_teacher: None,
            byline: String::new(),
            course: None,
            recorded: false,
            rooms: Vec::new(),
        };
        let (nodes, ways, passes) = (Vec::new(), Vec::new(), BTreeSet::from([ME]));
        Open { class: CLASS, origin: ME, nodes, ways, way: ME, passes, about, inner: Arc::default() }
    }

    fn view(said: &[&[u8]]) -> View {
        let event = |(payload, seq): (&&[u8], u64)| Event {
            seq,
            at_ms: seq * 1000,
            node: ME,
            who: CLASS,
            late_ms: 0,
            payload: Arc::from(*payload),
        };
        let events = said.iter().zip(1..).map(event).collect();
        View { events, waiting: Vec::new(), reach: Reach::Here, tracks: Vec::new(), elapsed_ms: 9000 }
    }

    #[test]
    fn a_page_that_still_holds_the_class_as_it_was_planned_notes_nothing_again() {
        let before = planned();
        let said = [of_node(&json!({ "k": "begin" })), of_node(&json!({ "k": "end" }))];
        before.follow(&view(&[&said[0], &said[1]]));
        let mut after = planned();
        after.goes_on(&before);
        let mut noted = 0;
        for open in [&before, &after, &before] {
            assert_eq!(open.inner().fold.over_ms, Some(2000));
            let note = || {
                noted += 1;
                Ok(())
            };
            open.once("held", note).unwrap();
        }
        assert_eq!(noted, 1);
        assert!(after.once("room-1", || Err(PageError::NotFound)).is_err());
        before.once("room-1", || Ok(())).unwrap();
        assert_eq!(after.inner().noted.len(), 2, "what failed was tried again");
    }

    #[test]
    fn two_pages_that_look_at_once_take_in_what_happened_once() {
        let open = planned();
        let update = documents::Live::default().whole();
        let said = [of_node(&json!({ "k": "begin" })), [&[NOTES], &*update].concat(), [&[NOTES], &*update].concat()];
        let all = view(&[&said[0], &said[1], &said[2]]);
        open.follow(&all);
        open.follow(&all);
        open.follow(&view(&[&said[0]]));
        let inner = open.inner();
        assert_eq!((inner.fold.seq, inner.notes_bytes), (3, 2 * update.len()));
    }
}
