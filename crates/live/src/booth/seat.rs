//! One browser.

use std::time::Duration;

use base::Subject;
use str0m::Rtc;
use str0m::media::Mid;
use str0m::rtp::{RtpPacket, RtpWrite, SeqNo};
use str0m::stats::MediaEgressStats;
use tokio::time::Instant;

use super::SeatId;
use super::coding::Coding;
use super::lens::Lens;
use super::picture::{self, Camera, Shot};
use crate::Packet;
use crate::hall::TrackId;
use crate::opus::{MAX_PACKET, UNIT_SAMPLES, units};

/// Packets of voice that a browser may send in a second: twice those of 10 ms.
const PACKETS_PER_SECOND: u64 = 200;
/// A jump of a stream's time beyond this begins it anew: five seconds without a packet, though silence has some.
const JUMP: i64 = 5 * 48_000;
/// Between two speakers there are at least so many samples.
const PAUSE: u32 = 960;

/// What a browser does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Speaks { class: Subject, who: Subject },
    Films { class: Subject },
    Listens { class: Subject, channel: u8, but: Option<SeatId> },
}

pub(crate) struct Seat {
    pub rtc: Rtc,
    pub role: Role,
    pub since: Instant,
    pub is_connected: bool,
    /// When it wants to be woken.
    pub next: Instant,
    mid: Mid,
    pub(super) picture: Picture,
    pub floor: Option<Floor>,
    /// A camera by itself has the floor.
    pub lit: bool,
    heard: Option<Stream>,
    allowance: (Instant, u64),
}

/// The sections of a browser's session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mids {
    pub voice: Mid,
    /// That of the picture, and how a camera's pictures are written.
    pub(super) picture: Option<(Mid, Coding)>,
}

/// What a seat has to do with video.
pub(super) enum Picture {
    None,
    Films(Camera),
    Sees(Lens),
}

/// The track of a speaker who has the floor.
pub(crate) struct Floor {
    pub track: TrackId,
    pub channel: u8,
    /// Packets so far: they are numbered anew, since a browser also sends packets without voice.
    count: u64,
    /// The browser's time of the first packet, and of the last since then.
    first: Option<u32>,
    last: i64,
}

/// The stream that a listener hears.
struct Stream {
    track: TrackId,
    /// The last packet's number in its track, and its number and time in the stream.
    seq: u64,
    sent: u64,
    time: u32,
    /// What makes a time of the track one of the stream.
    offset: u32,
    at: Instant,
}

/// Whether one more may come in this second.
fn within((since, left): &mut (Instant, u64), now: Instant, most: u64) -> bool {
    if now > *since + Duration::from_secs(1) {
        (*since, *left) = (now, most);
    }
    let may = *left > 0;
    *left = left.saturating_sub(1);
    may
}

impl Floor {
    pub fn new(track: TrackId, channel: u8) -> Self {
        Self { track, channel, count: 0, first: None, last: 0 }
    }

    /// A browser's packet as one of the track; `None` if it comes late.
    fn packet(&mut self, time: u32, opus: &[u8]) -> Option<Packet> {
        let first = *self.first.get_or_insert(time);
        // Times wrap; the next is near the last.
        let from = first.wrapping_add(u32::try_from(self.last & 0xffff_ffff).unwrap_or(0));
        let by = i64::from(time.wrapping_sub(from).cast_signed());
        if self.count > 0 && by <= 0 {
            return None;
        }
        // Whatever its clock does, the track goes on.
        let by = if by > JUMP {
            self.first = Some(first.wrapping_add(u32::try_from(by - JUMP).unwrap_or(0)));
            JUMP
        } else {
            by
        };
        self.last += by;
        self.count += 1;
        Some(Packet { seq: self.count - 1, at: u64::try_from(self.last).ok()? / UNIT_SAMPLES, opus: opus.into() })
    }
}

impl Seat {
    pub fn new(rtc: Rtc, Mids { voice, picture }: Mids, role: Role, now: Instant) -> Self {
        let picture = match (picture, role) {
            (None, _) => Picture::None,
            (Some((mid, coding)), Role::Speaks { .. } | Role::Films { .. }) => {
                Picture::Films(Camera::new(mid, coding, now))
            }
            (Some((mid, _)), Role::Listens { .. }) => Picture::Sees(Lens::new(mid, now)),
        };
        let allowance = (now, PACKETS_PER_SECOND);
        Self {
            rtc,
            role,
            since: now,
            is_connected: false,
            next: now,
            mid: voice,
            picture,
            floor: None,
            lit: false,
            heard: None,
            allowance,
        }
    }

