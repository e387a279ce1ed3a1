//! How much may be sent: at the rate that arrives, and less when a queue grows on the way.
//!
//! Voice and events of a lesson are far below what any link bears; they are never held back. What is held back is what
//! would fill a queue before them: pictures, video, a long history. So the rate is learnt from delay (after LEDBAT,
//! RFC 6817) and not from loss, which on a radio link says nothing.

use std::collections::VecDeque;

use crate::wire::complete;

/// Bytes that the headers of IP, UDP and QUIC add to a datagram.
pub const OVERHEAD: usize = 28 + 29;
/// Bytes a second to begin with: 64 kbit/s.
const FIRST: u64 = 8000;
const LEAST: u64 = 2000;
const MOST: u64 = 1 << 20;
/// A queue on the way that may stand.
const QUEUE_MS: u64 = 80;
/// Bytes that may go at once beyond the rate.
const BURST: i64 = 2400;
/// Over so many feedbacks the shortest way is looked for.
const BASES: usize = 64;
/// Parts of 1024 that are lost, beyond which the rate is lowered whatever the delay.
const MUCH: u64 = 200;

/// The rate, and what is left of it.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: u64,
    tokens: i64,
    filled: u64,
    /// The way there as the other end's clock less this one's, of the last feedbacks.
    ways: VecDeque<i64>,
    last: Option<Mark>,
    lowered: u64,
    /// Something waited since the last feedback.
    waited: bool,
    queue_ms: u64,
}

/// Where the last feedback stood.
#[derive(Clone, Copy, Debug)]
struct Mark {
    sent: u64,
    at: u64,
    bytes: u64,
}

impl Pace {
    pub fn new(now: u64) -> Self {
        Self {
            rate: FIRST,
            tokens: BURST,
            filled: now,
            ways: VecDeque::new(),
            last: None,
            lowered: now,
            waited: false,
            queue_ms: 0,
        }
    }

    /// What came until now is no measure any more.
    pub fn resume(&mut self) {
        self.last = None;
        self.ways.clear();
    }

    /// Bytes a second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// How long the queue on the way is.
    pub fn queue_ms(&self) -> u64 {
        self.queue_ms
    }

    fn fill(&mut self, now: u64) {
        let more = now.saturating_sub(self.filled).min(10_000) * self.rate / 1000;
        if more > 0 {
            self.filled = now;
            self.tokens = self.tokens.saturating_add_unsigned(more).min(BURST);
        }
    }

    /// Whether something that can wait may go.
    pub fn may_send(&mut self, now: u64) -> bool {
        self.fill(now);
        self.waited |= self.tokens <= 0;
        self.tokens > 0
    }

    /// When it may.
    pub fn ready_at(&self) -> u64 {
        let lacks = u64::try_from(1 - self.tokens).unwrap_or(0);
        self.filled + (lacks * 1000).div_ceil(self.rate)
    }

    pub fn sent(&mut self, now: u64, bytes: usize) {
        self.fill(now);
        // Voice is never held back, but it is not owed for ever.
        self.tokens = (self.tokens - i64::try_from(bytes + OVERHEAD).unwrap_or(BURST)).max(-4 * BURST);
    }

    /// Takes in feedback: of a datagram sent at `sent`, when it came by the other end's clock (16 bits), how many bytes
    /// came in all (24 bits), and which part of 1024 was lost lately.
    pub fn learn(&mut self, now: u64, sent: u64, at: u64, bytes: u64, loss: u64, rtt: u64) {
        let (at, bytes) = match self.last {
            // By this end's clock it came about so much later: after a long cut more than sixteen bits tell.
            Some(last) => {
                let about = last.at + sent.saturating_sub(last.sent);
                (complete(at, 16, about), complete(bytes, 24, last.bytes))
            }
            // Far enough from zero that what is completed is never below it.
            None => (at + (1 << 20), bytes + (1 << 28)),
        };
        let way = at.cast_signed() - sent.cast_signed();
        self.ways.push_back(way);
        if self.ways.len() > BASES {
            self.ways.pop_front();
        }
        let shortest = self.ways.iter().min().copied().unwrap_or(way);
        self.queue_ms = (way - shortest).unsigned_abs();
        let arrived = self.last.and_then(|last| {
            let (ms, bytes) = (at.checked_sub(last.at)?, bytes.checked_sub(last.bytes)?);
            (ms >= 50).then(|| bytes * 1000 / ms)
        });
        if arrived.is_some() || self.last.is_none() {
            self.last = Some(Mark { sent, at, bytes });
        }
        let is_full = self.queue_ms > QUEUE_MS + rtt / 16;
        if (is_full || loss > MUCH) && now >= self.lowered + rtt.max(200) {
            let to = arrived.unwrap_or(self.rate).min(self.rate) * 3 / 4;
            self.rate = to.max(LEAST);
            self.lowered = now;
        } else if self.waited && !is_full && arrived.is_some() {
            self.rate = (self.rate + self.rate / 16).min(MOST);
        }
        self.waited = false;
    }
}
