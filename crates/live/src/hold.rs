//! How long a receiving node holds voice before it gives it to its listeners: as short as the way allows, as long as
//! what was lost on it needs to come again.
//!
//! Browsers hold voice themselves, but not for the second that a second try over a satellite takes. So the node holds it
//! first, by what it has seen: all but one of two hundred packets should be there when their time comes. The hold grows
//! at once when packets come too late, and shrinks by a millisecond a packet, which a browser follows unheard.

use std::collections::BTreeMap;

use crate::Packet;

/// Steps of time in which lateness is counted, and how many of them there are.
const STEP_MS: i64 = 10;
const STEPS: usize = 260;
/// Beginning this far before the first packet's.
const BEFORE_MS: i64 = 400;
/// A packet counts this much less after each that follows: half after 20 s.
const FADE: f32 = 0.998;
/// The part that may come too late.
const LATE: f32 = 0.004;
/// What the clocks of threads and networks take.
const MARGIN_MS: i64 = 12;
/// At first, when nothing has been seen.
const FIRST_MS: i64 = 60;
/// Packets until what was seen counts for more than what was expected.
const ENOUGH: f32 = 100.0;
/// Packets that wait.
const MOST: usize = 400;
/// A track that jumps is begun anew.
const JUMP_MS: i64 = 15_000;

/// How a track was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Packets that were given to listeners.
    pub played: u64,
    /// Packets whose time came before they did.
    pub concealed: u64,
    /// Of those, packets that came afterwards.
    pub late: u64,
    /// How long the last one was held on its way through this node and the one before, in milliseconds: the time from
    /// the shortest way to the listener.
    pub hold_ms: u64,
}

/// The hold of one track.
#[derive(Debug)]
pub(crate) struct Hold {
    waiting: BTreeMap<u64, Packet>,
    next: Option<u64>,
    /// A packet's time in its track and this make the time at which it is played.
    offset: i64,
    /// The way of the first packet, from which lateness is counted.
    anchor: Option<i64>,
    seen: Vec<f32>,
    total: f32,
    expected: i64,
    heard: Heard,
}

