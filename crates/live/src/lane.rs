//! The order of a class: events numbered without holes by the node where the teacher is, and, beside it, what each
//! node's people have said and that node does not yet know to be in it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base::{Hash, NodeId, Subject};

use crate::wire::{Malformed, Reader, Writer};

/// Bytes of an event's content.
pub const MAX_PAYLOAD: usize = 16 * 1024;
/// Events of a class, and their bytes: a day of four people writing at once.
const MAX_EVENTS: usize = 1_000_000;
const MAX_BYTES: usize = 64 << 20;
/// Who may speak in a class.
const MAX_SPEAKERS: usize = 4096;
/// Sayings that wait until they are taken in, and their bytes.
const MAX_WAITING: usize = 20_000;
const MAX_WAITING_BYTES: usize = 8 << 20;
/// What comes in so much later than it was said is late.
const LATE_MS: u64 = 5000;

/// Something that happened in a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, from 1, without holes.
    pub seq: u64,
    /// When the origin took it in, in milliseconds since the class began.
    pub at_ms: u64,
    /// The node whose person said it.
    pub node: NodeId,
    /// Who said it: a person or a room.
    pub who: Subject,
    /// How much earlier it was said, if its node was cut off; zero otherwise.
    pub late_ms: u64,
    /// What was said; this crate does not look into it.
    pub payload: Arc<[u8]>,
}

/// Something that was said at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// Its number among those of its node, from 1, without holes.
    pub number: u64,
    /// When, in milliseconds since the class began, by the node's clock.
    pub at_ms: u64,
    /// Who.
    pub who: Subject,
    /// What.
    pub payload: Arc<[u8]>,
}

/// Why something is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than [`MAX_PAYLOAD`].
    #[error("too long")]
    TooLong,
    /// Too much was said already, or too fast.
    #[error("too much at once")]
    TooMuch,
    /// The class is not open at this node.
    #[error("no such class is open here")]
    NoClass,
}

/// How far a lane goes, and a digest of all that is in it: two that have the same are the same so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The number of an event; zero before the first.
    pub seq: u64,
    /// Of the events up to that one.
    pub digest: [u8; 8],
}

/// The events of a class.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    events: Vec<Event>,
    /// Of each event, the digest of all up to it.
    digests: Vec<[u8; 8]>,
    speakers: Vec<(NodeId, Subject)>,
    /// Of each speaker, the first event.
    first: Vec<u64>,
    /// Of each event, its speaker.
    spoken: Vec<u32>,
    index: BTreeMap<(NodeId, Subject), u32>,
    /// Of each node, how many of its sayings are in.
    taken: BTreeMap<NodeId, u64>,
    bytes: usize,
}

impl Lane {
    /// The number of the last event; zero if there is none.
    pub fn head(&self) -> u64 {
        self.events.len() as u64
    }

    /// The events after a number.
    pub fn after(&self, seq: u64) -> &[Event] {
        usize::try_from(seq).ok().and_then(|seq| self.events.get(seq..)).unwrap_or_default()
    }

    /// How far it goes.
    pub fn mark(&self) -> Mark {
        Mark { seq: self.head(), digest: self.digests.last().copied().unwrap_or_default() }
    }

    /// Whether it is the same as another up to where that one goes.
    pub fn knows(&self, mark: Mark) -> bool {
        let at = mark.seq.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        mark.seq == 0 || at.and_then(|at| self.digests.get(at)) == Some(&mark.digest)
    }

    /// Cuts off the events after a number, and gives those.
    pub(crate) fn cut(&mut self, seq: u64) -> Vec<Event> {
        let at = usize::try_from(seq).unwrap_or(usize::MAX).min(self.events.len());
        let mut events = std::mem::take(&mut self.events);
        let cut = events.split_off(at);
        *self = Self::default();
        for event in events {
            // They fitted before.
            let _ = self.push(event);
        }
        cut
    }

    /// How many of a node's sayings are in.
    pub fn taken(&self, node: NodeId) -> u64 {
        self.taken.get(&node).copied().unwrap_or(0)
    }

