//! Video in the booths, as it was made: forwarded packet by packet. Who has the floor is seen by whoever listens at the
//! node, as large as the way to them bears ([`super::lens`]); to other nodes goes the smallest layer, in pieces that the trunk
//! drops first of all. A stream goes on when the source changes: it waits for a picture that can be begun with.

use std::sync::Arc;
use std::time::Duration;

use str0m::Rtc;
use str0m::media::{KeyframeRequestKind, Mid, Rid};
use str0m::rtp::RtpPacket;
use tokio::time::Instant;

use super::SeatId;
use super::coding::Coding;
use crate::bucket::Bucket;
use crate::wire::{Malformed, Reader, Writer, complete};

/// Bytes of a picture's packet that fit a datagram of the trunk.
const PIECE: usize = 940;
/// A whole picture is asked for at most so often, or every answer to a loss would bring the next.
const ASK: Duration = Duration::from_millis(400);
/// Numbers that a late packet may be behind.
pub(super) const LATE: u64 = 400;
/// Packets of video that a browser may send in a second: two layers of 2 Mbit/s.
pub(super) const PACKETS_PER_SECOND: u64 = 1500;
/// Bytes that go to other nodes in a second, less than they take of this one. What an encoder sends beyond it would leave
/// pictures in which parts are missing: instead it stands until the next whole one.
const PIECES_PER_SECOND: u64 = 120_000;
/// Layers that one may send.
const MOST_LAYERS: usize = 4;
/// A layer of which nothing came for so long is there no more.
const GONE: Duration = Duration::from_secs(2);
/// Layers are compared by what came in about so long.
const COMPARED: Duration = Duration::from_secs(1);

/// Where a picture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Seat(SeatId, Option<Rid>),
    Far,
}

/// A packet of video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shot {
    pub source: Source,
    /// Which of the layers that are there: 0 is the smallest.
    pub place: u8,
    pub layers: u8,
    pub coding: Coding,
    pub seq: u64,
    pub time: u32,
    /// The last of its picture.
    pub marker: bool,
    /// One can begin with it.
    pub begins: bool,
    pub payload: Arc<[u8]>,
}

/// What a piece says beside the picture.
const MARKER: u8 = 1;
const H264: u8 = 2;

impl Shot {
    /// A browser's packet; `None` if it is none of what was agreed.
    pub fn of(seat: SeatId, camera: &mut Camera, rid: Option<Rid>, now: Instant, packet: &RtpPacket) -> Option<Self> {
        let coding = camera.coding;
        let begins = coding.begins(&packet.payload)?;
        let (place, layers) = camera.place(rid, packet.payload.len(), now)?;
        let header = &packet.header;
        Some(Self {
            source: Source::Seat(seat, rid),
            place,
            layers,
            coding,
            seq: *packet.seq_no,
            time: header.timestamp,
            marker: header.marker,
            begins,
            payload: packet.payload.clone(),
        })
    }

    /// Whose camera it is.
    pub fn onto(&self) -> Onto {
        match self.source {
            Source::Seat(id, _) => Onto::Seat(id),
            Source::Far => Onto::Far,
        }
    }

    /// As a piece for the trunk.
    fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        let coding = if self.coding == Coding::H264 { H264 } else { 0 };
        out.byte(if self.marker { MARKER } else { 0 } | coding);
        out.low16(self.seq).raw(&self.time.to_be_bytes()).raw(&self.payload);
        out.0
    }

    /// A piece that came over the trunk, after the one with the number `last`.
    pub fn read(bytes: &[u8], last: u64) -> Result<Self, Malformed> {
        let mut input = Reader(bytes);
        let said = input.byte()?;
        if said & !(MARKER | H264) != 0 {
            return Err(Malformed);
        }
        let coding = if said & H264 == 0 { Coding::Vp8 } else { Coding::H264 };
        let seq = complete(input.low16()?, 16, last);
        let time = u32::from_be_bytes(input.array()?);
        let begins = coding.begins(input.0).ok_or(Malformed)?;
        let (marker, payload) = (said & MARKER != 0, input.0.into());
        Ok(Self { source: Source::Far, place: 0, layers: 1, coding, seq, time, marker, begins, payload })
    }
}

