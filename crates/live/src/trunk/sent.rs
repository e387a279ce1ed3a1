//! What was sent and is not known to have come.

use std::collections::BTreeMap;

use super::StreamId;
use super::arrivals::Feedback;
use super::stream::Span;

/// Content of a datagram that somebody wants to know the fate of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A bundle of voice.
    Voice(u64),
    /// A piece of a stream.
    Piece(StreamId, Span),
}

#[derive(Debug)]
struct Datagram {
    at: u64,
    items: Vec<Item>,
}

/// Datagrams under way.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    next: u64,
    /// Those that want an answer; feedback alone does not.
    under_way: BTreeMap<u64, Datagram>,
    smooth: u64,
    varies: u64,
    /// Parts of 1024 lost lately, times 64.
    loss: u64,
    /// The longest runs lost lately, times 16.
    burst: u64,
    highest: Option<u64>,
    /// When the highest that is known to have come was sent.
    highest_at: Option<u64>,
    /// Since when no answer came to anything.
    asked: Option<u64>,
}

impl Sent {
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn note(&mut self, now: u64, items: Vec<Item>, asks: bool) {
        if asks {
            self.under_way.insert(self.next, Datagram { at: now, items });
            self.asked.get_or_insert(now);
        }
        self.next += 1;
    }

    /// There and back, smoothed; zero before it is known.
    pub fn rtt(&self) -> u64 {
        self.smooth
    }

    /// Parts of 1024.
    pub fn loss(&self) -> u64 {
        self.loss / 64
    }

    /// Datagrams lost in one go.
    pub fn burst(&self) -> u64 {
        self.burst.div_ceil(16)
    }

    pub fn highest_sent(&self) -> Option<u64> {
        self.highest_at
    }

    /// Since when something has waited for an answer, with none to anything.
    pub fn asked_since(&self) -> Option<u64> {
        self.asked
    }

    /// When the oldest under way was sent.
    pub fn oldest(&self) -> Option<u64> {
        self.under_way.first_key_value().map(|(_, d)| d.at)
    }

    /// How long to wait for news before something counts as lost: voice that flows tells of a gap much sooner.
    pub fn patience(&self, voiced: bool) -> u64 {
        let there_and_back = if self.smooth == 0 { 1000 } else { self.smooth + (4 * self.varies).max(60) };
        there_and_back + if voiced { 1300 } else { 150 }
    }

    /// Sorts what was under way into what came and what was lost.
    pub fn learn(&mut self, now: u64, feedback: &Feedback) -> (Vec<Item>, Vec<Item>) {
        let (mut came, mut lost) = (Vec::new(), Vec::new());
        if feedback.highest >= self.next {
            return (came, lost);
        }
        self.asked = None;
        self.highest_at = self.under_way.get(&feedback.highest).map(|datagram| datagram.at);
        if let Some(sent) = self.highest_at {
            self.measure(now.saturating_sub(sent).saturating_sub(feedback.held).max(1));
        }
        let from = self.highest.map_or(0, |h| h + 1).max(feedback.base);
        self.highest = self.highest.max(Some(feedback.highest));
        for number in from..=feedback.highest.min(from + 512) {
            let part = if feedback.is_missing(number) { 1024 * 64 } else { 0 };
            self.loss = (self.loss * 127 + part) / 128;
        }
        for (first, last) in &feedback.missing {
            if *first >= from {
                let run = (last - first + 1).min(16) * 16;
                self.burst = if run > self.burst { run } else { (self.burst * 15 + run) / 16 };
            }
        }
        let after = self.under_way.split_off(&(feedback.highest + 1));
        for (number, datagram) in std::mem::replace(&mut self.under_way, after) {
            let is_lost = number < feedback.base || feedback.is_missing(number);
            if is_lost { &mut lost } else { &mut came }.extend(datagram.items);
        }
        (came, lost)
    }

    fn measure(&mut self, rtt: u64) {
        if self.smooth == 0 {
            (self.smooth, self.varies) = (rtt, rtt / 8);
        } else {
            self.varies = (3 * self.varies + self.smooth.abs_diff(rtt)) / 4;
            self.smooth = (7 * self.smooth + rtt) / 8;
        }
    }

    /// Nothing is learnt of what was sent so far.
    pub fn forgive(&mut self) {
        self.highest = self.next.checked_sub(1);
    }

    /// Gives up what was sent before a time.
    pub fn lose_before(&mut self, time: u64) -> Vec<Item> {
        let mut lost = Vec::new();
        while let Some(first) = self.under_way.first_entry().filter(|e| e.get().at < time) {
            lost.extend(first.remove().items);
        }
        lost
    }

    /// Gives up what is under way.
    pub fn lose(&mut self, which: impl Fn(u64) -> bool) -> Vec<Item> {
        let numbers: Vec<u64> = self.under_way.keys().copied().filter(|n| which(*n)).collect();
        numbers.into_iter().filter_map(|n| self.under_way.remove(&n)).flat_map(|d| d.items).collect()
    }
}
