//! What the hall makes of what peers say.

use base::{NodeId, Subject};

use super::class::{Class, Leg, MAX_TRACKS, MAX_TRACKS_OF_ONE, Way};
use super::words::{Line, Track, TrackId, Why, Word};
use super::{ABOUT_ALL, ASK_AGAIN_MS, Hall, News};
use crate::bucket::Bucket;
use crate::lane::{Mark, Saying};
use crate::trunk::Said;
use crate::wire::{Malformed, Reader};

/// A node that has no part in a class asks again after so long: it may be given one.
const NOT_ALLOWED_MS: u64 = 20_000;

impl Hall {
    /// A peer said something. What is not as it should be is refused, and nobody else is disturbed; `false` if it was not even
    /// looked at, so that nothing is to be done.
    pub fn heard(&mut self, now: u64, peer: NodeId, datagram: &[u8]) -> bool {
        let mut said = Vec::new();
        let Some(known) = self.peers.get_mut(&peer) else { return false };
        if !known.datagrams.take(now) {
            self.refused.flooded += 1;
            return false;
        }
        let mut malformed = u64::from(known.trunk.hear(now, datagram, &mut said).is_err());
        for said in said {
            let class = |handle: u8, hall: &Self| hall.peers.get(&peer).and_then(|p| p.handles.get(&handle)).copied();
            let done = match said {
                Said::Message(stream, bytes) if stream == ABOUT_ALL => {
                    Word::read(&bytes).map(|word| self.word_in_turn(now, peer, &word))
                }
                Said::Message(stream, bytes) => match class(stream.handle, self) {
                    Some(class) => Line::read(&bytes).and_then(|line| self.line(now, peer, class, &line)),
                    // Of a class that was just closed.
                    None => Ok(()),
                },
                Said::Voice(handle, local, packet) => {
                    if let Some(class) = class(handle, self)
                        && let Some(track) = self.track_of(class, peer, local)
                        && self.bears(now, peer, class, packet.opus.len(), |leg| &mut leg.voice)
                    {
                        self.pass_on(now, class, track, Some(peer), packet);
                    }
                    Ok(())
                }
                Said::Video(handle, begins, bytes) => {
                    if let Some(class) = class(handle, self)
                        && self.bears(now, peer, class, bytes.len(), |leg| &mut leg.video)
                    {
                        self.pass_video(now, class, Some(peer), begins, &bytes);
                    }
                    Ok(())
                }
            };
            malformed += u64::from(done.is_err());
        }
        self.refused.malformed += malformed;
        true
    }

    /// Whether a class bears so many bytes more of a peer: one that speaks without an end takes no other's room on a link.
    fn bears(
        &mut self,
        now: u64,
        peer: NodeId,
        class: Subject,
        bytes: usize,
        of: impl FnOnce(&mut Leg) -> &mut Bucket,
    ) -> bool {
        let leg = self.classes.get_mut(&class).and_then(|open| open.legs.get_mut(&peer));
        let bears = leg.is_some_and(|leg| of(leg).take_many(now, bytes as u64));
        self.refused.flooded += u64::from(!bears);
        bears
    }

    /// Takes a word about a class, if the peer has not said too many.
    fn word_in_turn(&mut self, now: u64, peer: NodeId, word: &Word) {
        if self.peers.get_mut(&peer).is_some_and(|known| known.words.take(now)) {
            self.word(now, peer, word);
        } else {
            self.refused.too_fast += 1;
        }
    }

    fn track_of(&self, class: Subject, peer: NodeId, local: u8) -> Option<TrackId> {
        self.classes.get(&class)?.legs.get(&peer)?.tracks_in.get(&local).copied()
    }

    fn word(&mut self, now: u64, peer: NodeId, word: &Word) {
        match *word {
            Word::Join { class, head, digest } => {
                let answer = self.join(now, peer, class, head, digest).unwrap_or_else(|why| {
                    self.refused.not_allowed += u64::from(why == Why::NotAllowed);
                    Word::Refused { class, why }
                });
                if let Some(peer) = self.peers.get_mut(&peer) {
                    peer.trunk.write(now, ABOUT_ALL, &answer.write());
                }
                self.announce_all(now, class, peer);
            }
            Word::Welcome { class, handle, head, elapsed_ms } => {
                self.welcome(now, peer, class, handle, head, elapsed_ms);
            }
            Word::Refused { class, why } => {
                let Some(open) = self.classes.get_mut(&class).filter(|c| c.way == Way::Via(peer)) else { return };
                if why == Why::Other && open.lane.head() > 0 {
                    self.cut_back(now, peer, class);
                    return;
                }
                open.ask_at = now + if why == Why::NotAllowed { NOT_ALLOWED_MS } else { ASK_AGAIN_MS };
                self.whys.insert(class, why);
                self.part(now, peer, class);
            }
            Word::Leave { class } => self.part(now, peer, class),
            Word::Beyond { class, cut } => {
                let open = self.classes.get_mut(&class);
                if let Some(open) = open.filter(|c| c.up() == Some(peer) && c.is_cut_beyond != cut) {
                    open.is_cut_beyond = cut;
                    // What was sent meanwhile went no further.
                    open.outbox.rewind();
                    self.news.push((class, News::Changed));
                }
            }
            Word::Light { class, node, light } => self.light(peer, class, node, light),
            Word::Over { class } => {
                if let Some(open) = self.classes.get_mut(&class).filter(|c| c.way == Way::Via(peer)) {
                    open.ask_at = now + ASK_AGAIN_MS;
                    self.part(now, peer, class);
                }
            }
        }
    }