impl Hold {
    /// `expected_ms`: how much later than usual a packet may be that was lost once, if such are to be expected.
    pub fn new(expected_ms: u64) -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: None,
            offset: 0,
            anchor: None,
            seen: vec![0.0; STEPS],
            total: 0.0,
            expected: FIRST_MS.max(expected_ms.cast_signed()),
            heard: Heard::default(),
        }
    }

    pub fn heard(&self) -> Heard {
        self.heard
    }

    pub fn take(&mut self, now: u64, packet: Packet) {
        let way = now.cast_signed() - packet.at_ms().cast_signed();
        let anchor = *self.anchor.get_or_insert(way);
        if (way - anchor).abs() > JUMP_MS {
            *self = Self { heard: self.heard, ..Self::new(self.expected.unsigned_abs()) };
            return self.take(now, packet);
        }
        if self.total == 0.0 {
            self.offset = way + self.expected;
        }
        self.count(way - anchor);
        if self.next.is_some_and(|next| packet.seq < next) {
            self.heard.late += 1;
            // What was too late once is not to be again.
            self.offset = self.offset.max(self.wanted(anchor));
            return;
        }
        if self.waiting.len() < MOST {
            self.waiting.insert(packet.seq, packet);
        }
    }

    fn count(&mut self, late: i64) {
        let step = usize::try_from((late + BEFORE_MS) / STEP_MS).unwrap_or(0).min(STEPS - 1);
        self.seen.iter_mut().for_each(|n| *n *= FADE);
        if let Some(n) = self.seen.get_mut(step) {
            *n += 1.0;
        }
        self.total = self.total * FADE + 1.0;
    }

    /// The offset by which nearly all packets would have been there in time.
    fn wanted(&self, anchor: i64) -> i64 {
        let (mut left, mut step) = (self.total * LATE, STEPS);
        while step > 0 {
            left -= self.seen.get(step - 1).copied().unwrap_or(0.0);
            if left < 0.0 {
                break;
            }
            step -= 1;
        }
        let steps = i64::try_from(step).unwrap_or(0);
        anchor - BEFORE_MS + steps * STEP_MS + MARGIN_MS
    }

    /// The shortest way that was seen lately.
    fn shortest(&self, anchor: i64) -> i64 {
        let first = self.seen.iter().position(|n| *n > 0.01).unwrap_or(0);
        anchor - BEFORE_MS + i64::try_from(first).unwrap_or(0) * STEP_MS
    }

    /// The next packet whose time has come.
    pub fn poll(&mut self, now: u64) -> Option<Packet> {
        let first = self.waiting.first_entry()?;
        let at = first.get().at_ms().cast_signed();
        if at + self.offset > now.cast_signed() {
            return None;
        }
        let (seq, packet) = first.remove_entry();
        self.heard.concealed += self.next.map_or(0, |next| seq - next);
        self.heard.played += 1;
        self.next = Some(seq + 1);
        let anchor = self.anchor.unwrap_or(0);
        self.heard.hold_ms = u64::try_from(self.offset - self.shortest(anchor)).unwrap_or(0);
        let mut wanted = self.wanted(anchor);
        if self.total < ENOUGH {
            wanted = wanted.max(self.shortest(anchor) + self.expected);
        }
        self.offset += (wanted - self.offset).clamp(-1, 3);
        Some(packet)
    }

    /// When the next packet's time comes.
    pub fn wake(&self) -> Option<u64> {
        let (_, first) = self.waiting.first_key_value()?;
        Some(u64::try_from(first.at_ms().cast_signed() + self.offset).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: u64) -> Packet {
        Packet { seq: n, at: n * 24, opus: [11 << 3].as_slice().into() }
    }

    /// Runs packets whose lateness is given through a hold, millisecond by millisecond.
    fn run(hold: &mut Hold, count: u64, late: impl Fn(u64) -> Option<u64>) -> Vec<(u64, u64)> {
        let mut come: Vec<(u64, u64)> = (0..count).filter_map(|n| Some((n * 60 + late(n)?, n))).collect();
        come.sort_unstable();
        let (mut come, mut played) = (come.into_iter().peekable(), Vec::new());
        for now in 1000..1000 + count * 60 + 3000 {
            while let Some((_, n)) = come.next_if(|(at, _)| at + 1000 <= now) {
                hold.take(now, packet(n));
            }
            while let Some(packet) = hold.poll(now) {
                played.push((packet.seq, now));
            }
        }
        played
    }

    #[test]
    fn on_a_clean_way_the_hold_is_short() {
        let mut hold = Hold::new(0);
        let played = run(&mut hold, 600, |n| Some(300 + n % 7));
        assert_eq!((hold.heard().played, hold.heard().concealed), (600, 0));
        let (seq, at) = *played.last().unwrap();
        assert!(at - 1000 - seq * 60 < 300 + 40, "{} ms after it was spoken", at - 1000 - seq * 60);
    }

    #[test]
    fn it_grows_to_what_comes_a_second_time_needs_and_shrinks_again() {
        let mut hold = Hold::new(0);
        // Every twentieth comes 700 ms late for a minute; then none for two.
        let played = run(&mut hold, 3000, |n| Some(if n < 1000 && n % 20 == 7 { 1000 } else { 300 }));
        assert!(hold.heard().concealed <= 3, "{:?}", hold.heard());
        let way = |n: usize| played[n].1 - 1000 - played[n].0 * 60;
        assert!((950..1100).contains(&way(900)), "{}", way(900));
        assert!(way(2990) < 360, "{}", way(2990));
        assert!(played.windows(2).all(|two| two[0].0 < two[1].0), "in order");
    }

    #[test]
    fn what_never_comes_is_concealed_and_counted() {
        let mut hold = Hold::new(0);
        run(&mut hold, 500, |n| (n % 50 != 3).then_some(100));
        assert_eq!((hold.heard().played, hold.heard().concealed, hold.heard().late), (490, 10, 0));
    }
}
