//! Voice and video in a hall: from where it is spoken or filmed to everyone else, once over each trunk.

use base::{NodeId, Subject};

use super::class::{self, Heeded};
use super::{Hall, News, Track, TrackId};
use crate::Packet;
use crate::hold::Hold;

impl Hall {
    /// Somebody at this node has the floor, or an interpreter begins.
    pub fn begin(&mut self, now: u64, class: Subject, who: Subject, channel: u8) -> Option<Track> {
        let open = self.classes.get_mut(&class).filter(|c| c.tracks.len() < class::MAX_TRACKS)?;
        let id = TrackId { node: self.me, number: open.next_track };
        open.next_track += 1;
        let track = Track { id, who, channel, began_ms: open.elapsed(now) };
        self.add_track(now, class, track, None, (0, 0));
        Some(track)
    }

    /// What is spoken on a track of this node: its packets in order, numbered without holes.
    pub fn voice(&mut self, now: u64, class: Subject, track: TrackId, packet: Packet) {
        if track.node == self.me {
            self.pass_on(now, class, track, None, packet);
        }
    }

    /// A track of this node is over.
    pub fn end(&mut self, now: u64, class: Subject, track: TrackId) {
        if track.node == self.me {
            self.end_track(now, class, track);
        }
    }

    /// A piece of video from this node, to go where there is room for it.
    pub fn video(&mut self, now: u64, class: Subject, begins: bool, bytes: &[u8]) {
        self.pass_video(now, class, None, begins, bytes);
    }

    pub(super) fn add_track(&mut self, now: u64, class: Subject, track: Track, from: Option<NodeId>, near: (u64, u64)) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        let line = from.and_then(|peer| self.peers.get(&peer)).map(|p| p.trunk.line()).unwrap_or_default();
        // What is lost comes again one round trip later, if anything is lost.
        let expected = if line.loss_permille > 10 { line.rtt_ms + 150 } else { 0 };
        open.tracks.insert(track.id, Heeded { track, from, near, hold: Hold::new(expected) });
        for (peer, leg) in open.legs.iter_mut().filter(|(peer, _)| Some(**peer) != from) {
            if let Some(peer) = self.peers.get_mut(peer) {
                leg.announce(now, &mut peer.trunk, &track, near);
            }
        }
        self.news.push((class, News::Began(track)));
    }

    pub(super) fn end_track(&mut self, now: u64, class: Subject, track: TrackId) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        if open.tracks.remove(&track).is_none() {
            return;
        }
        for (peer, leg) in &mut open.legs {
            leg.tracks_in.retain(|_, id| *id != track);
            if let Some(peer) = self.peers.get_mut(peer) {
                leg.silence(now, &mut peer.trunk, track);
            }
        }
        self.news.push((class, News::Ended(track)));
    }

    pub(super) fn pass_on(&mut self, now: u64, class: Subject, track: TrackId, from: Option<NodeId>, packet: Packet) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        let Some(heeded) = open.tracks.get_mut(&track).filter(|t| t.from == from) else { return };
        heeded.near = heeded.near.max((packet.seq, packet.at));
        for (peer, leg) in open.legs.iter().filter(|(peer, _)| Some(**peer) != from) {
            if let Some(peer) = self.peers.get_mut(peer) {
                leg.speak(now, &mut peer.trunk, track, &packet);
            }
        }
        self.news.push((class, News::Voice(track, packet.clone())));
        if from.is_some() {
            heeded.hold.take(now, packet);
        } else {
            self.news.push((class, News::Play(track, packet)));
        }
    }

    /// Video goes where the floor is: what comes from elsewhere is nobody's.
    pub(super) fn pass_video(&mut self, now: u64, class: Subject, from: Option<NodeId>, begins: bool, bytes: &[u8]) {
        let Some(open) = self.classes.get(&class) else { return };
        if !open.tracks.values().any(|t| t.from == from && t.track.channel == 0) {
            return;
        }
        for (peer, leg) in open.legs.iter().filter(|(peer, _)| Some(**peer) != from) {
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.trunk.video(now, leg.handle, begins, bytes);
            }
        }
        if from.is_some() {
            self.news.push((class, News::Video(begins, bytes.to_vec())));
        }
    }
}
