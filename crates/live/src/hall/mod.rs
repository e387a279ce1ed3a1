//! The hall: all classes of one node, whom they come from and go to. No sockets, no clock: it is given datagrams and the
//! time, and gives datagrams and news.
//!
//! The nodes of a class are a tree whose root is the origin. A node follows the class at its *way*, the peer nearer to
//! the origin; a hub follows it at the teacher's school and passes it on to the others. What people say goes up, the
//! lane comes down, and voice goes from where it is spoken along the tree to everyone else, once over each trunk.

mod class;
mod hear;
mod lights;
mod media;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{NodeId, Subject};
use class::{Class, Leg};
pub use class::{Saved, Way};
pub use lights::Light;
use words::Word;
pub use words::{Track, TrackId, Why};

use crate::bucket::Bucket;
use crate::lane::{Event, Mark, Refusal, Saying};
use crate::trunk::{Line, StreamId, Trunk};
use crate::{Heard, Packet};

const ABOUT_ALL: StreamId = StreamId { slow: false, handle: 0 };
/// A node that was refused, or has no answer, asks again after so long.
const ASK_AGAIN_MS: u64 = 3000;
/// What one person or room may say in a second.
const SAYINGS_PER_SECOND: u64 = 100;
/// Datagrams that are read of one peer in a second, at once twice as many: what a whole record takes on a fast link, and more
/// than any lesson. What comes beyond is not even looked at; to the peer it is lost, and it sends more slowly.
const DATAGRAMS_PER_SECOND: u64 = 4000;
/// Words about classes, such as asking to join: a node says a few when a session begins.
const WORDS_PER_SECOND: u64 = 50;
const WORDS_AT_ONCE: u64 = MAX_CLASSES as u64;
/// Classes open at a node.
const MAX_CLASSES: usize = 2000;
/// A saying that is not in the lane by then goes again.
const PATIENCE_MS: u64 = 4000;
/// Whether a trunk dozes is looked at so often.
const DOZE_LOOK_MS: u64 = 250;
/// Datagrams to a peer in one go.
const AT_ONCE: usize = 64;
/// Bytes of a datagram if nothing else is known.
const LARGEST: usize = 1100;

/// Who is let in. Asked with the hall locked: the answer must be quick, and must not call back.
pub trait Door: Send + Sync {
    /// Whether a peer may follow a class here, and speak in it.
    fn may_join(&self, peer: NodeId, class: Subject) -> bool;
    /// Whether a peer may bring what was said at a node: its own people, or, for a hub, anybody's.
    fn may_bring(&self, peer: NodeId, class: Subject, node: NodeId) -> bool;
}

/// News of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The lane is longer, or what waits is other, or the way to the origin has opened or closed.
    Changed,
    /// An event is in the lane.
    Event(Event),
    /// What was in the lane after this event is in it no more: the class lost its end where it has its order.
    Cut(u64),
    /// Something was said here that is not in the lane yet.
    Said(Saying),
    /// A track of voice has begun, here or elsewhere.
    Began(Track),
    /// It is over.
    Ended(TrackId),
    /// A packet of a track, as soon as it came, perhaps out of order: for the record.
    Voice(TrackId, Packet),
    /// A packet of a track when its time has come, in order: for listeners.
    Play(TrackId, Packet),
    /// A piece of video, and whether one can begin with it.
    Video(bool, Vec<u8>),
}

/// What the hall wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// To be sent to a peer.
    Datagram(NodeId, Vec<u8>),
    /// To be told to whoever follows the class here.
    News(Subject, News),
}

/// Whether what is said here reaches the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The origin is here.
    Here,
    /// The way is open.
    Open,
    /// The node is cut off, or the class is not open further on; what is said waits.
    Cut,
    /// The peer on the way says that this node has no part in the class, or that it is not open.
    Refused(Why),
}