    /// Takes in the next saying of a node, at the origin.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn append(&mut self, now_ms: u64, node: NodeId, saying: &Saying) -> Result<u64, Refusal> {
        if saying.payload.len() > MAX_PAYLOAD {
            return Err(Refusal::TooLong);
        }
        let at_ms = self.events.last().map_or(now_ms, |last| now_ms.max(last.at_ms));
        let late_ms = Some(at_ms.saturating_sub(saying.at_ms)).filter(|late| *late > LATE_MS).unwrap_or(0);
        let event =
            Event { seq: self.head() + 1, at_ms, node, who: saying.who, late_ms, payload: saying.payload.clone() };
        self.push(event).map_err(|Malformed| Refusal::TooMuch)
    }

    /// Takes in an event as it was, under the next number.
    pub(crate) fn put(&mut self, event: Event) -> Result<u64, Malformed> {
        let fits =
            event.payload.len() <= MAX_PAYLOAD && self.events.last().is_none_or(|last| last.at_ms <= event.at_ms);
        if fits { self.push(Event { seq: self.head() + 1, ..event }) } else { Err(Malformed) }
    }

    fn push(&mut self, event: Event) -> Result<u64, Malformed> {
        let speaker = (event.node, event.who);
        let index = match self.index.get(&speaker) {
            Some(index) => *index,
            None if self.speakers.len() < MAX_SPEAKERS => {
                let index = u32::try_from(self.speakers.len()).map_err(|_| Malformed)?;
                self.speakers.push(speaker);
                self.first.push(event.seq);
                self.index.insert(speaker, index);
                index
            }
            None => return Err(Malformed),
        };
        let bytes = self.bytes + event.payload.len() + 100;
        if self.events.len() >= MAX_EVENTS || bytes > MAX_BYTES {
            return Err(Malformed);
        }
        self.bytes = bytes;
        self.digests.push(digest(self.mark().digest, &event));
        *self.taken.entry(event.node).or_insert(0) += 1;
        self.spoken.push(index);
        let seq = event.seq;
        self.events.push(event);
        Ok(seq)
    }

    /// Writes an event as it goes over a trunk and into a record: the differences to those before.
    ///
    /// | what | bytes |
    /// |---|---|
    /// | time since the event before | 1–3 |
    /// | twice the speaker's number, and one if it is late | 1–2 |
    /// | a speaker who has not spoken before: node and subject | 32 |
    /// | if late: by how much | 2–4 |
    /// | length and content | |
    pub(crate) fn write(&self, seq: u64, out: &mut Writer) -> Option<()> {
        let i = usize::try_from(seq.checked_sub(1)?).ok()?;
        let (event, speaker) = (self.events.get(i)?, *self.spoken.get(i)?);
        let before = i.checked_sub(1).and_then(|i| self.events.get(i)).map_or(0, |e| e.at_ms);
        out.number(event.at_ms - before).number(u64::from(speaker) << 1 | u64::from(event.late_ms > 0));
        let is_known = self.first.get(usize::try_from(speaker).ok()?).is_some_and(|first| *first < seq);
        if !is_known {
            out.raw(&event.node.0).raw(&event.who.0);
        }
        if event.late_ms > 0 {
            out.number(event.late_ms);
        }
        out.bytes(&event.payload);
        Some(())
    }

    /// Reads the next event, as [`Self::write`] wrote it.
    pub(crate) fn read(&mut self, input: &mut Reader<'_>) -> Result<u64, Malformed> {
        let before = self.events.last().map_or(0, |e| e.at_ms);
        let at_ms = before + input.below(1 << 40)?;
        let speaker = input.below(2 * MAX_SPEAKERS as u64)?;
        let (index, is_late) = (usize::try_from(speaker >> 1).map_err(|_| Malformed)?, speaker & 1 == 1);
        let (node, who) = match self.speakers.get(index) {
            Some(known) => *known,
            None if index == self.speakers.len() => {
                let new = (NodeId(input.array()?), Subject(input.array()?));
                if self.index.contains_key(&new) {
                    return Err(Malformed);
                }
                new
            }
            None => return Err(Malformed),
        };
        let late_ms = if is_late { input.below(1 << 40)? } else { 0 };
        if is_late && late_ms == 0 {
            return Err(Malformed);
        }
        let payload = input.bytes(MAX_PAYLOAD)?.into();
        self.push(Event { seq: self.head() + 1, at_ms, node, who, late_ms, payload })
    }
}

/// The digest of a lane with one more event: the first bytes of the hash of the one before and of all that the event is.
fn digest(before: [u8; 8], event: &Event) -> [u8; 8] {
    let mut out = Writer::default();
    out.raw(&before).raw(&event.at_ms.to_be_bytes()).raw(&event.node.0).raw(&event.who.0);
    out.raw(&event.late_ms.to_be_bytes()).raw(&event.payload);
    Hash::of(&out.0).0.first_chunk().copied().unwrap_or_default()
}

