//! What came: which datagrams, which are missing, and when the other end is told.

use std::collections::VecDeque;

use crate::wire::{Malformed, Reader, Writer, complete};

/// A datagram is missing when one sent after it has been here for so long.
const REORDER_MS: u64 = 25;
/// News of loss is told again after so long: it may be lost itself.
const AGAIN_MS: u64 = 90;
/// What is missing for so long is given up.
const FORGET_MS: u64 = 4000;
/// Runs of missing datagrams that are remembered.
const RUNS: usize = 40;
/// Arrivals that are remembered.
const RECENT: usize = 96;
/// Something that must arrive is acknowledged within this, if nothing else flows,
const ACK_MS: u64 = 80;
/// or within this, if voice does: a gap would show in it.
const ACK_VOICED_MS: u64 = 400;
/// Everything else is acknowledged within this,
const SLOW_MS: u64 = 1000;
/// or after so many datagrams.
const MANY: u32 = 40;

/// A run of datagrams that did not come, since when that is known, and how often it was told.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u64,
    len: u64,
    since: u64,
    told: u8,
}

/// Datagrams that came.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    recent: VecDeque<(u64, u64)>,
    /// The next number that nobody has seen.
    next: u64,
    missing: VecDeque<Run>,
    /// Nothing is known any more of what was missing before this.
    forgotten: u64,
    bytes: u64,
    /// Since the last feedback.
    unsaid: u32,
    due: Option<u64>,
    last: Option<u64>,
    voiced: u64,
}

/// What a datagram held, as far as acknowledging it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// Something that must arrive.
    pub must: bool,
    /// Voice.
    pub voice: bool,
    /// Anything that wants an answer.
    pub asks: bool,
    /// A question whether this end is there.
    pub ping: bool,
}

impl Arrivals {
    /// Completes a datagram's number; `false` if it came before.
    pub fn number(&mut self, low: u64, now: u64, bytes: usize) -> (u64, bool) {
        let number = complete(low, 16, self.next);
        self.bytes += bytes as u64;
        if number >= self.next {
            // The first of all may be any: what went before was on another connection.
            if number > self.next && !self.recent.is_empty() {
                self.missing.push_back(Run { first: self.next, len: number - self.next, since: now, told: 0 });
                if self.missing.len() > RUNS {
                    self.forget(|_| false);
                }
            }
            self.next = number + 1;
            self.note(number, now);
            return (number, true);
        }
        let Some(i) = self.missing.iter().position(|run| (run.first..run.first + run.len).contains(&number)) else {
            return (number, false);
        };
        self.note(number, now);
        let Some(run) = self.missing.remove(i) else { return (number, false) };
        let after = Run { first: number + 1, len: run.first + run.len - number - 1, ..run };
        let before = Run { len: number - run.first, ..run };
        for part in [after, before] {
            if part.len > 0 && self.missing.len() < RUNS {
                self.missing.insert(i, part);
            }
        }
        (number, true)
    }

    /// Forgets the oldest run, and others that are to be.
    fn forget(&mut self, too_old: impl Fn(&Run) -> bool) {
        while self.missing.front().is_some_and(|run| self.missing.len() > RUNS || too_old(run)) {
            if let Some(run) = self.missing.pop_front() {
                self.forgotten = run.first + run.len;
            }
        }
    }

