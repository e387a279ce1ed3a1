//! One class at one node: its lane, what waits for the origin, its tracks, and the peers that it goes to and comes from.

use std::collections::BTreeMap;

use base::{NodeId, Subject};

use super::lights::{Light, Lights};
use super::words::{Line, Track, TrackId};
use crate::bucket::Bucket;
use crate::hold::Hold;
use crate::lane::{Event, Lane, Mark, Outbox, Saying};
use crate::trunk::{StreamId, Trunk};
use crate::wire::Writer;
use crate::{Heard, Packet};

/// Where a class has its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Here: the teacher is at this node.
    Here,
    /// At the node behind this peer, or further on.
    Via(NodeId),
}

/// What a node has of a class from before.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// Its events, from the first.
    pub events: Lane,
    /// What was said here and is not among them.
    pub sayings: Vec<Saying>,
    /// How many tracks of voice this node had.
    pub next_track: u32,
}

/// Events that are cut off first where a class lost its end, which is what some seconds bring; then twice as many.
const FIRST_STEP: u64 = 64;
/// Records in one message: what fits a datagram beside voice.
const BATCH: usize = 900;
/// Speakers that a peer may name in a class.
const MAX_SPEAKERS: usize = 4096;
/// Tracks of a class at a time, and of those, what one node speaks: its rooms speak one after the other, and some interpret.
pub(super) const MAX_TRACKS: usize = 32;
pub(super) const MAX_TRACKS_OF_ONE: usize = 8;
/// What one peer may bring in a class in a second, and twice that at once: sayings, tracks that begin, and bytes. An encoder
/// sends a voice of 20 KB, a browser one of 4; and the picture that goes over a trunk is small.
const SAYINGS_PER_SECOND: u64 = 300;
const BEGINS_PER_SECOND: u64 = 4;
/// Words about links that a peer is told in a second, 36 bytes each: links that come and go do not fill others.
const LIGHTS_PER_SECOND: u64 = 2;
const LIGHTS_AT_ONCE: u64 = 40;
const VOICE_PER_SECOND: u64 = 64_000;
const VIDEO_PER_SECOND: u64 = 160_000;

#[derive(Debug)]
pub(super) struct Class {
    pub way: Way,
    pub lane: Lane,
    pub outbox: Outbox,
    /// The node's clock when the class began.
    pub began: i64,
    /// Whether `began` is what the origin says.
    pub is_timed: bool,
    /// How long the way from there takes was not known when it said so.
    pub lacks_way: bool,
    pub legs: BTreeMap<NodeId, Leg>,
    pub tracks: BTreeMap<TrackId, Heeded>,
    /// The number of the next track of this node.
    pub next_track: u32,
    /// When to ask to join again.
    pub ask_at: u64,
    /// The lane's end as it was when the way to it was opened: before it is reached, nothing is sent again.
    pub behind: u64,
    /// How many events are cut off next if what is here is not what happened.
    pub step: u64,
    pub buckets: BTreeMap<Subject, Bucket>,
    /// Who is next on the way says that it is cut further on.
    pub is_cut_beyond: bool,
    /// Somebody is in it here, or it goes on.
    pub is_attended: bool,
    pub lights: Lights,
}

/// A track, and how it is heard here.
#[derive(Debug)]
pub(super) struct Heeded {
    pub track: Track,
    /// The peer it comes from; `None` if it is spoken here.
    pub from: Option<NodeId>,
    /// The last packet's number and time.
    pub near: (u64, u64),
    pub hold: Hold,
}