/// What was refused since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Datagrams, messages and records that are not what they should be.
    pub malformed: u64,
    /// Sayings, words and tracks beyond what a peer may say in a second, which it may say again.
    pub too_fast: u64,
    /// Datagrams beyond what is read of one peer, and pieces of voice and video beyond what one may bring: they are lost.
    pub flooded: u64,
    /// Of those who may not: asking to join, or bringing what others said.
    pub not_allowed: u64,
}

/// The classes of a node.
pub struct Hall {
    me: NodeId,
    door: Arc<dyn Door>,
    classes: BTreeMap<Subject, Class>,
    peers: BTreeMap<NodeId, Peer>,
    refused: Refused,
    news: Vec<(Subject, News)>,
    whys: BTreeMap<Subject, Why>,
    /// When to look which trunks doze.
    doze_at: u64,
}

struct Peer {
    trunk: Trunk,
    handles: BTreeMap<u8, Subject>,
    next_handle: u8,
    was_away: bool,
    /// How much is read of it.
    datagrams: Bucket,
    words: Bucket,
}

impl std::fmt::Debug for Hall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hall({}, {} classes, {} peers)", self.me, self.classes.len(), self.peers.len())
    }
}

impl Hall {
    /// A hall without classes.
    pub fn new(me: NodeId, door: Arc<dyn Door>) -> Self {
        Self {
            me,
            door,
            classes: BTreeMap::new(),
            peers: BTreeMap::new(),
            refused: Refused::default(),
            news: Vec::new(),
            whys: BTreeMap::new(),
            doze_at: 0,
        }
    }

    /// Opens a class, `elapsed_ms` after it began as far as this node knows, with what it has of it from before. One
    /// that is open stays as it is. `false` if too many are open.
    pub fn open(&mut self, now: u64, class: Subject, way: Way, elapsed_ms: u64, saved: Saved) -> bool {
        if self.classes.contains_key(&class) {
            return true;
        }
        if self.classes.len() >= MAX_CLASSES {
            return false;
        }
        self.classes.insert(class, Class::new(now, self.me, way, elapsed_ms, saved));
        true
    }