    fn note(&mut self, number: u64, now: u64) {
        self.recent.push_back((number, now));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// Plans when the other end is told.
    pub fn plan(&mut self, now: u64, held: Held) {
        if held.voice {
            self.voiced = now;
        }
        self.unsaid += u32::from(held.asks);
        let within = match held {
            Held { ping: true, .. } => Some(0),
            Held { must: true, .. } if now < self.voiced + 500 => Some(ACK_VOICED_MS),
            Held { must: true, .. } => Some(ACK_MS),
            Held { asks: true, .. } if self.unsaid >= MANY => Some(0),
            Held { asks: true, .. } => Some(SLOW_MS),
            _ => None,
        };
        if let Some(within) = within {
            self.due = Some(self.due.map_or(now + within, |due| due.min(now + within)));
        }
        self.plan_loss();
    }

    fn plan_loss(&mut self) {
        // Never at once again: what is planned here must not keep a poll from ending.
        let last = self.last.unwrap_or(0);
        let next = self.missing.iter().filter_map(|run| match run.told {
            0 => Some((run.since.max(last)) + REORDER_MS),
            1 => Some((run.since + REORDER_MS).max(last) + AGAIN_MS),
            _ => None,
        });
        if let Some(at) = next.min() {
            self.due = Some(self.due.map_or(at, |due| due.min(at)));
        }
    }

    /// When feedback is due.
    pub fn due(&self) -> Option<u64> {
        self.due
    }

    /// Whether feedback that rides along would save one of its own soon.
    pub fn is_worth(&self, now: u64) -> bool {
        self.due.is_some_and(|due| due <= now + SLOW_MS / 2) && self.unsaid > 0
    }

    /// Writes what came.
    pub fn write(&mut self, now: u64, out: &mut Writer) {
        self.forget(|run| run.since + FORGET_MS <= now);
        // What is not known to be missing yet must not be taken for arrived: the report ends before it.
        let young = self.missing.iter().filter(|run| run.since + REORDER_MS > now).map(|run| run.first).min();
        let end = young.unwrap_or(u64::MAX);
        let seen = self.recent.iter().filter(|(number, _)| *number < end).max();
        let Some(&(highest, at)) = seen else {
            self.due = young.map(|_| now + REORDER_MS);
            return;
        };
        let base = self.forgotten.max(highest.saturating_sub(1 << 12)).min(highest);
        self.missing.iter_mut().filter(|run| run.first < base).for_each(|run| run.told = u8::MAX);
        let runs: Vec<&mut Run> =
            self.missing.iter_mut().rev().filter(|run| (base..highest).contains(&run.first)).collect();
        out.low16(highest).low16(at).number(now.saturating_sub(at)).low24(self.bytes).number(highest - base);
        out.number(runs.len() as u64);
        let mut from = highest;
        for run in runs {
            run.told = run.told.saturating_add(1);
            let last = run.first + run.len - 1;
            out.number(from - last).number(run.len);
            from = run.first;
        }
        self.last = Some(now);
        self.unsaid = 0;
        self.due = None;
        self.plan_loss();
    }
}

/// What the other end says has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feedback {
    /// The highest number that it speaks of,
    pub highest: u64,
    /// and the lowest: nothing is said of those before.
    pub base: u64,
    /// When the highest came, by its clock, in milliseconds: the lowest 16 bits.
    pub at: u64,
    /// How long ago that was.
    pub held: u64,
    /// Bytes that came in all: the lowest 24 bits.
    pub bytes: u64,
    /// First and last of each run that did not come.
    pub missing: Vec<(u64, u64)>,
}

impl Feedback {
    pub fn read(input: &mut Reader<'_>, near: u64) -> Result<Self, Malformed> {
        let highest = complete(input.low16()?, 16, near);
        let at = input.low16()?;
        let held = input.below(1 << 20)?;
        let bytes = input.low24()?;
        let base = highest.checked_sub(input.number()?).ok_or(Malformed)?;
        let mut missing = Vec::new();
        let mut from = highest;
        for _ in 0..input.below(RUNS as u64 + 1)? {
            let last = from.checked_sub(input.number()?).ok_or(Malformed)?;
            let first = last.checked_sub(input.number()?.checked_sub(1).ok_or(Malformed)?).ok_or(Malformed)?;
            if first < base {
                return Err(Malformed);
            }
            missing.push((first, last));
            from = first;
        }
        Ok(Self { highest, base, at, held, bytes, missing })
    }

    pub fn is_missing(&self, number: u64) -> bool {
        self.missing.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arrivals: &mut Arrivals, now: u64) -> Feedback {
        let mut out = Writer::default();
        arrivals.write(now, &mut out);
        Feedback::read(&mut Reader(&out.0), 0).unwrap()
    }

    #[test]
    fn a_gap_is_told_when_it_is_no_reordering() {
        let mut arrivals = Arrivals::default();
        for number in [0, 1, 2, 5, 6] {
            assert!(arrivals.number(number, 100 + number, 100).1);
        }
        assert_eq!(told(&mut arrivals, 110).highest, 2, "what is young is not spoken of");
        let feedback = told(&mut arrivals, 140);
        assert_eq!((feedback.highest, feedback.missing.as_slice()), (6, &[(3, 4)][..]));
        assert!(arrivals.number(4, 150, 100).1 && !arrivals.number(5, 150, 100).1);
        assert_eq!(told(&mut arrivals, 160).missing, [(3, 3)]);
        let late = told(&mut arrivals, 160 + FORGET_MS);
        assert_eq!((late.missing.len(), late.base), (0, 4), "nothing is said of what was forgotten");
    }
}
