//! Video in the booths: VP8 as the browser made it, forwarded packet by packet. Who has the floor is seen by whoever
//! listens at the node, as large as the browser sends it; to other nodes goes the small layer, in pieces that the trunk
//! drops first of all. A stream goes on when the source changes: it waits for a picture that can be begun with.

use std::sync::Arc;
use std::time::Duration;

use str0m::Rtc;
use str0m::media::{KeyframeRequestKind, Mid, Pt, Rid};
use str0m::rtp::{RtpPacket, RtpWrite, SeqNo};
use tokio::time::Instant;

use super::SeatId;
use crate::wire::{Malformed, Reader, Writer, complete};

/// Bytes of a picture's packet that fit a datagram of the trunk.
const PIECE: usize = 940;
/// A whole picture is asked for at most so often, or every answer to a loss would bring the next.
const ASK: Duration = Duration::from_millis(400);
/// Numbers that a late packet may be behind.
const LATE: u64 = 400;
/// Between two sources, at 90 kHz.
const PAUSE: u32 = 3000;
/// Packets of video that a browser may send in a second: two layers of 2 Mbit/s.
pub(super) const PACKETS_PER_SECOND: u64 = 1500;

/// How large a listener wants the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// No picture.
    None,
    /// The small layer, where there is one.
    Small,
    /// The large one.
    #[default]
    Large,
}

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
    pub seq: u64,
    pub time: u32,
    /// The last of its picture.
    pub marker: bool,
    /// One can begin with it.
    pub begins: bool,
    pub vp8: Arc<[u8]>,
}

/// What of a VP8 payload (RFC 7741) matters here: how long its descriptor is, and whether a whole picture begins.
fn descriptor(payload: &[u8]) -> Option<(usize, bool)> {
    let first = *payload.first()?;
    let mut len = 1;
    if first & 0x80 != 0 {
        let more = *payload.get(1)?;
        len = 2;
        if more & 0x80 != 0 {
            len += if payload.get(2)? & 0x80 != 0 { 2 } else { 1 };
        }
        len += usize::from(more & 0x40 != 0) + usize::from(more & 0x30 != 0);
    }
    let begins = first & 0x1f == 0x10 && payload.get(len)? & 1 == 0;
    Some((len, begins))
}

impl Shot {
    /// A browser's packet; `None` if it is no VP8.
    pub fn of(seat: SeatId, rid: Option<Rid>, packet: &RtpPacket) -> Option<Self> {
        let (_, begins) = descriptor(&packet.payload)?;
        let header = &packet.header;
        let source = Source::Seat(seat, rid);
        Some(Self {
            source,
            seq: *packet.seq_no,
            time: header.timestamp,
            marker: header.marker,
            begins,
            vp8: packet.payload.clone(),
        })
    }

    /// As a piece for the trunk.
    fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(self.marker.into()).low16(self.seq).raw(&self.time.to_be_bytes()).raw(&self.vp8);
        out.0
    }

    /// A piece that came over the trunk, after the one with the number `last`.
    pub fn read(bytes: &[u8], last: u64) -> Result<Self, Malformed> {
        let mut input = Reader(bytes);
        let marker = input.byte()? & 1 == 1;
        let seq = complete(input.low16()?, 16, last);
        let time = u32::from_be_bytes(input.array()?);
        let (_, begins) = descriptor(input.0).ok_or(Malformed)?;
        Ok(Self { source: Source::Far, seq, time, marker, begins, vp8: input.0.into() })
    }

    /// The packet in parts that fit a datagram of the trunk.
    fn parts(&self) -> Option<Vec<(Arc<[u8]>, bool)>> {
        if self.vp8.len() <= PIECE {
            return Some(vec![(self.vp8.clone(), self.marker)]);
        }
        let (head, _) = descriptor(&self.vp8)?;
        let (descriptor, picture) = self.vp8.split_at_checked(head)?;
        let parts: Vec<&[u8]> = picture.chunks(PIECE - head).collect();
        let last = parts.len() - 1;
        let part = |(i, part): (usize, &&[u8])| {
            let mut vp8 = [descriptor, part].concat();
            if let Some(first) = vp8.first_mut().filter(|_| i > 0) {
                // Not the start of a partition any more.
                *first &= !0x10;
            }
            (vp8.into(), self.marker && i == last)
        };
        Some(parts.iter().enumerate().map(part).collect())
    }
}

