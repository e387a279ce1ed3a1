//! Blocks: pieces of a class's record, the same bytes wherever they are made of the same events and packets.
//!
//! | block | begins with | then |
//! |---|---|---|
//! | of the lane | `ZLNE` 1, number of the block, events in it | the events, as the lane writes them when it begins there |
//! | of a track | `ZTRK` 1 | node, number, who, channel, when it began |
//! | of voice | `ZVOX` 1, number of the block, packets in it | each: number and time as differences, Opus |

use base::{NodeId, Subject};

use crate::Packet;
use crate::hall::{Track, TrackId};
use crate::lane::{Event, Lane, MAX_PAYLOAD};
use crate::opus::{MAX_PACKET, UNIT_US};
use crate::wire::{Malformed, Reader, Writer};

/// Events of a block of the lane.
pub const BLOCK_EVENTS: u64 = 1000;
/// Time of a block of voice, by the track's own clock: 10 s.
pub const BLOCK_UNITS: u64 = 10_000_000 / UNIT_US;
/// Bytes of a block.
pub(super) const MAX_BLOCK: usize = 20 << 20;
const LANE: [u8; 5] = *b"ZLNE\x01";
const TRACK: [u8; 5] = *b"ZTRK\x01";
const VOICE: [u8; 5] = *b"ZVOX\x01";

/// The events of one block, which follow each other.
pub(super) fn write_lane(number: u64, events: &[Event]) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(&LANE).number(number).number(events.len() as u64);
    let mut lane = Lane::default();
    for event in events {
        if let Ok(seq) = lane.put(event.clone()) {
            lane.write(seq, &mut out);
        }
    }
    out.0
}

pub(super) fn read_lane(bytes: &[u8]) -> Result<Vec<Event>, Malformed> {
    let mut input = begin(bytes, LANE)?;
    let number = input.below(1 << 32)?;
    let count = input.below(BLOCK_EVENTS + 1)?;
    let mut lane = Lane::default();
    for _ in 0..count {
        lane.read(&mut input)?;
    }
    end(input)?;
    let before = number * BLOCK_EVENTS;
    Ok(lane.after(0).iter().map(|e| Event { seq: e.seq + before, ..e.clone() }).collect())
}

pub(super) fn write_track(track: &Track) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(&TRACK).raw(&track.id.node.0).number(track.id.number.into()).raw(&track.who.0).byte(track.channel);
    out.number(track.began_ms);
    out.0
}

pub(super) fn read_track(bytes: &[u8]) -> Result<Track, Malformed> {
    let mut input = begin(bytes, TRACK)?;
    let id = TrackId { node: NodeId(input.array()?), number: input.small()? };
    let (who, channel) = (Subject(input.array()?), input.byte()?);
    let track = Track { id, who, channel, began_ms: input.below(1 << 40)? };
    end(input)?;
    Ok(track)
}

/// Packets of one block, by their numbers.
pub(super) fn write_voice<'a>(number: u64, packets: impl ExactSizeIterator<Item = &'a Packet>) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(&VOICE).number(number).number(packets.len() as u64);
    let (mut seq, mut at) = (0, number * BLOCK_UNITS);
    for packet in packets {
        out.number(packet.seq - seq).number(packet.at.saturating_sub(at)).bytes(&packet.opus);
        (seq, at) = (packet.seq, packet.at);
    }
    out.0
}

pub(super) fn read_voice(bytes: &[u8]) -> Result<Vec<Packet>, Malformed> {
    let mut input = begin(bytes, VOICE)?;
    let (mut seq, mut at) = (0, input.below(1 << 32)? * BLOCK_UNITS);
    let mut packets = Vec::new();
    for _ in 0..input.below(BLOCK_UNITS + 1)? {
        seq += input.below(1 << 40)?;
        at += input.below(BLOCK_UNITS)?;
        packets.push(Packet { seq, at, opus: input.bytes(MAX_PACKET)?.into() });
    }
    end(input)?;
    Ok(packets)
}

/// An event or a saying as it stands in a log, whole in itself.
pub(super) fn write_event(event: &Event) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(event.seq).number(event.at_ms).raw(&event.node.0).raw(&event.who.0).number(event.late_ms);
    out.raw(&event.payload);
    out.0
}

pub(super) fn read_event(bytes: &[u8]) -> Result<Event, Malformed> {
    let mut input = Reader(bytes);
    let (seq, at_ms) = (input.number()?, input.number()?);
    let (node, who, late_ms) = (NodeId(input.array()?), Subject(input.array()?), input.number()?);
    if input.0.len() > MAX_PAYLOAD {
        return Err(Malformed);
    }
    Ok(Event { seq, at_ms, node, who, late_ms, payload: input.0.into() })
}

pub(super) fn write_packet(packet: &Packet) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(packet.seq).number(packet.at).raw(&packet.opus);
    out.0
}

pub(super) fn read_packet(bytes: &[u8]) -> Result<Packet, Malformed> {
    let mut input = Reader(bytes);
    Ok(Packet { seq: input.number()?, at: input.number()?, opus: input.0.into() })
}

fn begin(bytes: &[u8], head: [u8; 5]) -> Result<Reader<'_>, Malformed> {
    bytes.strip_prefix(&head).map(Reader).ok_or(Malformed)
}

fn end(input: Reader<'_>) -> Result<(), Malformed> {
    if input.is_empty() { Ok(()) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn voice_is_read_as_it_was_written(
            gaps in prop::collection::vec((1..3_u64, 1..60_u64, prop::collection::vec(any::<u8>(), 1..40)), 0..60), number in 0..500_u64,
        ) {
            let (mut seq, mut at) = (number * 100, number * BLOCK_UNITS);
            let packets: Vec<Packet> = gaps.into_iter().map(|(by, units, opus)| {
                (seq, at) = (seq + by, at + units);
                Packet { seq, at, opus: opus.into() }
            }).collect();
            let block = write_voice(number, packets.iter());
            prop_assert_eq!(read_voice(&block).unwrap(), packets);
        }

        #[test]
        fn hostile_blocks_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            for head in [LANE, TRACK, VOICE] {
                let whole = [&head[..], &bytes].concat();
                let _ = (read_lane(&whole), read_track(&whole), read_voice(&whole));
            }
        }
    }
}