/// The pieces of a class that go over the trunk, numbered anew.
#[derive(Debug)]
pub(super) struct Pieces {
    source: Option<(Source, Coding, u64)>,
    next: u64,
    since: Instant,
    may: Bucket,
}

impl Pieces {
    pub fn new(now: Instant) -> Self {
        Self { source: None, next: 0, since: now, may: Bucket::of(0, PIECES_PER_SECOND, PIECES_PER_SECOND) }
    }

    /// The pieces of a packet, and of each whether one can begin with it; `None` if a whole picture is waited for. What
    /// comes late is of no use there any more.
    pub fn of(&mut self, now: Instant, shot: &Shot) -> Option<Vec<(bool, Vec<u8>)>> {
        let ms = u64::try_from((now - self.since).as_millis()).unwrap_or(u64::MAX);
        match self.source {
            Some((source, coding, seq)) if (source, coding) == (shot.source, shot.coding) => {
                if shot.seq <= seq {
                    return Some(Vec::new());
                }
                // A hole stays one: the browser at the other end sees that something is missing.
                self.next += (shot.seq - seq - 1).min(LATE);
            }
            // Where too much came, the next whole picture goes once there is room for one.
            _ if self.may.left(ms) < PIECES_PER_SECOND / 2 => return Some(Vec::new()),
            _ if !shot.begins => return None,
            _ => self.next += 1,
        }
        if !self.may.take_many(ms, shot.payload.len() as u64) {
            self.source = None;
            return Some(Vec::new());
        }
        self.source = Some((shot.source, shot.coding, shot.seq));
        let parts = shot.coding.parts(&shot.payload, PIECE).unwrap_or_default();
        let last = parts.len().saturating_sub(1);
        let piece = |(i, payload): (usize, Arc<[u8]>)| {
            let seq = self.next;
            self.next += 1;
            let begins = shot.begins && shot.coding.begins(&payload) == Some(true);
            (begins, Shot { seq, marker: shot.marker && i == last, payload, ..shot.clone() }.write())
        };
        Some(parts.into_iter().enumerate().map(piece).collect())
    }
}

/// The names of the layers that a page sends.
fn small() -> Rid {
    "s".into()
}

fn large() -> Rid {
    "l".into()
}

/// The camera of a seat.
#[derive(Debug)]
pub(super) struct Camera {
    pub mid: Mid,
    pub coding: Coding,
    pub allowance: (Instant, u64),
    asked: Option<Instant>,
    /// Layers that came: bytes of late, and when the last of them.
    layers: Vec<(Option<Rid>, u64, Instant)>,
    compared: Instant,
}

impl Camera {
    pub fn new(mid: Mid, coding: Coding, now: Instant) -> Self {
        Self { mid, coding, allowance: (now, PACKETS_PER_SECOND), asked: None, layers: Vec::new(), compared: now }
    }

    /// Which layer a packet is of, and of how many. A page names its two; what an encoder names says nothing, so they are
    /// told apart by what they take.
    fn place(&mut self, rid: Option<Rid>, len: usize, now: Instant) -> Option<(u8, u8)> {
        if now > self.compared + COMPARED {
            self.compared = now;
            self.layers.retain(|(_, _, at)| now < *at + GONE);
            self.layers.iter_mut().for_each(|(_, bytes, _)| *bytes /= 2);
        }
        let count = self.layers.len();
        match self.layers.iter_mut().find(|(of, ..)| *of == rid) {
            Some((_, bytes, at)) => (*bytes, *at) = (*bytes + len as u64, now),
            None if count < MOST_LAYERS => self.layers.push((rid, len as u64, now)),
            None => return None,
        }
        let rank = |of: Option<Rid>, bytes: u64| (of != Some(small()), of == Some(large()), bytes);
        let own = self.layers.iter().find(|(of, ..)| *of == rid).map(|(_, bytes, _)| rank(rid, *bytes))?;
        let place = self.layers.iter().filter(|(of, bytes, _)| rank(*of, *bytes) < own).count();
        // Before the small one has come, the large is not taken for it.
        let place = if rid == Some(large()) { place.max(1) } else { place };
        Some((u8::try_from(place).ok()?, u8::try_from(self.layers.len().max(place + 1)).ok()?))
    }