/// The pieces of a class that go over the trunk, numbered anew.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    source: Option<(Source, u64)>,
    next: u64,
}

impl Pieces {
    /// The pieces of a packet, and of each whether one can begin with it. What comes late is of no use there any more.
    pub fn of(&mut self, shot: &Shot) -> Vec<(bool, Vec<u8>)> {
        match self.source {
            Some((source, seq)) if source == shot.source => {
                if shot.seq <= seq {
                    return Vec::new();
                }
                // A hole stays one: the browser at the other end sees that something is missing.
                self.next += (shot.seq - seq - 1).min(LATE);
            }
            _ => self.next += 1,
        }
        self.source = Some((shot.source, shot.seq));
        let parts = shot.parts().unwrap_or_default();
        let piece = |(i, (vp8, marker)): (usize, (Arc<[u8]>, bool))| {
            let seq = self.next;
            self.next += 1;
            (shot.begins && i == 0, Shot { seq, marker, vp8, ..shot.clone() }.write())
        };
        parts.into_iter().enumerate().map(piece).collect()
    }
}

/// What a listener sees.
#[derive(Debug)]
pub(super) struct Lens {
    pub mid: Mid,
    pub sight: Sight,
    pt: Option<Pt>,
    from: Option<Source>,
    /// The source's number and time less the stream's.
    seq_off: u64,
    time_off: u32,
    /// The highest number and the last time of the stream.
    top: u64,
    time: u32,
    at: Instant,
}

impl Lens {
    pub fn new(mid: Mid, now: Instant) -> Self {
        Self { mid, sight: Sight::default(), pt: None, from: None, seq_off: 0, time_off: 0, top: 0, time: 0, at: now }
    }

    /// Whether a packet is of the layer that is wanted.
    pub fn wants(&self, source: Source) -> bool {
        match (self.sight, source) {
            (Sight::None, _) => false,
            (_, Source::Far | Source::Seat(_, None)) => true,
            (Sight::Small, Source::Seat(_, Some(rid))) => rid == small(),
            (Sight::Large, Source::Seat(_, Some(rid))) => rid == large(),
        }
    }

    /// Whether nothing is seen of a source before it begins anew.
    pub fn lacks(&self, source: Source) -> bool {
        self.from != Some(source)
    }

    /// The next picture is waited for.
    pub fn close(&mut self) {
        self.from = None;
    }

    /// Sends a packet to the browser; `false` if it cannot be sent, or one cannot begin with it.
    pub fn see(&mut self, rtc: &mut Rtc, now: Instant, shot: &Shot) -> bool {
        if self.lacks(shot.source) {
            if !shot.begins {
                return false;
            }
            let passed = u32::try_from(((now - self.at).as_millis() * 90) & 0xffff_ffff).unwrap_or(0);
            self.from = Some(shot.source);
            self.seq_off = shot.seq.wrapping_sub(self.top + 1);
            self.time_off = shot.time.wrapping_sub(self.time.wrapping_add(passed.max(PAUSE)));
        }
        let seq = shot.seq.wrapping_sub(self.seq_off);
        if seq == 0 || seq > self.top + 0x4000 || seq + LATE < self.top {
            return false;
        }
        self.top = self.top.max(seq);
        self.time = shot.time.wrapping_sub(self.time_off);
        self.at = now;
        let pt = match self.pt {
            Some(pt) => pt,
            None => {
                let Some(pt) = rtc.media(self.mid).and_then(|m| m.remote_pts().first().copied()) else { return false };
                *self.pt.insert(pt)
            }
        };
        let mut api = rtc.direct_api();
        let Some(tx) = api.stream_tx_by_mid(self.mid, None) else { return false };
        let write = RtpWrite::new(pt, SeqNo::from(seq), self.time, now.into_std(), shot.vp8.clone());
        tx.write_rtp(write.marker(shot.marker).nackable(true));
        true
    }
}

/// The names of the layers that a page sends.
pub(super) fn small() -> Rid {
    "s".into()
}

pub(super) fn large() -> Rid {
    "l".into()
}