/// A class on one trunk.
#[derive(Debug)]
pub(super) struct Leg {
    pub handle: u8,
    /// Whether the peer is nearer to the origin.
    pub is_up: bool,
    /// The last event that it was sent.
    pub sent: u64,
    /// What the peer had when it joined, if it said so, until it is known whether that is what happened.
    pub had: Option<Mark>,
    /// The peer is one that says what it has.
    pub says: bool,
    /// It was told that what is said here does not reach the origin.
    pub told_cut: bool,
    /// What it was told of the links to others, where they do not fare well; and how much of it it may be told.
    pub told_lights: BTreeMap<NodeId, Light>,
    pub lights: Bucket,
    /// Whom its numbers stand for.
    pub speakers_in: BTreeMap<u64, (NodeId, Subject)>,
    pub speakers_out: BTreeMap<(NodeId, Subject), u64>,
    pub tracks_in: BTreeMap<u8, TrackId>,
    pub tracks_out: BTreeMap<TrackId, u8>,
    next_local: u8,
    pub bucket: Bucket,
    /// Tracks that the peer begins, and bytes of voice and video that it brings.
    pub begins: Bucket,
    pub voice: Bucket,
    pub video: Bucket,
}

impl Leg {
    pub fn new(now: u64, handle: u8, is_up: bool, sent: u64) -> Self {
        Self {
            handle,
            is_up,
            sent,
            had: None,
            says: false,
            told_cut: false,
            told_lights: BTreeMap::new(),
            lights: Bucket::of(now, LIGHTS_PER_SECOND, LIGHTS_AT_ONCE),
            speakers_in: BTreeMap::new(),
            speakers_out: BTreeMap::new(),
            tracks_in: BTreeMap::new(),
            tracks_out: BTreeMap::new(),
            next_local: 0,
            bucket: Bucket::new(now, SAYINGS_PER_SECOND),
            begins: Bucket::of(now, BEGINS_PER_SECOND, 2 * MAX_TRACKS as u64),
            voice: Bucket::new(now, VOICE_PER_SECOND),
            video: Bucket::new(now, VIDEO_PER_SECOND),
        }
    }

    pub fn stream(&self) -> StreamId {
        StreamId { slow: false, handle: self.handle }
    }

    /// Sends what the lane has beyond what was sent.
    pub fn pump(&mut self, now: u64, lane: &Lane, trunk: &mut Trunk) {
        while !self.is_up && self.sent < lane.head() && trunk.room(self.stream()) > 0 {
            let (mut records, mut upto) = (Writer::default(), self.sent);
            while upto < lane.head() && records.0.len() < BATCH && lane.write(upto + 1, &mut records).is_some() {
                upto += 1;
            }
            if upto == self.sent || !trunk.write(now, self.stream(), &Line::Lane(&records.0).write()) {
                break;
            }
            self.sent = upto;
        }
    }

    /// Sends what was said at a node towards the origin; `false` if there is no room.
    pub fn bring(&mut self, now: u64, trunk: &mut Trunk, node: NodeId, saying: &Saying) -> bool {
        if trunk.room(self.stream()) < saying.payload.len() + 100 {
            return false;
        }
        let next = self.speakers_out.len() as u64;
        let speaker = match self.speakers_out.get(&(node, saying.who)) {
            Some(speaker) => *speaker,
            None if self.speakers_out.len() < MAX_SPEAKERS => {
                let line = Line::Speaker { number: next, node, who: saying.who };
                if !trunk.write(now, self.stream(), &line.write()) {
                    return false;
                }
                self.speakers_out.insert((node, saying.who), next);
                next
            }
            None => return false,
        };
        let Saying { number, at_ms, payload, .. } = saying;
        let line = Line::Saying { speaker, number: *number, at_ms: *at_ms, payload };
        trunk.write(now, self.stream(), &line.write())
    }

    /// Notes whom a number stands for; `false` if it may not.
    pub fn name(&mut self, number: u64, node: NodeId, who: Subject) -> bool {
        let fits = number == self.speakers_in.len() as u64 && self.speakers_in.len() < MAX_SPEAKERS;
        if fits {
            self.speakers_in.insert(number, (node, who));
        }
        fits
    }

    /// Announces a track, if there is a number left for it.
    pub fn announce(&mut self, now: u64, trunk: &mut Trunk, track: &Track, (seq, at): (u64, u64)) {
        if self.tracks_out.contains_key(&track.id) || self.tracks_out.len() >= MAX_TRACKS {
            return;
        }
        while self.tracks_out.values().any(|local| *local == self.next_local) {
            self.next_local = self.next_local.wrapping_add(1);
        }
        let local = self.next_local;
        if trunk.write(now, self.stream(), &Line::Track { local, track: *track, seq, at }.write()) {
            self.next_local = local.wrapping_add(1);
            self.tracks_out.insert(track.id, local);
        }
    }