    /// Asks the browser for whole pictures, of all layers.
    pub fn ask(&mut self, rtc: &mut Rtc, now: Instant) -> bool {
        if self.asked.is_some_and(|at| now < at + ASK) {
            return false;
        }
        self.asked = Some(now);
        let mut api = rtc.direct_api();
        for (rid, ..) in &self.layers {
            if let Some(rx) = api.stream_rx_by_mid(self.mid, *rid) {
                rx.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
        true
    }
}

/// Who is seen in a class at this node.
#[derive(Debug)]
pub(super) struct Screen {
    pub camera: Option<(Onto, Instant)>,
    pub pieces: Pieces,
    /// The last number that came over the trunk.
    pub far: u64,
    /// When whole pictures were asked for those who are far.
    pub refreshed: Option<Instant>,
}

/// A camera at this node, or one at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Onto {
    Seat(SeatId),
    Far,
}

/// A camera that is silent for so long gives the screen to another.
const YIELDS: Duration = Duration::from_secs(2);

impl Screen {
    pub fn new(now: Instant) -> Self {
        Self { camera: None, pieces: Pieces::new(now), far: 0, refreshed: None }
    }

    /// Whether this camera is the one that is seen; the first to come keeps the screen for as long as it sends.
    pub fn shows(&mut self, onto: Onto, now: Instant) -> bool {
        let may = self.camera.is_none_or(|(shown, at)| shown == onto || now > at + YIELDS);
        if may {
            self.camera = Some((onto, now));
        }
        may
    }

