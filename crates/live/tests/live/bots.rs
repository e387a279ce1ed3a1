//! Bots that speak the protocol of browsers: they speak, film, listen and look, and count what comes. The measures of
//! `bench` take them from here, too.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::time::Instant;

#[derive(Default)]
pub struct Counts {
    pub connected: AtomicU64,
    /// Packets of voice.
    pub heard: AtomicU64,
    /// Packets of video, and their bytes.
    pub seen: AtomicU64,
    pub seen_bytes: AtomicU64,
    /// Whether the first of them was the first of a whole picture.
    pub begun: AtomicU64,
    /// Whole pictures that came.
    pub whole: AtomicU64,
    /// Whole pictures that one who films was asked for.
    pub asked: AtomicU64,
    /// Packets whose number or time did not go on.
    pub broken: AtomicU64,
}

/// What a bot does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Does {
    /// It sends, in packets of 20 ms; otherwise it only takes.
    pub sends: bool,
    /// With video: two layers of 25 pictures a second, one of 500 bytes each, one of four packets of 1,100.
    pub video: bool,
    pub writes: Writes,
}

/// How pictures are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// As a browser can: it sends VP8.
    Both,
    Vp8,
    /// As an encoder does, in one layer: that of four packets.
    H264,
}

impl Does {
    pub const SPEAKS: Self = Self { sends: true, video: false, writes: Writes::Both };
    pub const FILMS: Self = Self { sends: true, video: true, writes: Writes::Both };
    pub const ENCODES: Self = Self { sends: true, video: true, writes: Writes::H264 };
    pub const LISTENS: Self = Self { sends: false, video: false, writes: Writes::Both };
    pub const LOOKS: Self = Self { sends: false, video: true, writes: Writes::Both };
    pub const LOOKS_VP8: Self = Self { sends: false, video: true, writes: Writes::Vp8 };
}

const VOICE: Duration = Duration::from_millis(20);
const PICTURE: Duration = Duration::from_millis(40);

pub struct Bot {
    rtc: Rtc,
    socket: UdpSocket,
    voice: Mid,
    picture: Option<Mid>,
    does: Does,
    pending: Option<SdpPendingOffer>,
    last_voice: Option<(u64, u32)>,
    last_picture: Option<(u64, u32)>,
    is_asked: bool,
}

impl Bot {
    async fn new(host: IpAddr, does: Does) -> Self {
        let socket = UdpSocket::bind((host, 0)).await.unwrap();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(does.writes != Writes::H264)
            .enable_h264(does.writes != Writes::Vp8)
            .build(Instant::now().into_std());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        Self {
            rtc,
            socket,
            voice: "0".into(),
            picture: None,
            does,
            pending: None,
            last_voice: None,
            last_picture: None,
            is_asked: true,
        }
    }

    /// One that offers, at an address of this machine.
    pub async fn offers(host: IpAddr, does: Does) -> (Self, String) {
        let mut bot = Self::new(host, does).await;
        let direction = if does.sends { Direction::SendOnly } else { Direction::RecvOnly };
        let mut change = bot.rtc.sdp_api();
        bot.voice = change.add_media(MediaKind::Audio, direction, None, None, None);
        if does.video {
            let layer = |rid: &str| SimulcastLayer::new(rid);
            let layers = Simulcast { send: vec![layer("l"), layer("s")], recv: Vec::new() };
            let layers = (does.sends && does.writes != Writes::H264).then_some(layers);
            bot.picture = Some(change.add_media(MediaKind::Video, direction, None, None, layers));
        }
        let (offer, pending) = change.apply().unwrap();
        bot.pending = Some(pending);
        (bot, offer.to_sdp_string())
    }

