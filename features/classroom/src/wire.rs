//! The bytes of the conversation of a class's pages with their node; `islands/src/classroom/wire.ts` describes them.

use live::{Event, Saying};

use crate::fold::renumbered;
use crate::open::{Classes, Open};

/// From a page.
pub(crate) const HELLO: u8 = 0;
pub(crate) const SAY: u8 = 1;
pub(crate) const OFFER: u8 = 2;
pub(crate) const OPEN: u8 = 3;
pub(crate) const SIGHT: u8 = 4;
/// To a page.
pub(crate) const EVENT: u8 = 1;
pub(crate) const STATE: u8 = 2;
pub(crate) const ANSWER: u8 = 3;
pub(crate) const TAKEN: u8 = 4;
pub(crate) const REFUSED: u8 = 5;
pub(crate) const WAITING: u8 = 6;
pub(crate) const LOOKS_ON: u8 = 7;
pub(crate) const PUPILS: u8 = 8;
pub(crate) const DRAWING: u8 = 9;
pub(crate) const TOTALS: u8 = 10;
pub(crate) const SHEETS: u8 = 11;
pub(crate) const ANEW: u8 = 12;
pub(crate) const AT: u8 = 13;
pub(crate) const ALIVE: u8 = 14;
/// A room's number where nobody with a say said something.
const NOBODY: u16 = u16::MAX;

pub(crate) fn happened(open: &Open, event: &Event) -> Vec<u8> {
    happened_as(open, event, &event.payload)
}

/// An event, with this said in it.
pub(crate) fn happened_as(open: &Open, event: &Event, payload: &[u8]) -> Vec<u8> {
    let room = open.room_of(event.node, &event.who).unwrap_or(NOBODY);
    head(event.seq, event.at_ms, event.late_ms > 0, room, &renumbered(&open.about().ids(), payload))
}

/// Something that waits for the origin, with this said in it.
pub(crate) fn waits_as(open: &Open, classes: &Classes, said: &Saying, payload: &[u8]) -> Vec<u8> {
    let room = open.room_of(classes.me(), &said.who).unwrap_or(NOBODY);
    head(0, said.at_ms, true, room, &renumbered(&open.about().ids(), payload))
}

/// Bytes with their length before them.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap_or(0).to_be_bytes(), body].concat()
}

fn head(seq: u64, at_ms: u64, late: bool, room: u16, payload: &[u8]) -> Vec<u8> {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
    let mut out = Vec::with_capacity(payload.len() + 11);
    out.extend(number(seq));
    out.extend(number(at_ms));
    out.push(u8::from(late));
    out.extend(room.to_be_bytes());
    out.extend(payload);
    out
}

pub(crate) fn message(what: u8, body: &[u8]) -> Vec<u8> {
    [&[what], body].concat()
}