    /// From now on a class is followed at another peer: what waits goes there, and what is spoken here goes on. Where the
    /// origin is here, nothing turns it.
    pub fn turn(&mut self, now: u64, class: Subject, way: NodeId) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        let before = match open.way {
            Way::Via(before) if before != way => before,
            _ => return,
        };
        open.way = Way::Via(way);
        open.ask_at = now;
        let leg = open.legs.get(&before).map(|leg| leg.handle);
        self.whys.remove(&class);
        if let (Some(handle), Some(peer)) = (leg, self.peers.get_mut(&before)) {
            peer.trunk.write(now, ABOUT_ALL, &Word::Leave { class }.write());
            peer.trunk.forget(handle);
            peer.handles.remove(&handle);
        }
        self.drop_leg(now, class, before);
        self.news.push((class, News::Changed));
    }

    /// Whether a class is attended here: somebody has it open, or it goes on. One that only waits, for days before it and
    /// after it, hardly talks. Each is attended until it is said that it is not.
    pub fn attend(&mut self, class: Subject, is_attended: bool) {
        if let Some(open) = self.classes.get_mut(&class).filter(|open| open.is_attended != is_attended) {
            open.is_attended = is_attended;
            self.doze_at = 0;
        }
    }

    /// Over which trunks no class goes that is attended here: looked at now and then, since a hub has many classes.
    fn doze(&mut self, now: u64) {
        if now < self.doze_at {
            return;
        }
        self.doze_at = now + DOZE_LOOK_MS;
        let attended = self.classes.values().filter(|open| open.is_attended);
        let peers: BTreeSet<NodeId> = attended.flat_map(|open| open.legs.keys().copied().chain(via(open))).collect();
        self.peers.iter_mut().for_each(|(id, peer)| peer.trunk.dozes = !peers.contains(id));
    }

    /// Where a class is followed.
    pub fn way(&self, class: Subject) -> Option<Way> {
        self.classes.get(&class).map(|c| c.way)
    }

    /// Whether a peer is met now.
    pub fn meets(&self, peer: NodeId) -> bool {
        self.peers.get(&peer).is_some_and(|p| !p.trunk.is_away())
    }

    /// Whether who is next on the way of a class says that it is cut further on.
    pub fn is_cut_beyond(&self, class: Subject) -> bool {
        self.classes.get(&class).is_some_and(|open| open.is_cut_beyond && open.up().is_some())
    }

    /// Closes a class, and tells those who follow it here. Gives what this node has of it.
    pub fn close(&mut self, now: u64, class: Subject) -> Option<Saved> {
        let closed = self.classes.remove(&class)?;
        self.whys.remove(&class);
        for (peer, leg) in closed.legs {
            if let Some(peer) = self.peers.get_mut(&peer) {
                let word = if leg.is_up { Word::Leave { class } } else { Word::Over { class } };
                peer.trunk.write(now, ABOUT_ALL, &word.write());
                peer.trunk.forget(leg.handle);
                peer.handles.remove(&leg.handle);
            }
        }
        let sayings = closed.outbox.waiting().cloned().collect();
        Some(Saved { events: closed.lane, sayings, next_track: closed.next_track })
    }

    /// Somebody at this node says something. Returns its number among what this node said; it is in the lane at once
    /// where the origin is, else when it comes back from there.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn say(&mut self, now: u64, class: Subject, who: Subject, payload: &[u8]) -> Result<u64, Refusal> {
        let open = self.classes.get_mut(&class).ok_or(Refusal::NoClass)?;
        let bucket = open.buckets.entry(who).or_insert_with(|| Bucket::new(now, SAYINGS_PER_SECOND));
        if !bucket.take(now) {
            return Err(Refusal::TooMuch);
        }
        let at_ms = open.elapsed(now);
        if open.way == Way::Here {
            let number = open.lane.taken(self.me) + 1;
            let saying = Saying { number, at_ms, who, payload: payload.into() };
            let seq = open.lane.append(at_ms, self.me, &saying)?;
            self.grown(class, seq - 1);
            Ok(number)
        } else {
            let saying = open.outbox.say(at_ms, who, payload)?.clone();
            let number = saying.number;
            self.news.extend([(class, News::Said(saying)), (class, News::Changed)]);
            Ok(number)
        }
    }

    /// The lane of a class is longer than it was.
    fn grown(&mut self, class: Subject, before: u64) {
        if let Some(open) = self.classes.get(&class) {
            self.news.extend(open.lane.after(before).iter().map(|event| (class, News::Event(event.clone()))));
            self.news.push((class, News::Changed));
        }
    }

    /// A session with a peer has begun.
    pub fn arrived(&mut self, now: u64, peer: NodeId) {
        self.left(now, peer);
        let trunk = Trunk::new(now);
        let datagrams = Bucket::new(now, DATAGRAMS_PER_SECOND);
        let words = Bucket::of(now, WORDS_PER_SECOND, WORDS_AT_ONCE);
        let peer_is = Peer { trunk, handles: BTreeMap::new(), next_handle: 1, was_away: false, datagrams, words };
        self.peers.insert(peer, peer_is);
        for open in self.classes.values_mut().filter(|c| c.way == Way::Via(peer)) {
            open.ask_at = now;
        }
    }

    /// It has ended.
    pub fn left(&mut self, now: u64, peer: NodeId) {
        self.peers.remove(&peer);
        let classes: Vec<Subject> = self.classes.keys().copied().collect();
        for class in classes {
            let behind = self.classes.get(&class).and_then(|open| open.legs.get(&peer)).map(Leg::behind);
            self.drop_leg(now, class, peer);
            if let (Some(behind), Some(open)) = (behind, self.classes.get_mut(&class)) {
                open.lights.left(peer, behind);
            }
        }
    }

    /// A node has no part in a class any more.
    pub fn expel(&mut self, now: u64, class: Subject, node: NodeId) {
        let leg = self.classes.get(&class).and_then(|c| c.legs.get(&node)).map(|leg| leg.handle);
        if let (Some(handle), Some(peer)) = (leg, self.peers.get_mut(&node)) {
            peer.trunk.write(now, ABOUT_ALL, &Word::Refused { class, why: Why::NotAllowed }.write());
            peer.trunk.forget(handle);
            peer.handles.remove(&handle);
        }
        self.drop_leg(now, class, node);
    }

    /// Forgets a class's leg to a peer, and the tracks that came over it.
    fn drop_leg(&mut self, now: u64, class: Subject, peer: NodeId) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        if open.legs.remove(&peer).is_none() {
            return;
        }
        open.lights.forget(peer);
        let lost: Vec<TrackId> = open.tracks.values().filter(|t| t.from == Some(peer)).map(|t| t.track.id).collect();
        lost.into_iter().for_each(|track| self.end_track(now, class, track));
        self.news.push((class, News::Changed));
    }

    /// What is to be done now. `largest` is how many bytes a datagram to a peer may have.
    pub fn poll(&mut self, now: u64, largest: impl Fn(NodeId) -> Option<usize>, out: &mut Vec<Out>) {
        let mut others = Vec::new();
        for (id, open) in &mut self.classes {
            if open.look(now, *id, &mut self.peers) {
                self.news.push((*id, News::Changed));
            }
            let is_cut = open.way != Way::Here && !reaches(open, &self.peers);
            if let Way::Via(way) = open.way {
                match (open.legs.contains_key(&way), self.peers.get_mut(&way)) {
                    (false, Some(peer)) if now >= open.ask_at => {
                        peer.trunk.write(now, ABOUT_ALL, &Word::join(*id, open.lane.mark()).write());
                        open.ask_at = now + ASK_AGAIN_MS.max(3 * peer.trunk.line().rtt_ms);
                    }
                    (true, Some(peer)) if !open.is_cut_beyond => bring(now, self.me, open, way, &mut peer.trunk),
                    _ => {}
                }
            }
            others.extend(open.others().into_iter().map(|peer| (*id, peer)));
            for (peer, leg) in &mut open.legs {
                if let Some(peer) = self.peers.get_mut(peer) {
                    leg.pump(now, &open.lane, &mut peer.trunk);
                    if leg.told_cut != is_cut && leg.says && !leg.is_up {
                        leg.told_cut = is_cut;
                        peer.trunk.write(now, ABOUT_ALL, &Word::Beyond { class: *id, cut: is_cut }.write());
                    }
                }
            }
            for (track, heeded) in &mut open.tracks {
                while let Some(packet) = heeded.hold.poll(now) {
                    self.news.push((*id, News::Play(*track, packet)));
                }
            }
        }
        others.into_iter().for_each(|(class, peer)| self.refuse_other(now, class, peer));
        self.doze(now);
        let ways = self.ways();
        for (id, peer) in &mut self.peers {
            peer.trunk.rests = peer.handles.is_empty() && !ways.contains(id);
            let most = largest(*id).unwrap_or(LARGEST);
            let datagrams = std::iter::from_fn(|| peer.trunk.poll(now, most));
            out.extend(datagrams.take(AT_ONCE).map(|datagram| Out::Datagram(*id, datagram)));
            if peer.was_away != peer.trunk.is_away() {
                peer.was_away = peer.trunk.is_away();
                self.news.extend(peer.handles.values().map(|class| (*class, News::Changed)));
            }
        }
        out.extend(self.news.drain(..).map(|(class, news)| Out::News(class, news)));
    }

    /// When to poll next, if nothing happens before.
    pub fn wake(&self) -> Option<u64> {
        let trunks = self.peers.values().map(|p| p.trunk.wake());
        let classes = self.classes.values().flat_map(|open| {
            let holds = open.tracks.values().filter_map(|t| t.hold.wake());
            let way = match open.way {
                Way::Via(way) if !open.legs.contains_key(&way) && self.peers.contains_key(&way) => Some(open.ask_at),
                Way::Via(way) if open.legs.contains_key(&way) => open.outbox.wake(PATIENCE_MS).filter(|at| *at > 0),
                _ => None,
            };
            holds.chain(way)
        });
        trunks.chain(classes).min()
    }

    /// The events of a class after a number.
    pub fn after(&self, class: Subject, seq: u64) -> &[Event] {
        self.classes.get(&class).map_or(&[], |c| c.lane.after(seq))
    }

    /// What was said here and is not yet in the lane.
    pub fn waiting(&self, class: Subject) -> Vec<Saying> {
        self.classes.get(&class).map_or_else(Vec::new, |c| c.outbox.waiting().cloned().collect())
    }

    /// Milliseconds since the class began, as this node knows it.
    pub fn elapsed(&self, now: u64, class: Subject) -> Option<u64> {
        self.classes.get(&class).map(|c| c.elapsed(now))
    }

    /// Whether what is said here reaches the origin.
    pub fn reach(&self, class: Subject) -> Option<Reach> {
        let open = self.classes.get(&class)?;
        Some(match (open.way, open.up(), self.whys.get(&class)) {
            (Way::Here, ..) => Reach::Here,
            _ if reaches(open, &self.peers) => Reach::Open,
            (_, None, Some(why)) => Reach::Refused(*why),
            _ => Reach::Cut,
        })
    }

    /// The tracks of a class that are spoken now.
    pub fn tracks(&self, class: Subject) -> Vec<Track> {
        self.classes.get(&class).map_or_else(Vec::new, |c| c.tracks.values().map(|t| t.track).collect())
    }

    /// How far a class goes here.
    pub fn mark(&self, class: Subject) -> Mark {
        self.classes.get(&class).map_or_else(Mark::default, |c| c.lane.mark())
    }

    /// Whether what somebody has of a class is what is here.
    pub fn knows(&self, class: Subject, mark: Mark) -> bool {
        self.classes.get(&class).is_some_and(|c| c.lane.knows(mark))
    }

    /// How a track of another node is heard here.
    pub fn heard_of(&self, class: Subject, track: TrackId) -> Option<Heard> {
        self.classes.get(&class)?.heard(track)
    }

    /// The peers that follow a class here, or at which it is followed, and how the trunks to them fare.
    pub fn lines(&self, class: Subject) -> Vec<(NodeId, Line)> {
        let Some(open) = self.classes.get(&class) else { return Vec::new() };
        open.legs.keys().filter_map(|peer| Some((*peer, self.peers.get(peer)?.trunk.line()))).collect()
    }

    /// Peers on the way to the origin of an open class that are not connected, or not heard: worth calling again.
    pub fn missed(&self) -> BTreeSet<NodeId> {
        let mut ways = self.ways();
        ways.retain(|way| self.peers.get(way).is_none_or(|p| p.trunk.is_away()));
        ways
    }

    /// Peers on the way to the origin of an open class.
    fn ways(&self) -> BTreeSet<NodeId> {
        self.classes.values().filter_map(via).collect()
    }

    /// What was refused since the start.
    pub fn refused(&self) -> Refused {
        self.refused
    }
}

/// The peer on the way to a class's origin.
fn via(open: &Class) -> Option<NodeId> {
    if let Way::Via(way) = open.way { Some(way) } else { None }
}

/// Whether a way to the origin is open, as far as is known here.
fn reaches(open: &Class, peers: &BTreeMap<NodeId, Peer>) -> bool {
    let up = open.up().and_then(|up| peers.get(&up));
    !open.is_cut_beyond && up.is_some_and(|peer| !peer.trunk.is_away())
}

/// Sends what was said here on its way to the origin.
fn bring(now: u64, me: NodeId, open: &mut Class, way: NodeId, trunk: &mut Trunk) {
    open.correct(trunk.line().rtt_ms);
    // Before the lane is as long as it was when the way opened, it is not known what was taken in.
    if !open.has_caught_up() {
        return;
    }
    let Some(leg) = open.legs.get_mut(&way) else { return };
    while trunk.room(leg.stream()) > 2 * crate::lane::MAX_PAYLOAD {
        let Some(saying) = open.outbox.next(now, PATIENCE_MS + 3 * trunk.line().rtt_ms) else { break };
        if !leg.bring(now, trunk, me, saying) {
            break;
        }
    }
}