    fn join(
        &mut self,
        now: u64,
        peer: NodeId,
        class: Subject,
        head: u64,
        digest: Option<[u8; 8]>,
    ) -> Result<Word, Why> {
        if !self.door.may_join(peer, class) {
            return Err(Why::NotAllowed);
        }
        let open = self.classes.get(&class).ok_or(Why::NotOpen)?;
        // Two nodes that follow each other would never come to an order.
        if open.way == Way::Via(peer) {
            return Err(Why::NotOpen);
        }
        let had = digest.map(|digest| Mark { seq: head, digest });
        let is_longer = head > open.lane.head();
        // An origin that lost the end of its record goes on from there, and so does whoever has what was lost.
        match had {
            Some(had) if !is_longer && !open.lane.knows(had) => return Err(Why::Other),
            Some(_) if is_longer && open.way == Way::Here => return Err(Why::Other),
            None if is_longer && open.way == Way::Here => return Err(Why::NotOpen),
            _ => {}
        }
        self.part(now, peer, class);
        let known = self.peers.get_mut(&peer).ok_or(Why::NotOpen)?;
        let handle = (0..0x7f_u8)
            .map(|n| (known.next_handle - 1 + n) % 0x7f + 1)
            .find(|h| !known.handles.contains_key(&(h | 0x80)))
            .ok_or(Why::TooMany)?;
        known.next_handle = handle % 0x7f + 1;
        known.trunk.forget(handle | 0x80);
        known.handles.insert(handle | 0x80, class);
        let open = self.classes.get_mut(&class).ok_or(Why::NotOpen)?;
        // A node between that is itself behind sees later whether it is.
        let mut leg = Leg::new(now, handle | 0x80, false, head);
        (leg.had, leg.says) = (had.filter(|_| is_longer), had.is_some());
        open.legs.insert(peer, leg);
        self.news.push((class, News::Changed));
        Ok(Word::Welcome { class, handle, head: open.lane.head(), elapsed_ms: open.elapsed(now) })
    }