    /// A camera has no floor any more.
    pub fn drop_if(&mut self, onto: Onto) {
        if self.camera.is_some_and(|(shown, _)| shown == onto) {
            self.camera = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(seq: u64, len: usize, begins: bool) -> Shot {
        let mut vp8 = vec![0x90, 0x80, 0x81, 0x02, u8::from(!begins)];
        vp8.resize(len.max(5), 7);
        let (source, coding) = (Source::Seat(SeatId(1), None), Coding::Vp8);
        let (time, payload) = (90 * 1000, vp8.into());
        Shot { source, place: 0, layers: 1, coding, seq, time, marker: true, begins, payload }
    }

    #[test]
    fn a_packet_goes_over_the_trunk_in_pieces_that_fit() {
        let now = Instant::now();
        let mut pieces = Pieces::new(now);
        assert_eq!(pieces.of(now, &shot(9, 100, false)), None, "nothing can be begun with");
        let first = pieces.of(now, &shot(10, 1180, true)).unwrap();
        assert_eq!(first.iter().map(|(begins, _)| *begins).collect::<Vec<_>>(), [true, false]);
        let read: Vec<Shot> = first.iter().map(|(_, bytes)| Shot::read(bytes, 0).unwrap()).collect();
        assert!(first.iter().all(|(_, bytes)| bytes.len() <= PIECE + 7));
        assert_eq!((read[0].seq, read[1].seq, read[0].marker, read[1].marker), (1, 2, false, true));
        assert_eq!((read[0].begins, read[1].begins), (true, false));
        let whole: Vec<u8> = [&read[0].payload[..], &read[1].payload[4..]].concat();
        assert_eq!(whole, shot(10, 1180, true).payload.to_vec());
        // A hole stays one, what is late goes nowhere, and another camera goes on after, with a whole picture.
        let hole = pieces.of(now, &shot(13, 100, false)).unwrap();
        assert_eq!(Shot::read(&hole[0].1, 2).unwrap().seq, 5);
        assert_eq!(pieces.of(now, &shot(12, 100, false)), Some(Vec::new()));
        let source = Source::Seat(SeatId(2), None);
        assert_eq!(pieces.of(now, &Shot { source, ..shot(1, 100, false) }), None);
        let other = pieces.of(now, &Shot { source, ..shot(2, 100, true) }).unwrap();
        assert_eq!(Shot::read(&other[0].1, 5).unwrap().seq, 7);
    }

    #[test]
    fn what_is_too_much_for_other_nodes_stands_until_the_next_whole_picture() {
        let now = Instant::now();
        let mut pieces = Pieces::new(now);
        assert!(!pieces.of(now, &shot(0, 900, true)).unwrap().is_empty());
        let gone = (1..300).find(|seq| pieces.of(now, &shot(*seq, 900, false)).unwrap().is_empty()).unwrap();
        assert_eq!(gone, PIECES_PER_SECOND / 900);
        let (soon, later) = (now + Duration::from_millis(400), now + Duration::from_millis(700));
        assert_eq!(pieces.of(soon, &shot(gone + 1, 900, true)), Some(Vec::new()), "there is no room for a whole one");
        assert_eq!(pieces.of(later, &shot(gone + 2, 900, false)), None);
        assert_eq!(pieces.of(later, &shot(gone + 3, 900, true)).unwrap().len(), 1);
    }

    #[test]
    fn layers_are_known_by_their_names_or_by_what_they_take() {
        let now = Instant::now();
        let place = |camera: &mut Camera, rid: &str, len| camera.place(Some(rid.into()), len, now);
        let mut page = Camera::new("0".into(), Coding::Vp8, now);
        assert_eq!(place(&mut page, "l", 100), Some((1, 2)), "the small one will come");
        assert_eq!(place(&mut page, "s", 900), Some((0, 2)));
        let mut encoder = Camera::new("0".into(), Coding::H264, now);
        assert_eq!(place(&mut encoder, "0", 900), Some((0, 1)));
        assert_eq!(place(&mut encoder, "1", 300), Some((0, 2)));
        assert_eq!(place(&mut encoder, "0", 900), Some((1, 2)));
        for rid in ["2", "3"] {
            assert!(place(&mut encoder, rid, 1).is_some());
        }
        assert_eq!(place(&mut encoder, "4", 1), None, "as many as may be");
        // Where the small one alone comes, it is the best there is.
        let later = now + GONE + COMPARED;
        assert_eq!(page.place(Some(small()), 900, later), Some((0, 1)));
    }

    #[test]
    fn chance_over_the_trunk_is_refused() {
        for bad in [
            &[][..],
            &[1],
            &[1, 0, 1, 0, 0, 0],
            &[1, 0, 1, 0, 0, 0, 0],
            &[1, 0, 1, 0, 0, 0, 0, 0x80],
            &[4, 0, 1, 0, 0, 0, 0, 0x10, 0],
        ] {
            assert!(Shot::read(bad, 0).is_err(), "{bad:?}");
        }
        let unit = [3, 0, 1, 0, 0, 0, 0, 0x67, 1];
        let shot = Shot::read(&unit, 0).unwrap();
        assert_eq!((shot.coding, shot.begins, shot.write()), (Coding::H264, true, unit.to_vec()));
    }

    #[test]
    fn one_camera_is_seen_until_it_is_silent() {
        let now = Instant::now();
        let mut screen = Screen::new(now);
        assert!(screen.shows(Onto::Seat(SeatId(1)), now));
        assert!(!screen.shows(Onto::Far, now + YIELDS / 2));
        assert!(screen.shows(Onto::Seat(SeatId(1)), now + YIELDS / 2));
        assert!(screen.shows(Onto::Far, now + YIELDS * 2));
        screen.drop_if(Onto::Far);
        assert!(screen.shows(Onto::Seat(SeatId(2)), now + YIELDS * 2));
    }
}