    pub fn accept(&mut self, answer: &str) {
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(answer).unwrap()).unwrap();
    }

    /// One that answers.
    pub async fn answers(host: IpAddr, does: Does, offer: &str) -> (Self, String) {
        let mut bot = Self::new(host, does).await;
        let answer = bot.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(offer).unwrap()).unwrap();
        (bot, answer.to_sdp_string())
    }

    /// Which section is voice is known by what is negotiated.
    fn is_voice(&mut self, packet: &RtpPacket) -> bool {
        let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|rx| rx.mid());
        mid.and_then(|mid| self.rtc.media(mid)).is_none_or(|media| media.kind() == MediaKind::Audio)
    }

    pub async fn run(mut self, counts: Arc<Counts>) {
        let (mut buffer, me) = (vec![0; 2000], self.socket.local_addr().unwrap());
        let (mut connected, mut voices, mut pictures) = (false, 0_u64, 0_u64);
        let (mut next_voice, mut next_picture) = (Instant::now(), Instant::now());
        loop {
            let wake = loop {
                match self.rtc.poll_output().unwrap() {
                    Output::Timeout(at) => break Instant::from_std(at),
                    Output::Transmit(t) => drop(self.socket.try_send_to(&t.contents, t.destination)),
                    Output::Event(Event::Connected) => {
                        counts.connected.fetch_add(1, Relaxed);
                        connected = true;
                        (next_voice, next_picture) = (Instant::now(), Instant::now());
                    }
                    Output::Event(Event::RtpPacket(p)) => self.count(&p, &counts),
                    Output::Event(Event::KeyframeRequest(_)) => {
                        counts.asked.fetch_add(1, Relaxed);
                        self.is_asked = true;
                    }
                    Output::Event(_) => {}
                }
            };
            let sends = self.does.sends && connected;
            let due = if sends {
                next_voice.min(if self.picture.is_some() { next_picture } else { next_voice })
            } else {
                wake
            };
            tokio::select! {
                Ok((len, from)) = self.socket.recv_from(&mut buffer) => {
                    let Ok(contents) = buffer[..len].try_into() else { continue };
                    let receive = Receive { proto: Protocol::Udp, source: from, destination: me, contents };
                    let _ = self.rtc.handle_input(Input::Receive(Instant::now().into_std(), receive));
                }
                () = tokio::time::sleep_until(wake.min(due)) => {
                    let now = Instant::now();
                    if sends && now >= next_voice {
                        next_voice += VOICE;
                        self.speak(now, voices);
                        voices += 1;
                    }
                    if sends && now >= next_picture && let Some(mid) = self.picture {
                        next_picture += PICTURE;
                        self.film(now, mid, pictures);
                        pictures += 1;
                    }
                    let _ = self.rtc.handle_input(Input::Timeout(now.into_std()));
                }
            }
        }
    }

    fn speak(&mut self, now: Instant, n: u64) {
        let pt = self.rtc.media(self.voice).unwrap().remote_pts()[0];
        let time = u32::try_from(n * 960).unwrap();
        let write = RtpWrite::new(pt, n.into(), time, now.into_std(), vec![9 << 3; 40]);
        self.rtc.direct_api().stream_tx_by_mid(self.voice, None).unwrap().write_rtp(write);
    }

    /// A picture in each layer; whole, if somebody asked for it.
    fn film(&mut self, now: Instant, mid: Mid, n: u64) {
        let whole = std::mem::take(&mut self.is_asked);
        let Some(pt) = self.rtc.media(mid).unwrap().remote_pts().first().copied() else { return };
        let time = u32::try_from(n * 3600).unwrap();
        if self.does.writes == Writes::H264 {
            self.encode(now, mid, pt, (n, time, whole));
            return;
        }
        for (rid, packets, len) in [("s", 1, 500), ("l", 4, 1100)] {
            let rid: Rid = rid.into();
            let mut api = self.rtc.direct_api();
            let tx = api.stream_tx_by_mid(mid, Some(rid)).unwrap();
            for i in 0..packets {
                let mut vp8 = vec![0; len];
                vp8[0] = if i == 0 { 0x10 } else { 0 };
                vp8[1] = u8::from(!whole);
                if whole && i == 0 {
                    // What a whole picture begins with (RFC 6386, 9.1): a mark, and its size.
                    vp8[4..11].copy_from_slice(&[0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01]);
                }
                let write = RtpWrite::new(pt, (n * packets + i).into(), time, now.into_std(), vp8);
                tx.write_rtp(write.marker(i == packets - 1).nackable(true));
            }
        }
    }

    /// A picture of four packets: before a whole one stand its parameters, and the rest are parts of one unit.
    fn encode(&mut self, now: Instant, mid: Mid, pt: Pt, (n, time, whole): (u64, u32, bool)) {
        let mut api = self.rtc.direct_api();
        let tx = api.stream_tx_by_mid(mid, None).unwrap();
        for i in 0..4 {
            let mut unit = vec![0; 1100];
            let kind = if whole { 5 } else { 1 };
            let ends = [0, 0x80, 0, 0x40][usize::try_from(i).unwrap()];
            match (i, whole) {
                (0, true) => unit = vec![0x67, 0x42, 0xe0, 0x1f, 0x8c, 0x68],
                (0, false) => unit = vec![0x06, 5, 1, 0, 0x80],
                _ => unit[..2].copy_from_slice(&[0x7c, ends | kind]),
            }
            let write = RtpWrite::new(pt, (n * 4 + i).into(), time, now.into_std(), unit);
            tx.write_rtp(write.marker(i == 3).nackable(true));
        }
    }

    fn begins(&self, packet: &RtpPacket) -> bool {
        let pt = packet.header.payload_type;
        let is_h264 = self.rtc.codec_config().params().iter().any(|p| p.pt() == pt && p.spec().codec == Codec::H264);
        if is_h264 {
            packet.payload[0] & 0x1f == 7
        } else {
            packet.payload[0] & 0x10 != 0 && packet.payload[1] & 1 == 0
        }
    }

    fn count(&mut self, packet: &RtpPacket, counts: &Counts) {
        let is_picture = !self.is_voice(packet);
        let now = (*packet.seq_no, packet.header.timestamp);
        let (last, most) =
            if is_picture { (&mut self.last_picture, 90_000 * 5) } else { (&mut self.last_voice, 48_000 * 5) };
        let goes_on = last.is_none_or(|(seq, time)| {
            let passed = now.1.wrapping_sub(time);
            now.0 == seq + 1 && (u32::from(!is_picture)..most).contains(&passed)
        });
        let is_first = last.replace(now).is_none();
        counts.broken.fetch_add(u64::from(!goes_on), Relaxed);
        if is_picture {
            counts.seen.fetch_add(1, Relaxed);
            counts.seen_bytes.fetch_add(packet.payload.len() as u64, Relaxed);
            let begins = self.begins(packet);
            counts.begun.fetch_add(u64::from(is_first && begins), Relaxed);
            counts.whole.fetch_add(u64::from(begins), Relaxed);
        } else {
            counts.heard.fetch_add(1, Relaxed);
        }
    }
}
