//! Messages that must arrive, in order: a stream of bytes each way, sent in pieces, each piece again until it is known
//! to have come. Streams do not wait for each other, nor for voice.

use std::collections::{BTreeMap, VecDeque};

use crate::wire::{Malformed, Reader, Writer, complete};

/// Bytes of a message.
pub(crate) const MAX_MESSAGE: usize = 17 * 1024;
/// Bytes that wait to be sent, or to be known to have come.
const MAX_WAITING: usize = 128 * 1024;
/// Bytes sent and not known to have come: within what the lowest 16 bits of a place tell apart.
const WINDOW: u64 = 24 * 1024;
/// Bytes and pieces that lie beyond what has come in order: pieces that are cut anew overlap a little.
const MAX_AHEAD: usize = 4 * 24 * 1024;
const MAX_PIECES: usize = 4096;

/// Some bytes of a stream: from where, to where.
pub(crate) type Span = (u64, u64);

/// The sending end.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Bytes from `base` on.
    waiting: VecDeque<u8>,
    base: u64,
    /// How far it was sent.
    sent: u64,
    /// Spans known to have come, beyond `base`.
    came: BTreeMap<u64, u64>,
    /// Spans to be sent again.
    again: BTreeMap<u64, u64>,
}

impl Outgoing {
    /// How many bytes of messages it still takes.
    pub fn room(&self) -> usize {
        (MAX_WAITING - MAX_MESSAGE).saturating_sub(self.waiting.len())
    }

    /// Takes in a message; `false` if it is too long, or there is no room.
    pub fn write(&mut self, message: &[u8]) -> bool {
        if message.len() > MAX_MESSAGE || self.waiting.len() + message.len() + 3 > MAX_WAITING {
            return false;
        }
        let mut framed = Writer::default();
        framed.bytes(message);
        self.waiting.extend(framed.0);
        true
    }

    /// Whether all is known to have come.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether there is something to send now.
    pub fn wants(&self) -> bool {
        !self.again.is_empty() || (self.sent < self.end() && self.sent < self.base + WINDOW)
    }

    fn end(&self) -> u64 {
        self.base + self.waiting.len() as u64
    }

    /// The next piece of at most so many bytes, and whether it is sent for the first time.
    pub fn next(&mut self, most: usize) -> Option<(Span, bool)> {
        let most = most as u64;
        if most == 0 {
            return None;
        }
        if let Some((from, to)) = self.again.pop_first() {
            let end = to.min(from + most);
            if end < to {
                self.again.insert(end, to);
            }
            return Some(((from, end), false));
        }
        let end = self.end().min(self.base + WINDOW).min(self.sent + most);
        (self.sent < end).then(|| {
            let span = (self.sent, end);
            self.sent = end;
            (span, true)
        })
    }

    /// The bytes of a span, if they are still here.
    pub fn bytes(&self, (from, to): Span) -> Option<Vec<u8>> {
        let (from, len) = (usize::try_from(from.checked_sub(self.base)?).ok()?, usize::try_from(to - from).ok()?);
        (from + len <= self.waiting.len()).then(|| self.waiting.iter().skip(from).take(len).copied().collect())
    }

    /// A span has come.
    pub fn came(&mut self, (from, to): Span) {
        let from = from.max(self.base);
        if from >= to {
            return;
        }
        add(&mut self.came, (from, to));
        while let Some(first) = self.came.first_entry().filter(|e| *e.key() <= self.base) {
            let end = first.remove();
            let len = usize::try_from(end.saturating_sub(self.base)).unwrap_or(0).min(self.waiting.len());
            self.waiting.drain(..len);
            self.base += len as u64;
        }
    }

    /// A span was lost: what of it has not come by now goes again.
    pub fn lost(&mut self, (from, to): Span) {
        let mut at = from.max(self.base);
        for (from, end) in self.came.range(..to) {
            if *end > at {
                if *from > at {
                    add(&mut self.again, (at, (*from).min(to)));
                }
                at = *end;
            }
        }
        if at < to {
            add(&mut self.again, (at, to));
        }
    }
}

/// Joins a span with what it touches.
fn add(spans: &mut BTreeMap<u64, u64>, (mut from, mut to): Span) {
    while let Some((&at, &end)) = spans.range(..=to).next_back().filter(|(_, end)| **end >= from) {
        spans.remove(&at);
        (from, to) = (from.min(at), to.max(end));
    }
    spans.insert(from, to);
}