    pub fn silence(&mut self, now: u64, trunk: &mut Trunk, track: TrackId) {
        if let Some(local) = self.tracks_out.remove(&track) {
            trunk.write(now, self.stream(), &Line::Silent { local }.write());
        }
    }

    pub fn speak(&self, now: u64, trunk: &mut Trunk, track: TrackId, packet: &Packet) {
        if let Some(local) = self.tracks_out.get(&track) {
            trunk.voice(now, self.handle, *local, packet.clone());
        }
    }
}

impl Class {
    pub fn new(now: u64, me: NodeId, way: Way, elapsed_ms: u64, saved: Saved) -> Self {
        let taken = saved.events.taken(me);
        Self {
            way,
            outbox: Outbox::restore(saved.sayings, taken),
            began: now.cast_signed() - elapsed_ms.cast_signed(),
            is_timed: way == Way::Here,
            lacks_way: false,
            lane: saved.events,
            legs: BTreeMap::new(),
            tracks: BTreeMap::new(),
            next_track: saved.next_track,
            ask_at: now,
            behind: 0,
            step: FIRST_STEP,
            buckets: BTreeMap::new(),
            is_cut_beyond: false,
            is_attended: true,
            lights: Lights::default(),
        }
    }

    /// What is here is not what happened from somewhere on: cuts off its end, and gives how far it goes now. What this node's
    /// people said of it goes in again.
    pub fn cut_back(&mut self, me: NodeId) -> u64 {
        let keeps = self.lane.head().saturating_sub(self.step);
        self.step = self.step.saturating_mul(2);
        let cut = self.lane.cut(keeps);
        let numbers = self.lane.taken(me) + 1..;
        let own = cut.into_iter().filter(|e| e.node == me).zip(numbers).map(|(e, number)| Saying {
            number,
            at_ms: e.at_ms.saturating_sub(e.late_ms),
            who: e.who,
            payload: e.payload,
        });
        self.outbox.put_back(own.collect());
        keeps
    }

    /// The lane is as long as it was when the way to it was opened.
    pub fn has_caught_up(&mut self) -> bool {
        let has = self.lane.head() >= self.behind;
        if has {
            self.step = FIRST_STEP;
            self.outbox.settle();
        }
        has
    }

    /// The way there and back is known now, if it was not.
    pub fn correct(&mut self, rtt_ms: u64) {
        if self.lacks_way && rtt_ms > 0 {
            self.began -= (rtt_ms / 2).cast_signed();
            self.lacks_way = false;
        }
    }

    /// Milliseconds since the class began.
    pub fn elapsed(&self, now: u64) -> u64 {
        let last = self.lane.after(self.lane.head().saturating_sub(1)).last().map_or(0, |e: &Event| e.at_ms);
        // The node's clock may have been set; the class's goes on from its last event.
        u64::try_from(now.cast_signed() - self.began).unwrap_or(0).max(if self.is_timed { 0 } else { last })
    }

    /// Peers that follow it here and had what did not happen, as far as that is known by now.
    pub fn others(&mut self) -> Vec<NodeId> {
        let (lane, head) = (&self.lane, self.lane.head());
        let mut others = Vec::new();
        for (peer, leg) in &mut self.legs {
            if let Some(had) = leg.had.filter(|had| had.seq <= head) {
                leg.had = None;
                others.extend(Some(*peer).filter(|_| !lane.knows(had)));
            }
        }
        others
    }

    /// The way to the origin, if it is open.
    pub fn up(&self) -> Option<NodeId> {
        self.legs.iter().find(|(_, leg)| leg.is_up).map(|(peer, _)| *peer)
    }

    pub fn heard(&self, track: TrackId) -> Option<Heard> {
        self.tracks.get(&track).map(|t| t.hold.heard())
    }
}