/// The camera of a seat.
#[derive(Debug)]
pub(super) struct Camera {
    pub mid: Mid,
    pub allowance: (Instant, u64),
    asked: Option<Instant>,
    /// Layers that came.
    pub rids: Vec<Option<Rid>>,
}

impl Camera {
    pub fn new(mid: Mid, now: Instant) -> Self {
        Self { mid, allowance: (now, PACKETS_PER_SECOND), asked: None, rids: Vec::new() }
    }

    /// Asks the browser for whole pictures, of all layers.
    pub fn ask(&mut self, rtc: &mut Rtc, now: Instant) -> bool {
        if self.asked.is_some_and(|at| now < at + ASK) {
            return false;
        }
        self.asked = Some(now);
        let mut api = rtc.direct_api();
        for rid in &self.rids {
            if let Some(rx) = api.stream_rx_by_mid(self.mid, *rid) {
                rx.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
        true
    }
}

/// Who is seen in a class at this node.
#[derive(Debug, Default)]
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
        Shot { source: Source::Seat(SeatId(1), None), seq, time: 90 * 1000, marker: true, begins, vp8: vp8.into() }
    }

    #[test]
    fn a_whole_picture_is_known_by_its_head() {
        assert_eq!(descriptor(&[0x10, 0x00]), Some((1, true)));
        assert_eq!(descriptor(&[0x10, 0x01]), Some((1, false)));
        assert_eq!(descriptor(&[0x00, 0x00]), Some((1, false)), "not the start of a partition");
        assert_eq!(descriptor(&[0x90, 0x80, 0x81, 0x02, 0x00]), Some((4, true)), "a long number of the picture");
        assert_eq!(descriptor(&[0x90, 0xf0, 0x01, 0x02, 0x03, 0x00]), Some((5, true)));
        for bad in [&[][..], &[0x80], &[0x90, 0x80], &[0x90, 0x80, 0x80], &[0x10]] {
            assert_eq!(descriptor(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_packet_goes_over_the_trunk_in_pieces_that_fit() {
        let mut pieces = Pieces::default();
        let first = pieces.of(&shot(10, 1180, true));
        assert_eq!(first.iter().map(|(begins, _)| *begins).collect::<Vec<_>>(), [true, false]);
        let read: Vec<Shot> = first.iter().map(|(_, bytes)| Shot::read(bytes, 0).unwrap()).collect();
        assert!(first.iter().all(|(_, bytes)| bytes.len() <= PIECE + 7));
        assert_eq!((read[0].seq, read[1].seq, read[0].marker, read[1].marker), (1, 2, false, true));
        assert_eq!((read[0].begins, read[1].begins), (true, false));
        let whole: Vec<u8> = [&read[0].vp8[..], &read[1].vp8[4..]].concat();
        assert_eq!(whole, shot(10, 1180, true).vp8.to_vec());
        // A hole stays one, what is late goes nowhere, and another camera goes on after.
        let hole = pieces.of(&shot(13, 100, false));
        assert_eq!(Shot::read(&hole[0].1, 2).unwrap().seq, 5);
        assert!(pieces.of(&shot(12, 100, false)).is_empty());
        let other = Shot { source: Source::Seat(SeatId(2), None), ..shot(1, 100, true) };
        assert_eq!(Shot::read(&pieces.of(&other)[0].1, 5).unwrap().seq, 7);
    }

    #[test]
    fn chance_over_the_trunk_is_refused() {
        for bad in [&[][..], &[1], &[1, 0, 1, 0, 0, 0], &[1, 0, 1, 0, 0, 0, 0], &[1, 0, 1, 0, 0, 0, 0, 0x80]] {
            assert!(Shot::read(bad, 0).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_camera_is_seen_until_it_is_silent() {
        let (mut screen, now) = (Screen::default(), Instant::now());
        assert!(screen.shows(Onto::Seat(SeatId(1)), now));
        assert!(!screen.shows(Onto::Far, now + YIELDS / 2));
        assert!(screen.shows(Onto::Seat(SeatId(1)), now + YIELDS / 2));
        assert!(screen.shows(Onto::Far, now + YIELDS * 2));
        screen.drop_if(Onto::Far);
        assert!(screen.shows(Onto::Seat(SeatId(2)), now + YIELDS * 2));
    }
}