/// The receiving end.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// Bytes in order that are not yet a whole message.
    ready: Vec<u8>,
    /// How far all has come.
    upto: u64,
    /// Pieces beyond, and their bytes.
    ahead: BTreeMap<u64, Vec<u8>>,
    held: usize,
}

impl Incoming {
    /// Completes a place in the stream.
    pub fn place(&self, low: u64) -> u64 {
        complete(low, 16, self.upto)
    }

    /// Takes in a piece, and gives the messages that are whole by it.
    pub fn take(&mut self, at: u64, piece: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Malformed> {
        if at > self.upto + WINDOW {
            return Err(Malformed);
        }
        let end = at + piece.len() as u64;
        if end <= self.upto {
            return Ok(());
        }
        let better = self.ahead.get(&at).is_none_or(|known| known.len() < piece.len());
        if better {
            // What is next is always taken: it makes room.
            let full = self.held + piece.len() > MAX_AHEAD || self.ahead.len() >= MAX_PIECES;
            if at > self.upto && full {
                return Err(Malformed);
            }
            self.held += piece.len();
            self.held -= self.ahead.insert(at, piece.to_vec()).map_or(0, |known| known.len());
        }
        while let Some(first) = self.ahead.first_entry().filter(|e| *e.key() <= self.upto) {
            let (at, piece) = first.remove_entry();
            self.held -= piece.len();
            let known = usize::try_from(self.upto - at).unwrap_or(usize::MAX);
            if let Some(news) = piece.get(known..) {
                self.ready.extend_from_slice(news);
                self.upto += news.len() as u64;
            }
        }
        let mut input = Reader(&self.ready);
        let mut left = input;
        while let Some(len) = whole(&mut input)? {
            each(input.raw(len)?);
            left = input;
        }
        let done = self.ready.len() - left.0.len();
        self.ready.drain(..done);
        Ok(())
    }
}

/// The length of the next message, if it is here whole.
fn whole(input: &mut Reader<'_>) -> Result<Option<usize>, Malformed> {
    let mut ahead = *input;
    let Ok(len) = ahead.number() else { return if input.0.len() > 9 { Err(Malformed) } else { Ok(None) } };
    let len = usize::try_from(len).map_err(|_| Malformed)?;
    if len > MAX_MESSAGE {
        return Err(Malformed);
    }
    if ahead.0.len() < len {
        return Ok(None);
    }
    *input = ahead;
    Ok(Some(len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is lost, doubled and turned round, the messages come once each and in order.
        #[test]
        fn messages_come_once_and_in_order(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20),
            fates in prop::collection::vec(0..6_u8, 400),
            most in 1..400_usize,
        ) {
            let (mut out, mut inc) = (Outgoing::default(), Incoming::default());
            messages.iter().for_each(|m| assert!(out.write(m)));
            let mut came = Vec::new();
            let mut fates = fates.into_iter().chain(std::iter::repeat(5));
            let mut late = VecDeque::new();
            while !out.is_idle() {
                while let Some((span, _)) = out.next(most) {
                    late.push_back(span);
                }
                let Some(span) = late.pop_front() else { break };
                match fates.next().unwrap() {
                    0 => out.lost(span),
                    1 if !late.is_empty() => late.push_back(span),
                    n => {
                        for _ in 0..=u8::from(n == 2) {
                            if let Some(bytes) = out.bytes(span) {
                                let at = inc.place(span.0 & 0xffff);
                                prop_assert_eq!(at, span.0);
                                inc.take(at, &bytes, |m| came.push(m.to_vec())).unwrap();
                            }
                        }
                        out.came(span);
                    }
                }
            }
            prop_assert_eq!(came, messages);
        }
    }

    #[test]
    fn hostile_pieces_are_refused_and_bounded() {
        let mut inc = Incoming::default();
        assert_eq!(inc.take(WINDOW + 1, b"far ahead", |_| {}), Err(Malformed));
        assert_eq!(inc.take(0, &[0xff; 12], |_| {}), Err(Malformed), "a length beyond all");
        let mut out = Outgoing::default();
        assert!(!out.write(&vec![0; MAX_MESSAGE + 1]));
        while out.write(&[7; 1000]) {}
        assert!(out.waiting.len() <= MAX_WAITING);
        // Nothing is under way beyond the window.
        let mut sent = 0;
        while let Some(((from, to), _)) = out.next(1000) {
            sent += to - from;
        }
        assert_eq!(sent, WINDOW);
    }
}
