//! The classes that are open at this node: which, where each has its order, who is let in, and what becomes a fact of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use assets::{Shelf, Tree};
use base::{Hash, NodeId, Subject};
use live::{Audience, Booths, Door, Event, Live, Reach, Track, View};
use records::school_of;
use rusqlite::Connection;
use serde_json::json;
use web::PageError;

use crate::fold::{Fold, NOTES, WORDS};
use crate::inner::Inner;
use crate::keep::Keep;
use crate::pupils::Pupils;
use crate::say::{comes_or_goes, of_node};
use crate::uppers::{Guests, Uppers};
use crate::whip::Programs;
use crate::who::{About, Part};

/// Devices of pupils that a node has here.
const MAX_DEVICES_HERE: usize = 300;

/// Wrong codes that are typed at a node at once, and after how long one more is.
const MAX_WRONG: u64 = 60;
const WRONG_EACH_MS: u64 = 2000;

/// What comes of a code that was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Found(String),
    Wrong,
    /// Too many wrong ones were typed here.
    Wait,
}

/// The classes of a node.
pub struct Classes {
    pub(crate) me: NodeId,
    pub(crate) hub: NodeId,
    pub(crate) live: OnceLock<Live>,
    pub(crate) guests: Arc<Guests>,
    pub(crate) keep: Arc<Keep>,
    booths: Arc<Booths>,
    pub(crate) shelf: Arc<Shelf>,
    /// Encoders and players that are in classes here.
    pub(crate) programs: Programs,
    /// One looks after the classes at a time.
    pub(crate) tending: Mutex<()>,
    pub(crate) open: Mutex<BTreeMap<Subject, Arc<Open>>>,
    /// Peers of which nothing is heard in a class, and since when.
    silent: Mutex<BTreeMap<NodeId, u64>>,
    /// What was refused of what peers said, as far as it is logged.
    pub(crate) refused: Mutex<live::Refused>,
    /// When it was looked last what of classes is kept for nothing.
    pub(crate) forgot: Mutex<Option<u64>>,
    /// How many wrong codes of pupils' pages were typed here of late, and since when they are let go.
    wrong: Mutex<(u64, u64)>,
}

/// A class that is open.
pub(crate) struct Open {
    pub class: Subject,
    pub origin: NodeId,
    /// The node at which the co-teacher is.
    co_node: NodeId,
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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

    /// Begins anew what is kept of a class, but for what its pages said: they go on counting.
    pub fn begins_anew(&mut self, before: &Self) {
        self.inner().turns.clone_from(&before.inner().turns);
    }