    fn welcome(&mut self, now: u64, peer: NodeId, class: Subject, handle: u8, head: u64, elapsed_ms: u64) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let Some(open) = self.classes.get_mut(&class).filter(|c| c.way == Way::Via(peer)) else {
            known.trunk.write(now, ABOUT_ALL, &Word::Leave { class }.write());
            return;
        };
        if let Some(old) = open.legs.insert(peer, Leg::new(now, handle, true, 0)) {
            known.handles.remove(&old.handle);
            known.trunk.forget(old.handle);
        }
        known.handles.insert(handle, class);
        open.began = now.cast_signed() - elapsed_ms.cast_signed();
        open.lacks_way = true;
        open.correct(known.trunk.line().rtt_ms);
        open.is_timed = true;
        open.behind = head;
        // One that is cut itself says so next.
        open.is_cut_beyond = false;
        open.outbox.rewind();
        self.whys.remove(&class);
        self.news.push((class, News::Changed));
        self.announce_all(now, class, peer);
    }

    /// What is here of a class is not what happened where it has its order: cuts off its end and asks anew, at once. Who follows
    /// the class here and has more than is left is told the same.
    fn cut_back(&mut self, now: u64, peer: NodeId, class: Subject) {
        self.part(now, peer, class);
        let Some(open) = self.classes.get_mut(&class) else { return };
        let keeps = open.cut_back(self.me);
        open.ask_at = now;
        let beyond: Vec<NodeId> =
            open.legs.iter().filter(|(_, leg)| leg.sent > keeps).map(|(follower, _)| *follower).collect();
        beyond.into_iter().for_each(|follower| self.refuse_other(now, class, follower));
        self.whys.remove(&class);
        self.news.extend([(class, News::Cut(keeps)), (class, News::Changed)]);
    }

    /// Tells a peer that what it has of a class is not what happened; it asks anew.
    pub(super) fn refuse_other(&mut self, now: u64, class: Subject, peer: NodeId) {
        let says = self.classes.get(&class).and_then(|c| c.legs.get(&peer)).is_some_and(|leg| leg.says);
        if let Some(known) = self.peers.get_mut(&peer) {
            let word = if says { Word::Refused { class, why: Why::Other } } else { Word::Over { class } };
            known.trunk.write(now, ABOUT_ALL, &word.write());
        }
        self.part(now, peer, class);
    }

    /// Announces to a peer the tracks that do not come from it.
    fn announce_all(&mut self, now: u64, class: Subject, peer: NodeId) {
        let (Some(open), Some(known)) = (self.classes.get_mut(&class), self.peers.get_mut(&peer)) else { return };
        let Some(leg) = open.legs.get_mut(&peer) else { return };
        for heeded in open.tracks.values().filter(|t| t.from != Some(peer)) {
            leg.announce(now, &mut known.trunk, &heeded.track, heeded.near);
        }
    }

    /// A peer follows a class no more, or is not followed any more.
    fn part(&mut self, now: u64, peer: NodeId, class: Subject) {
        let handle = self.classes.get(&class).and_then(|c| c.legs.get(&peer)).map(|leg| leg.handle);
        if let (Some(handle), Some(known)) = (handle, self.peers.get_mut(&peer)) {
            known.handles.remove(&handle);
            known.trunk.forget(handle);
        }
        self.drop_leg(now, class, peer);
    }

    fn line(&mut self, now: u64, peer: NodeId, class: Subject, line: &Line<'_>) -> Result<(), Malformed> {
        let Some(open) = self.classes.get_mut(&class) else { return Ok(()) };
        let leg = open.legs.get_mut(&peer).ok_or(Malformed)?;
        match *line {
            Line::Lane(records) if leg.is_up => {
                let (mut input, before) = (Reader(records), open.lane.head());
                let mut done = Ok(before);
                while !input.is_empty() && done.is_ok() {
                    done = open.lane.read(&mut input);
                }
                let others = open.outbox.taken(open.lane.taken(self.me));
                self.news.extend(others.into_iter().map(|saying| (class, News::Said(saying))));
                self.grown(class, before);
                return done.map(drop);
            }
            Line::Speaker { number, node, who } if !leg.is_up => {
                if !self.door.may_bring(peer, class, node) {
                    self.refused.not_allowed += 1;
                    return Ok(());
                }
                return if leg.name(number, node, who) { Ok(()) } else { Err(Malformed) };
            }
            Line::Saying { speaker, number, at_ms, payload } if !leg.is_up => {
                let Some((node, who)) = leg.speakers_in.get(&speaker).copied() else { return Ok(()) };
                if !leg.bucket.take(now) {
                    self.refused.too_fast += 1;
                    return Ok(());
                }
                let saying = Saying { number, at_ms, who, payload: payload.into() };
                self.take_in(now, class, node, &saying);
            }
            Line::Track { local, track, seq, at } => self.hear_track(now, peer, class, local, track, (seq, at)),
            Line::Silent { local } => {
                if let Some(track) = leg.tracks_in.remove(&local) {
                    self.end_track(now, class, track);
                }
            }
            Line::Lane(_) | Line::Speaker { .. } | Line::Saying { .. } => return Err(Malformed),
        }
        Ok(())
    }

    /// At the origin, takes in what is next from its node; elsewhere passes it on.
    fn take_in(&mut self, now: u64, class: Subject, node: NodeId, saying: &Saying) {
        let Some(open) = self.classes.get_mut(&class) else { return };
        match open.way {
            Way::Here => {
                // What has come before, or comes too early, comes again if it must.
                if saying.number == open.lane.taken(node) + 1 {
                    let at = open.elapsed(now);
                    match open.lane.append(at, node, saying) {
                        Ok(seq) => self.grown(class, seq - 1),
                        Err(_) => self.refused.too_fast += 1,
                    }
                }
            }
            Way::Via(way) => {
                if let (Some(leg), Some(peer)) = (open.legs.get_mut(&way), self.peers.get_mut(&way))
                    && !peer.trunk.is_away()
                {
                    // If there is no room now, its node sends it again.
                    leg.bring(now, &mut peer.trunk, node, saying);
                }
            }
        }
    }

    fn hear_track(&mut self, now: u64, peer: NodeId, class: Subject, local: u8, track: Track, near: (u64, u64)) {
        let brings = |open: &Class| open.legs.get(&peer).is_some_and(|leg| leg.is_up);
        let Some(open) = self.classes.get(&class) else { return };
        if track.id.node == self.me || !(brings(open) || self.door.may_bring(peer, class, track.id.node)) {
            self.refused.not_allowed += 1;
            return;
        }
        let own = open.tracks.keys().filter(|id| id.node == track.id.node && **id != track.id).count();
        let full = open.tracks.len() >= MAX_TRACKS || own >= MAX_TRACKS_OF_ONE;
        if full || open.tracks.get(&track.id).is_some_and(|t| t.from != Some(peer)) {
            return;
        }
        let leg = self.classes.get_mut(&class).and_then(|c| c.legs.get_mut(&peer));
        if leg.is_some_and(|leg| !leg.begins.take(now)) {
            self.refused.too_fast += 1;
            return;
        }
        self.add_track(now, class, track, Some(peer), near);
        let Some(leg) = self.classes.get_mut(&class).and_then(|c| c.legs.get_mut(&peer)) else { return };
        leg.tracks_in.insert(local, track.id);
        let Some(known) = self.peers.get_mut(&peer) else { return };
        for packet in known.trunk.expect(leg.handle, local, near.0, near.1) {
            self.pass_on(now, class, track.id, Some(peer), packet);
        }
    }
}
