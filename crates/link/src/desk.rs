use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::Trouble;
use crate::chains::{Chain, Known};
use crate::wire::Outcome;

/// Segments that may be under way whatever their size.
const FEW: usize = 2;
/// Segments and bytes that may be under way when they are small: a thousand short chains must not wait for a
/// thousand answers over a satellite.
const MANY: usize = 256;
const SMALL: usize = 256 * 1024;
/// Times that a peer may say in one session that it misses what it was sent.
const MAX_GAPS: u32 = 1000;

/// What is under way to a peer in one session.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// How far each chain was sent in this session.
    sent: Known,
    under_way: VecDeque<Sent>,
    bytes: usize,
    /// Chains whose node the peer did not know, with the count of segments taken by then: one of those taken
    /// since may have been its enrolment.
    waiting: BTreeMap<Chain, u64>,
    /// Chains that the peer finds bad: a person must look.
    bad: BTreeSet<Chain>,
    taken: u64,
    gaps: u32,
    /// Whether there may be something to send that the last plan left out.
    stale: bool,
}

/// A segment under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub chain: Chain,
    pub last: u64,
    pub entries: u64,
    pub bytes: usize,
}

impl Desk {
    /// After which number a chain goes on, given how far the peer is known to be; `None` if it must wait.
    pub fn after(&self, chain: &Chain, known: u64) -> Option<u64> {
        if self.bad.contains(chain) || self.waiting.contains_key(chain) {
            return None;
        }
        Some(self.sent.get(chain).copied().unwrap_or(0).max(known))
    }

    /// Whether another segment may go out.
    pub fn has_room(&self) -> bool {
        let n = self.under_way.len();
        n < FEW || (n < MANY && self.bytes < SMALL)
    }

    pub fn sent(&mut self, sent: Sent) {
        self.sent.insert(sent.chain, sent.last);
        self.bytes += sent.bytes;
        self.under_way.push_back(sent);
    }

    /// Takes note of the answer to the oldest segment under way.
    pub fn answered(&mut self, outcome: Outcome) -> Result<Sent, Trouble> {
        let sent = self.under_way.pop_front().ok_or(Trouble::Protocol)?;
        self.bytes -= sent.bytes;
        match outcome {
            Outcome::Taken => self.taken += 1,
            Outcome::NotAllowed => {
                self.sent.remove(&sent.chain);
                self.waiting.insert(sent.chain, self.taken);
            }
            Outcome::Gap => {
                self.gaps += 1;
                if self.gaps > MAX_GAPS {
                    return Err(Trouble::Protocol);
                }
                self.sent.remove(&sent.chain);
                self.stale = true;
            }
            Outcome::Bad => {
                self.bad.insert(sent.chain);
            }
        }
        let (taken, before) = (self.taken, self.waiting.len());
        if self.under_way.is_empty() {
            self.waiting.retain(|_, then| *then == taken);
        }
        self.stale |= self.waiting.len() < before;
        Ok(sent)
    }

    /// Lets chains try again whose node the peer did not know: it may have learnt of it elsewhere.
    pub fn retry(&mut self) {
        self.waiting.clear();
    }

    /// Whether a new plan is due, once.
    pub fn take_stale(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{NodeId, Scope};

    fn sent(node: u8, last: u64, bytes: usize) -> Sent {
        Sent { chain: (Scope::Programme([1; 16]), NodeId([node; 16])), last, entries: 1, bytes }
    }

    #[test]
    fn two_large_or_many_small_are_under_way() {
        let mut desk = Desk::default();
        for n in 0..FEW as u64 {
            assert!(desk.has_room());
            desk.sent(sent(1, n + 1, 10 << 20));
        }
        assert!(!desk.has_room());
        let mut desk = Desk::default();
        (0..MANY as u64).for_each(|n| desk.sent(sent(1, n + 1, 200)));
        assert!(!desk.has_room());
        desk.answered(Outcome::Taken).unwrap();
        assert!(desk.has_room());
    }

    #[test]
    fn a_chain_of_an_unknown_node_waits_for_another_to_be_taken() {
        let mut desk = Desk::default();
        let (unknown, other) = (sent(1, 5, 100), sent(2, 7, 100));
        desk.sent(unknown);
        desk.sent(other);
        desk.answered(Outcome::NotAllowed).unwrap();
        assert_eq!(desk.after(&unknown.chain, 0), None);
        assert!(!desk.take_stale());
        desk.answered(Outcome::Taken).unwrap();
        assert!(desk.take_stale());
        assert_eq!(desk.after(&unknown.chain, 0), Some(0));
        desk.sent(unknown);
        desk.answered(Outcome::NotAllowed).unwrap();
        assert_eq!(desk.after(&unknown.chain, 0), None);
        assert!(!desk.take_stale());
        assert_eq!(desk.after(&other.chain, 3), Some(7));
    }

    #[test]
    fn an_answer_to_nothing_is_refused() {
        assert_eq!(Desk::default().answered(Outcome::Taken), Err(Trouble::Protocol));
    }
}