    /// Whether what is kept of a class is the same as before.
    pub fn is_kept_with(&self, before: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &before.inner)
    }

    /// What is kept of it goes by the rooms as they are planned now: with one fewer, or one that was planned earlier and came
    /// later, others have other numbers. Gives whether they have.
    pub fn renumber(&self, all: impl FnOnce() -> Option<View>) -> bool {
        let rooms = self.about.ids();
        let was = {
            let mut inner = self.inner();
            if *inner.fold.ids == *rooms {
                return false;
            }
            let was = Arc::clone(&inner.fold.ids);
            inner.renumber(&rooms);
            was
        };
        if let Some(view) = all() {
            self.follow(&view);
        }
        !rooms.starts_with(&was)
    }

    /// A class that is folded anew.
    pub fn fold(&self) -> Fold {
        Fold::of(&self.about.ids())
    }

    /// The class as it stood at the end of what is here of its record.
    pub fn fold_of(&self, events: &[Event]) -> Fold {
        let mut fold = self.fold();
        for event in events {
            let room = self.counts_for(event);
            fold.take(event.seq, event.at_ms.saturating_sub(event.late_ms), room, &event.payload);
        }
        fold
    }

    pub fn about(&self) -> &About {
        &self.about
    }

    /// The room that somebody speaks for, if they may: the teacher's is where the class has its order, and the co-teacher's, who
    /// leads with them, the same, from the node at which they are.
    pub fn room_of(&self, node: NodeId, who: &Subject) -> Option<u16> {
        let is_co = || node == self.co_node && self.about.co_teacher.as_ref() == Some(who);
        if (node == self.origin && *who == self.class) || is_co() {
            return Some(0);
        }
        let at = self.about.rooms.iter().position(|r| r.id == *who)?;
        self.nodes.get(at).filter(|serves| **serves == node)?;
        u16::try_from(at + 1).ok()
    }

    /// The room that something counts for: what a co-teacher said of the class in a cut, in which the others went on without them,
    /// was for their own school alone.
    pub fn counts_for(&self, event: &Event) -> Option<u16> {
        let room = self.room_of(event.node, &event.who)?;
        let led_alone = room == 0 && event.late_ms > 0 && event.payload.first() == Some(&WORDS);
        (!led_alone).then_some(room)
    }

    /// Whether what was said on a track goes out of the class: not that of a room whose adult has taken the consent back, nor
    /// that of a guest who did not give it.
    pub fn consented(&self, fold: &Fold, track: &Track) -> bool {
        // Who interprets and has no room speaks for themselves.
        let guest = || track.channel > 0 && fold.guest_may_be_heard(&track.who, true);
        self.room_of(track.id.node, &track.who).map_or_else(guest, |room| {
            fold.may_be_heard(room, true) && self.about.room(room).is_none_or(|room| !room.unheard)
        })
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
    pub(crate) fn once(&self, what: &str, note: impl FnOnce() -> Result<(), PageError>) -> Result<(), PageError> {
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
        // Who still holds the class as it was planned numbers its rooms as they were.
        if !inner.fold.ids.iter().eq(self.about.rooms.iter().map(|r| &r.id)) {
            return;
        }
        for event in &view.events {
            if event.seq <= inner.fold.seq {
                continue;
            }
            let room = self.counts_for(event);
            if let (Some(_), Some((&NOTES, update))) = (room, event.payload.split_first()) {
                // What cannot be read was refused where it was written.
                let _ = inner.note(update);
                inner.notes_bytes += update.len();
            }
            // What a room said in a short cut at the end comes after it too, though it is not much later than it was said.
            if event.late_ms > 0 || (inner.fold.over_ms.is_some() && !comes_or_goes(&event.payload)) {
                inner.late = (event.seq, event.at_ms);
            }
            inner.fold.take(event.seq, event.at_ms.saturating_sub(event.late_ms), room, &event.payload);
        }
        if inner.fold.seq == view.mark.seq {
            inner.mark = view.mark;
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
            refused: Mutex::default(),
            forgot: Mutex::default(),
            wrong: Mutex::default(),
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

    /// Who somebody is in a class at this node: the teacher leads from where the class has its order, the co-teacher from where
    /// they are, and an adult answers for a room from its own node; elsewhere one looks on. Who leads and has a room there, too,
    /// has two pages: `at_room` is that of the room.
    pub(crate) fn part(&self, open: &Open, person: &Subject, at_room: bool) -> Part {
        let leads = match open.about.part(person) {
            Part::Teacher if self.me == open.origin => Some(Part::Teacher),
            Part::Co if self.me == open.co_node => Some(Part::Co),
            _ => None,
        };
        let rooms = open.about.rooms.iter().zip(1..);
        let mut own = rooms.filter(|(room, n)| room.person == *person && open.serves(self.me, *n));
        let adult = own.next().map(|(_, n)| Part::Adult(n));
        if at_room { adult.or(leads) } else { leads.or(adult) }.unwrap_or(Part::Guest)
    }

    /// Whether a class is open here.
    pub fn is_open(&self, class: &Subject) -> bool {
        lock(&self.open).contains_key(class)
    }

    /// A class that is open here.
    pub(crate) fn get(&self, class: &Subject) -> Option<Arc<Open>> {
        lock(&self.open).get(class).cloned()
    }

    /// A class as it is planned.
    ///
    /// # Errors
    /// [`PageError::NotFound`] where there is none.
    pub(crate) fn planned(&self, conn: &Connection, class: &Subject) -> Result<Open, PageError> {
        self.planned_at(conn, class, None)
    }

    /// A class as it is planned, with its order at a node if it has that already.
    pub(crate) fn planned_at(
        &self,
        conn: &Connection,
        class: &Subject,
        origin: Option<NodeId>,
    ) -> Result<Open, PageError> {
        let about = About::read(conn, class)?;
        let node = |place: &Subject| node_of(conn, self.hub, place);
        let origin = match (origin, about.origin.as_ref()) {
            (Some(origin), _) => origin,
            (None, planned) => planned.map_or(Ok(self.hub), node)?,
        };
        let co_node = about.co_origin.as_ref().map_or(Ok(origin), node)?;
        let nodes = about.rooms.iter().map(|r| node(&r.school)).collect::<Result<Vec<_>, _>>()?;
        let uppers = Uppers::read(conn, self.hub)?;
        let passes = uppers.all(nodes.iter().copied().chain([origin, co_node, self.hub]));
        let ways = nodes.iter().map(|node| uppers.next(self.me, *node)).collect();
        let way = uppers.next(self.me, origin);
        let inner = Arc::new(Mutex::new(Inner::of(&about.ids())));
        Ok(Open { class: *class, origin, co_node, nodes, ways, way, passes, about, inner })
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

    /// The class and the room that a page of pupils belongs to, by the end of its address.
    pub(crate) fn by_name(&self, name: &str) -> Option<(Arc<Open>, u16)> {
        self.page_of(|pupils| pupils.name() == name)
    }

    fn page_of(&self, is: impl Fn(&Pupils) -> bool) -> Option<(Arc<Open>, u16)> {
        let open: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        open.into_iter().find_map(|open| {
            let room = open.inner().pupils.iter().find(|(_, p)| is(p)).map(|(room, _)| *room)?;
            Some((open, room))
        })
    }

    /// The end of the address of a page of pupils that is found by typing its code. Who guesses is told nothing for a while, be it
    /// right or wrong: so nobody comes in by trying all.
    pub(crate) fn typed(&self, code: &str, now_ms: u64) -> Typed {
        let mut wrong = lock(&self.wrong);
        let back = now_ms.saturating_sub(wrong.1) / WRONG_EACH_MS;
        if back > 0 {
            *wrong = (wrong.0.saturating_sub(back), now_ms);
        }
        if wrong.0 >= MAX_WRONG {
            return Typed::Wait;
        }
        let found = self.page_of(|pupils| pupils.code == code);
        let name = found.and_then(|(open, room)| open.inner().pupils.get(&room).map(Pupils::name));
        if name.is_none() {
            wrong.0 += 1;
        }
        name.map_or(Typed::Wrong, Typed::Found)
    }

    /// A page of a pupil's device comes, if there is room: gives how many sayings of this load of it were taken.
    pub(crate) fn device_comes(&self, open: &Open, room: u16, device: u32, load: u32) -> Option<u32> {
        let all: Vec<Arc<Open>> = lock(&self.open).values().cloned().collect();
        let here: usize = all.iter().map(|o| o.inner().pupils.values().map(Pupils::here).sum::<usize>()).sum();
        let mut inner = open.inner();
        let pupils = inner.pupils.get_mut(&room)?;
        if here >= MAX_DEVICES_HERE && !pupils.knows(device) {
            return None;
        }
        pupils.come(device, load)
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
        // Said before the next is counted: "gone" must not come after "guest" of who loads the page anew.
        let mut inner = open.inner();
        let count = inner.guests.entry(person).or_insert(0);
        *count = if comes { *count + 1 } else { count.saturating_sub(1) };
        let said = match (comes, *count) {
            (true, 1) => json!({ "k": "guest", "person": person.to_string(), "name": name }),
            (false, 0) => json!({ "k": "gone", "person": person.to_string() }),
            _ => return,
        };
        if let Ok(live) = self.live() {
            let _ = live.say(open.class, person, &of_node(&said));
        }
    }

    /// A page of a room has come, or gone.
    pub(crate) fn came(&self, open: &Open, room: Subject, name: &str, comes: bool) {
        // Said before the next is counted: "out" must not come after "in" of who loads the page anew.
        let mut inner = open.inner();
        let count = inner.pages.entry(room).or_insert(0);
        *count = if comes { *count + 1 } else { count.saturating_sub(1) };
        // The first and the last of a room are what others see.
        let said = match (comes, *count) {
            (true, 1) => json!({ "k": "in", "name": name }),
            (false, 0) => json!({ "k": "out" }),
            _ => return,
        };
        if let Ok(live) = self.live() {
            let _ = live.say(open.class, room, &of_node(&said));
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
mod tests;
