//! What one listener sees: one stream whose numbers and times go on whatever camera it comes from, of the layer that is
//! wanted and that the way to the listener bears.

use std::time::Duration;

use str0m::Rtc;
use str0m::format::PayloadParams;
use str0m::media::{Mid, Pt};
use str0m::rtp::{RtpWrite, SeqNo};
use str0m::stats::MediaEgressStats;
use tokio::time::Instant;

use super::bears::{Bears, Told};
use super::coding::Coding;
use super::picture::{LATE, Onto, Shot, Source};

/// Between two sources, at 90 kHz.
const PAUSE: u32 = 3000;
/// Numbers that a packet may be ahead.
const AHEAD: u64 = 0x4000;
/// Where no layer is borne, a whole picture comes so often.
const STILLS: Duration = Duration::from_secs(3);

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

/// What of a picture goes to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    Nothing,
    /// Whole pictures of the smallest layer, now and then.
    Stills,
    Layer(u8),
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    No,
    Sent,
    /// One cannot begin with it.
    Waits,
}

#[derive(Debug)]
pub(super) struct Lens {
    pub mid: Mid,
    sight: Sight,
    bears: Bears,
    gets: Gets,
    onto: Option<Onto>,
    /// Layers of it.
    layers: u8,
    /// The number by which the browser takes a coding, if it does.
    pt: Option<(Coding, Option<Pt>)>,
    from: Option<(Source, Coding)>,
    /// The last still picture.
    still: Option<(u32, Instant)>,
    /// The source's number and time less the stream's.
    seq_off: u64,
    time_off: u32,
    /// The highest number and the last time of the stream.
    top: u64,
    time: u32,
    at: Instant,
    /// Packets that were sent, and those sent in all, when it was last reported what came.
    sent: u64,
    reported: (u64, u64),
    /// Numbers that never came here, so that they cannot come there; and of a thousand, those of the last seconds.
    holes: u64,
    lacked: [u32; 3],
}

impl Lens {
    pub fn new(mid: Mid, now: Instant) -> Self {
        Self {
            mid,
            sight: Sight::default(),
            bears: Bears::default(),
            gets: Gets::Nothing,
            onto: None,
            layers: 0,
            pt: None,
            from: None,
            still: None,
            seq_off: 0,
            time_off: 0,
            top: 0,
            time: 0,
            at: now,
            sent: 0,
            reported: (0, 0),
            holes: 0,
            lacked: [0; 3],
        }
    }

    pub fn want(&mut self, sight: Sight) {
        if self.sight != sight {
            self.sight = sight;
            self.bears.forget();
        }
    }

    /// The best layer that is wanted.
    fn best(&self) -> u8 {
        if self.sight == Sight::Small { 0 } else { self.layers.saturating_sub(1) }
    }

    fn gets(&self) -> Gets {
        match self.best().checked_sub(self.bears.down) {
            _ if self.sight == Sight::None => Gets::Nothing,
            Some(place) => Gets::Layer(place),
            None => Gets::Stills,
        }
    }

    /// What the browser says of what came.
    pub fn told(&mut self, stats: &MediaEgressStats) {
        let (sent, all) = (self.sent - self.reported.0, stats.packets.saturating_sub(self.reported.1));
        self.reported = (self.sent, stats.packets);
        let again = permille(all.saturating_sub(sent), sent);
        // What was lost before it came here says nothing of the way from here. It is told of a second or two later.
        self.lacked.rotate_right(1);
        self.lacked[0] = permille(std::mem::take(&mut self.holes), sent);
        let lacked = self.lacked.into_iter().max().unwrap_or(0);
        let lost = stats.loss.map(|part| thousandth(part).saturating_sub(lacked).max(again));
        let rtt_ms = stats.rtt.and_then(|rtt| u64::try_from(rtt.as_millis()).ok());
        self.bears.tell(Told { sent, lost, rtt_ms }, self.best() + 1);
    }