    /// What the browser films, if it has the floor.
    pub(super) fn filmed(&mut self, id: SeatId, now: Instant, packet: &RtpPacket) -> Option<Shot> {
        let Picture::Films(camera) = &mut self.picture else { return None };
        if !within(&mut camera.allowance, now, picture::PACKETS_PER_SECOND)
            || !(self.lit || self.floor.as_ref().is_some_and(|f| f.channel == 0))
        {
            return None;
        }
        let rid = self.rtc.direct_api().stream_rx(&packet.header.ssrc)?.rid();
        Shot::of(id, camera, rid, now, packet)
    }

    /// What the browser says of what came of the picture.
    pub fn told(&mut self, stats: &MediaEgressStats) {
        if let Picture::Sees(lens) = &mut self.picture
            && lens.mid == stats.mid
        {
            lens.told(stats);
        }
    }

    /// Whether a packet is of the picture.
    pub fn is_film(&mut self, packet: &RtpPacket) -> bool {
        let Picture::Films(camera) = &self.picture else { return false };
        let mid = camera.mid;
        self.rtc.direct_api().stream_rx(&packet.header.ssrc).is_some_and(|rx| rx.mid() == mid)
    }

    /// What the browser said, if it has the floor.
    pub fn said(&mut self, now: Instant, packet: &RtpPacket) -> Option<(TrackId, Packet)> {
        if !within(&mut self.allowance, now, PACKETS_PER_SECOND) {
            return None;
        }
        let floor = self.floor.as_mut()?;
        if packet.payload.len() > MAX_PACKET || units(&packet.payload).is_none() {
            return None;
        }
        Some((floor.track, floor.packet(packet.header.timestamp, &packet.payload)?))
    }

    /// Sends a packet of a track to the browser; `false` if it cannot be sent yet.
    pub fn hear(&mut self, now: Instant, track: TrackId, packet: &Packet) -> bool {
        if !self.is_connected {
            return false;
        }
        let samples = u32::try_from((packet.at * UNIT_SAMPLES) & 0xffff_ffff).unwrap_or(0);
        let last = self.heard.take();
        let is_same = last.as_ref().is_some_and(|s| s.track == track && packet.seq > s.seq);
        let stream = match last {
            Some(s) if is_same => {
                // What is missing is missing in the stream, too: the browser conceals it.
                let sent = s.sent + (packet.seq - s.seq).min(50);
                Stream { seq: packet.seq, sent, time: samples.wrapping_add(s.offset), at: now, ..s }
            }
            Some(s) => {
                let passed = u32::try_from(((now - s.at).as_millis() * 48) & 0xffff_ffff).unwrap_or(0);
                let time = s.time.wrapping_add(passed.max(PAUSE));
                Stream { track, seq: packet.seq, sent: s.sent + 1, time, offset: time.wrapping_sub(samples), at: now }
            }
            None => Stream { track, seq: packet.seq, sent: 1, time: samples, offset: 0, at: now },
        };
        let (seq, time) = (SeqNo::from(stream.sent), stream.time);
        self.heard = Some(stream);
        let Some(pt) = self.rtc.media(self.mid).and_then(|m| m.remote_pts().first().copied()) else { return false };
        let mut api = self.rtc.direct_api();
        let Some(tx) = api.stream_tx_by_mid(self.mid, None) else { return false };
        tx.write_rtp(RtpWrite::new(pt, seq, time, now.into_std(), packet.opus.clone()).marker(!is_same));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_begins_at_zero_and_goes_on_over_the_wrap() {
        let mut floor = Floor::new(TrackId { node: base::NodeId([1; 16]), number: 0 }, 0);
        let first = u32::MAX - 3000;
        let mut at = |samples: u32| floor.packet(first.wrapping_add(samples), b"x").map(|p| (p.seq, p.at));
        assert_eq!(at(0), Some((0, 0)));
        assert_eq!(at(2880), Some((1, 24)));
        assert_eq!(at(5760), Some((2, 48)));
        assert_eq!(at(2880), None, "it was there");
        assert_eq!(at(48_000), Some((3, 400)), "after silence");
        assert_eq!(at(48_000 * 20), Some((4, 2400)), "after a jump, five seconds");
        assert_eq!(at(48_000 * 20 + 2880), Some((5, 2424)), "and on from there");
    }
}