/// What a node's people have said and that is not known to be in the lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Saying>,
    bytes: usize,
    last: u64,
    /// How many of the last that wait bear numbers that may change: before it is known how many the class has of this node,
    /// a node that lost the end of what it wrote down would give a number twice.
    fresh: usize,
    is_settled: bool,
    /// How far it was sent on this connection, and when.
    sent: u64,
    sent_at: u64,
}

impl Outbox {
    pub fn restore(sayings: Vec<Saying>, taken: u64) -> Self {
        let last = sayings.last().map_or(taken, |s| s.number.max(taken));
        let bytes = sayings.iter().map(|s| s.payload.len()).sum();
        let mut outbox = Self { waiting: sayings.into(), bytes, last, ..Self::default() };
        outbox.taken(taken);
        outbox
    }

    pub fn say(&mut self, at_ms: u64, who: Subject, payload: &[u8]) -> Result<&Saying, Refusal> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Refusal::TooLong);
        }
        if self.waiting.len() >= MAX_WAITING || self.bytes + payload.len() > MAX_WAITING_BYTES {
            return Err(Refusal::TooMuch);
        }
        self.last += 1;
        self.fresh += usize::from(!self.is_settled);
        self.bytes += payload.len();
        self.waiting.push_back(Saying { number: self.last, at_ms, who, payload: payload.into() });
        self.waiting.back().ok_or(Refusal::TooMuch)
    }

    /// So many are in the lane. Gives those that have other numbers by it.
    pub fn taken(&mut self, count: u64) -> Vec<Saying> {
        while self.waiting.len() > self.fresh
            && let Some(first) = self.waiting.front().filter(|s| s.number <= count)
        {
            self.bytes -= first.payload.len();
            self.waiting.pop_front();
        }
        // A node that lost its record goes on after what the class knows of it.
        let is_new = |s: &Saying| s.number <= count;
        if self.fresh == 0 || !self.waiting.front().is_some_and(is_new) {
            self.last = self.last.max(count);
            return Vec::new();
        }
        for (saying, number) in self.waiting.iter_mut().zip(count + 1..) {
            saying.number = number;
            self.last = number;
        }
        self.waiting.iter().cloned().collect()
    }

    /// It is known how many are in the lane: numbers stay from now on.
    pub fn settle(&mut self) {
        self.fresh = 0;
        self.is_settled = true;
    }

    /// These were in the lane and are not any more: they go before all others, whose numbers follow theirs.
    pub fn put_back(&mut self, sayings: Vec<Saying>) {
        self.bytes += sayings.iter().map(|s| s.payload.len()).sum::<usize>();
        for saying in sayings.into_iter().rev() {
            self.waiting.push_front(saying);
        }
        self.sent = 0;
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Saying> {
        self.waiting.iter()
    }

    /// Everything that waits is to be sent anew.
    pub fn rewind(&mut self) {
        self.sent = 0;
    }

    /// The next to be sent, if not too many are under way; what is not taken in for long goes again.
    pub fn next(&mut self, now: u64, patience: u64) -> Option<&Saying> {
        const UNDER_WAY: usize = 128;
        // What was sent under a number keeps it.
        self.settle();
        let first = self.waiting.front()?.number;
        if self.sent >= first && now > self.sent_at + patience {
            self.sent = 0;
        }
        let i = usize::try_from((self.sent + 1).saturating_sub(first)).ok().filter(|i| *i < UNDER_WAY)?;
        let next = self.waiting.get(i)?;
        self.sent = next.number;
        self.sent_at = now;
        Some(next)
    }

    /// When to look again.
    pub fn wake(&self, patience: u64) -> Option<u64> {
        let first = self.waiting.front()?.number;
        Some(if self.sent >= first { self.sent_at + patience + 1 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn saying(number: u64, at_ms: u64, who: u8, payload: &[u8]) -> Saying {
        Saying { number, at_ms, who: Subject([who; 16]), payload: payload.into() }
    }

    proptest! {
        #[test]
        fn a_lane_is_read_as_it_was_written(
            said in prop::collection::vec((0..5_u64, 0..20_000_u64, 0..6_u8, 0..3_u8, prop::collection::vec(any::<u8>(), 0..30)), 0..60),
        ) {
            let (mut lane, mut now) = (Lane::default(), 0);
            for (wait, before, who, node, payload) in said {
                now += wait * 500;
                lane.append(now, NodeId([node; 16]), &saying(0, now.saturating_sub(before), who, &payload)).unwrap();
            }
            let mut out = Writer::default();
            (1..=lane.head()).for_each(|seq| lane.write(seq, &mut out).unwrap());
            let (mut read, mut input) = (Lane::default(), Reader(&out.0));
            while !input.is_empty() {
                read.read(&mut input).unwrap();
            }
            prop_assert_eq!(read.after(0), lane.after(0));
        }

        #[test]
        fn hostile_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (mut lane, mut input) = (Lane::default(), Reader(&bytes));
            while lane.read(&mut input).is_ok() {}
            prop_assert!(lane.head() <= bytes.len() as u64);
        }
    }

    #[test]
    fn an_event_takes_four_bytes_beside_its_content() {
        let mut lane = Lane::default();
        for n in 0..10 {
            lane.append(n * 150, NodeId([1; 16]), &saying(0, n * 150, 1, &[7; 40])).unwrap();
        }
        let mut out = Writer::default();
        lane.write(10, &mut out).unwrap();
        assert_eq!(out.0.len(), 44);
    }

    #[test]
    fn two_lanes_that_went_apart_are_told_apart() {
        let of = |said: &[&[u8]]| {
            let mut lane = Lane::default();
            for (said, n) in said.iter().zip(0..) {
                lane.append(n * 100, NodeId([1; 16]), &saying(0, n * 100, 1, said)).unwrap();
            }
            lane
        };
        let (one, mut other) = (of(&[b"a", b"b", b"c"]), of(&[b"a", b"x", b"c", b"d"]));
        let marks: Vec<Mark> = (0..=3).map(|n| of(&[&b"a"[..], b"b", b"c"][..n]).mark()).collect();
        assert!(marks.iter().all(|mark| one.knows(*mark)));
        assert_eq!(marks.iter().map(|mark| other.knows(*mark)).collect::<Vec<_>>(), [true, true, false, false]);
        assert!(!one.knows(other.mark()), "longer");
        let cut = other.cut(1);
        assert_eq!((cut.len(), other.mark(), other.taken(NodeId([1; 16]))), (3, marks[1], 1));
    }

    #[test]
    fn an_outbox_gives_no_number_twice() {
        let numbers = |outbox: &Outbox| outbox.waiting().map(|s| s.number).collect::<Vec<_>>();
        // It wrote down eight and has said one more by then; the class has ten of it.
        let mut outbox = Outbox::restore(vec![saying(8, 0, 1, b"eighth")], 7);
        outbox.say(9, Subject([1; 16]), b"new").unwrap();
        assert_eq!(numbers(&outbox), [8, 9]);
        assert!(outbox.taken(8).is_empty());
        assert_eq!(outbox.taken(10).iter().map(|s| s.number).collect::<Vec<_>>(), [11], "to be written down anew");
        outbox.settle();
        outbox.say(9, Subject([1; 16]), b"newer").unwrap();
        assert_eq!(numbers(&outbox), [11, 12]);
        // Known numbers that the class has are taken, and what it lost goes before all others.
        assert!(outbox.taken(11).is_empty());
        outbox.put_back(vec![saying(10, 0, 1, b"x"), saying(11, 0, 1, b"new")]);
        assert_eq!(numbers(&outbox), [10, 11, 12]);
    }

    #[test]
    fn an_outbox_sends_again_what_is_not_taken_in() {
        let mut outbox = Outbox::default();
        for n in 0..3 {
            outbox.say(n, Subject([1; 16]), b"x").unwrap();
        }
        let sent = |outbox: &mut Outbox, now| outbox.next(now, 1000).map(|s| s.number);
        assert_eq!((sent(&mut outbox, 0), sent(&mut outbox, 0)), (Some(1), Some(2)));
        outbox.taken(1);
        assert_eq!((sent(&mut outbox, 10), sent(&mut outbox, 20)), (Some(3), None));
        assert_eq!((sent(&mut outbox, 1021), sent(&mut outbox, 1021)), (Some(2), Some(3)));
        outbox.taken(3);
        assert_eq!((sent(&mut outbox, 9000), outbox.wake(1000)), (None, None));
        assert_eq!(outbox.say(9, Subject([1; 16]), b"y").unwrap().number, 4);
        assert_eq!(outbox.say(9, Subject([1; 16]), &vec![0; MAX_PAYLOAD + 1]), Err(Refusal::TooLong));
    }
}