    /// Sends a packet to the browser, if it is of what it gets.
    pub fn see(&mut self, rtc: &mut Rtc, now: Instant, shot: &Shot) -> Seen {
        self.layers = shot.layers;
        if self.onto.replace(shot.onto()) != Some(shot.onto()) {
            self.bears.forget();
        }
        let gets = self.gets();
        if std::mem::replace(&mut self.gets, gets) != gets {
            (self.from, self.still) = (None, None);
        }
        let is_it = match gets {
            Gets::Nothing => false,
            Gets::Layer(place) => place == shot.place,
            Gets::Stills => shot.place == 0 && self.is_still(now, shot),
        };
        let Some(pt) = Some(()).filter(|()| is_it).and_then(|()| self.pt(rtc, shot.coding)) else { return Seen::No };
        let seq = shot.seq.wrapping_sub(self.seq_off);
        let is_same = self.from == Some((shot.source, shot.coding));
        // Another node's camera may have taken the place of one: its numbers are others.
        let is_near = is_same && seq != 0 && seq <= self.top + LATE && seq + LATE >= self.top;
        if !is_near && shot.begins {
            self.begin(now, shot);
        } else if !is_same {
            return Seen::Waits;
        } else if seq == 0 || seq > self.top + AHEAD || seq + LATE < self.top {
            return Seen::No;
        }
        let seq = shot.seq.wrapping_sub(self.seq_off);
        self.holes = if seq > self.top { self.holes + (seq - self.top - 1) } else { self.holes.saturating_sub(1) };
        self.top = self.top.max(seq);
        self.time = shot.time.wrapping_sub(self.time_off);
        self.at = now;
        let mut api = rtc.direct_api();
        let Some(tx) = api.stream_tx_by_mid(self.mid, None) else { return Seen::No };
        let write = RtpWrite::new(pt, SeqNo::from(seq), self.time, now.into_std(), shot.payload.clone());
        tx.write_rtp(write.marker(shot.marker).nackable(true));
        self.sent += 1;
        Seen::Sent
    }

    /// A source's picture begins: it goes on where the stream is.
    fn begin(&mut self, now: Instant, shot: &Shot) {
        let passed = u32::try_from(((now - self.at).as_millis() * 90) & 0xffff_ffff).unwrap_or(0);
        self.from = Some((shot.source, shot.coding));
        self.seq_off = shot.seq.wrapping_sub(self.top + 1);
        self.time_off = shot.time.wrapping_sub(self.time.wrapping_add(passed.max(PAUSE)));
        self.still = Some((shot.time, now));
    }

    /// Whether a packet is of a still picture, or may begin the next.
    fn is_still(&mut self, now: Instant, shot: &Shot) -> bool {
        let Some((time, at)) = self.still else { return true };
        if self.from.is_some() && time == shot.time {
            return true;
        }
        self.from = None;
        now >= at + STILLS
    }

    fn pt(&mut self, rtc: &Rtc, coding: Coding) -> Option<Pt> {
        if let Some((_, pt)) = self.pt.filter(|(of, _)| *of == coding) {
            return pt;
        }
        let taken = rtc.media(self.mid)?.remote_pts();
        let params = rtc.codec_config().params().iter();
        let pt =
            params.filter(|p| p.spec().codec == coding.codec()).map(PayloadParams::pt).find(|pt| taken.contains(pt));
        self.pt = Some((coding, pt));
        pt
    }
}

fn permille(n: u64, of: u64) -> u32 {
    u32::try_from(n.saturating_mul(1000) / of.max(1)).map_or(1000, |n| n.min(1000))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
fn thousandth(part: f32) -> u32 {
    (part.clamp(0.0, 1.0) * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that says each second that a third of what was sent is missing.
    fn down(holes: u64, all: u64) -> u8 {
        let (now, mid) = (Instant::now(), "0".into());
        let mut lens = Lens::new(mid, now);
        lens.layers = 2;
        for n in 1..6 {
            (lens.sent, lens.holes) = (n * 100, holes);
            let (firs, plis, nacks, bytes) = (0, 0, 0, 0);
            let (rid, rtt, remote, loss) = (None, None, None, Some(0.33));
            let timestamp = now.into_std();
            let packets = n * all;
            lens.told(&MediaEgressStats { mid, rid, bytes, packets, firs, plis, nacks, rtt, loss, timestamp, remote });
        }
        lens.bears.down
    }

    #[test]
    fn what_was_lost_before_is_not_the_fault_of_the_way_to_the_page() {
        assert!(down(0, 100) > 0);
        assert_eq!(down(50, 100), 0, "it never came here");
        assert!(down(50, 130) > 0, "what had to be sent again was lost on this way");
    }
}
