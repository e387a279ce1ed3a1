//! Browsers at their own node: one speaks or one listens by one exchange of session descriptions, as WHIP (RFC 9725) and
//! WHEP have it, and from then on voice goes over one UDP port of the node, on its LAN. Nothing is decoded: packets are
//! forwarded as they were spoken.
//!
//! A microphone is connected before it has the floor; only with the floor does its voice go anywhere ([`Booths::floor`]).
//! A listener hears whoever has the floor, or the interpreter on the channel it chose, as one stream whose numbers and
//! times go on when the speaker changes; so it is with the picture, for those whose browser offers to see one.

mod bears;
mod coding;
mod lens;
mod picture;
mod seat;
mod task;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use base::Subject;
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::crypto::from_feature_flags;
use str0m::media::Mid;
use str0m::{Candidate, Rtc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::driver::{Audience, Inner, Live};
use crate::hall::News;
use coding::Coding;
pub use lens::Sight;
use seat::{Mids, Role, Seat};

/// Browsers at a node.
const MAX_SEATS: usize = 600;
/// Bytes of an offer.
const MAX_OFFER: usize = 64 * 1024;
/// News that wait for the task: what is beyond it is not heard, as what is lost.
const NEWS: usize = 4096;
/// Bits a second that a browser is asked to speak with: Opus is clear at it.
const SPEECH_BITS: u32 = 16_000;

/// Kilobits a second that an encoder is asked to write pictures with at most: less than what another node takes.
const FILM_KBITS: u32 = 900;
/// How often it is looked at what a listener reports of its picture.
const REPORTS: Duration = Duration::from_secs(1);

/// Why a browser does not get a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    /// What it offers cannot be understood, or has no voice.
    #[error("no offer that can be answered")]
    Offer,
    /// Too many are seated.
    #[error("too many listen already")]
    Full,
    /// The node does not serve browsers now.
    #[error("not open")]
    Closed,
}

/// A seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u64);

/// A seat, and what to answer the browser.
#[derive(Clone, Debug)]
pub struct Seated {
    /// Which seat: to be named when it is left.
    pub id: SeatId,
    /// The session description to answer with, `application/sdp`.
    pub answer: String,
}

/// What went through the booths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Seats that are taken.
    pub seats: u64,
    /// Packets of voice that came from browsers with the floor.
    pub spoken: u64,
    /// Packets of voice that were sent to browsers.
    pub forwarded: u64,
    /// Packets of video that came from browsers with the floor.
    pub filmed: u64,
    /// Packets of video that were sent to browsers.
    pub shown: u64,
    /// Datagrams of nobody who is seated, or that are nothing.
    pub refused: u64,
    /// Seats whose browser went, or never came.
    pub gone: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub seats: AtomicU64,
    pub spoken: AtomicU64,
    pub forwarded: AtomicU64,
    pub filmed: AtomicU64,
    pub shown: AtomicU64,
    pub refused: AtomicU64,
    pub gone: AtomicU64,
}

pub(crate) enum Order {
    Sit(SeatId, Box<Seat>),
    Leave(SeatId),
    Floor(SeatId, Option<u8>),
    Sight(SeatId, Sight),
    Own(SeatId, SeatId),
}

/// All browsers of a node. An [`Audience`] of its [`Live`].
pub struct Booths {
    news: mpsc::Sender<(Subject, News)>,
    waiting: Mutex<Option<mpsc::Receiver<(Subject, News)>>>,
    open: OnceLock<Open>,
    next: AtomicU64,
    counts: Arc<Counts>,
    task: Mutex<JoinSet<()>>,
}

struct Open {
    orders: mpsc::UnboundedSender<Order>,
    addresses: Vec<SocketAddr>,
    cert: DtlsCert,
}

impl std::fmt::Debug for Booths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Booths({:?})", self.traffic())
    }
}

impl Default for Booths {
    fn default() -> Self {
        let (news, waiting) = mpsc::channel(NEWS);
        Self {
            news,
            waiting: Mutex::new(Some(waiting)),
            open: OnceLock::new(),
            next: AtomicU64::new(1),
            counts: Arc::default(),
            task: Mutex::default(),
        }
    }
}

impl Booths {
    /// Opens on a UDP socket. `addresses` are those at which browsers of the LAN find it.
    ///
    /// # Errors
    /// If it is open already, or the socket or the machine's cryptography fails.
    pub fn start(&self, socket: UdpSocket, addresses: Vec<SocketAddr>, live: &Live) -> io::Result<()> {
        let again = || io::Error::from(io::ErrorKind::AlreadyExists);
        let news = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(again)?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        let local = *addresses.first().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let cert = from_feature_flags().dtls_provider.generate_certificate().ok_or(io::ErrorKind::Unsupported)?;
        let (orders, taken) = mpsc::unbounded_channel();
        let inner: Weak<Inner> = live.downgrade();
        let booth = task::Booth::new(socket, local, inner, self.counts.clone());
        self.task.lock().unwrap_or_else(PoisonError::into_inner).spawn(booth.run(taken, news));
        self.open.set(Open { orders, addresses, cert }).map_err(|_| again())
    }

    /// Seats a browser that will speak in a class: a person or a room. It has no floor yet.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub fn speak(&self, class: Subject, who: Subject, offer: &str) -> Result<Seated, NoSeat> {
        let seated = self.sit(Role::Speaks { class, who }, offer)?;
        Ok(Seated { answer: thrifty(&seated.answer), ..seated })
    }

    /// Seats a browser that listens to a channel of a class: 0 is the floor. What is spoken at the seat `but`, its own
    /// microphone, it does not hear.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub fn listen(&self, class: Subject, channel: u8, but: Option<SeatId>, offer: &str) -> Result<Seated, NoSeat> {
        self.sit(Role::Listens { class, channel, but }, offer)
    }

    /// Seats a camera by itself: what it films is shown while it has the floor, and somebody of this node speaks with it.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub fn film(&self, class: Subject, offer: &str) -> Result<Seated, NoSeat> {
        self.sit(Role::Films { class }, offer)
    }

    /// Gives a speaker or a camera the floor, or an interpreter's channel, or takes it.
    pub fn floor(&self, seat: SeatId, channel: Option<u8>) {
        self.order(Order::Floor(seat, channel));
    }

    /// How large a listener wants the picture of whoever has the floor.
    pub fn sight(&self, seat: SeatId, sight: Sight) {
        self.order(Order::Sight(seat, sight));
    }

    /// A listener has a microphone, which was seated after it: from now on it does not hear that one.
    pub fn is_own(&self, listener: SeatId, microphone: SeatId) {
        self.order(Order::Own(listener, microphone));
    }

    /// A browser leaves its seat.
    pub fn leave(&self, seat: SeatId) {
        self.order(Order::Leave(seat));
    }

    /// What went through so far.
    pub fn traffic(&self) -> Traffic {
        let Counts { seats, spoken, forwarded, filmed, shown, refused, gone } = &*self.counts;
        let [seats, spoken, forwarded, filmed, shown, refused, gone] =
            [seats, spoken, forwarded, filmed, shown, refused, gone].map(|n| n.load(Relaxed));
        Traffic { seats, spoken, forwarded, filmed, shown, refused, gone }
    }

    fn order(&self, order: Order) {
        if let Some(open) = self.open.get() {
            // If the task is gone, so are all seats.
            let _ = open.orders.send(order);
        }
    }

    fn sit(&self, role: Role, offer: &str) -> Result<Seated, NoSeat> {
        let open = self.open.get().ok_or(NoSeat::Closed)?;
        if offer.len() > MAX_OFFER {
            return Err(NoSeat::Offer);
        }
        // Counted before it is seated, so that many at once do not all find the last seat.
        if self.counts.seats.fetch_add(1, Relaxed) >= MAX_SEATS as u64 {
            self.counts.seats.fetch_sub(1, Relaxed);
            return Err(NoSeat::Full);
        }
        let seated = open.answer(role, offer).and_then(|(rtc, mids, answer)| {
            let id = SeatId(self.next.fetch_add(1, Relaxed));
            let seat = Box::new(Seat::new(rtc, mids, role, Instant::now()));
            open.orders.send(Order::Sit(id, seat)).map_err(|_| NoSeat::Closed)?;
            Ok(Seated { id, answer })
        });
        if seated.is_err() {
            self.counts.seats.fetch_sub(1, Relaxed);
        }
        seated
    }
}

impl Open {
    fn answer(&self, role: Role, offer: &str) -> Result<(Rtc, Mids, String), NoSeat> {
        let (voice, picture) = (section_of(offer, "audio"), section_of(offer, "video"));
        let needed = if matches!(role, Role::Films { .. }) { picture } else { voice };
        let writes = coding_of(offer);
        let mids = Mids { voice: needed.ok_or(NoSeat::Offer)?, picture: picture.map(|mid| (mid, writes)) };
        let sends = !matches!(role, Role::Listens { .. });
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| NoSeat::Offer)?;
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_dtls_cert(self.cert.clone())
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(!sends || writes == Coding::Vp8)
            .enable_h264(!sends || writes == Coding::H264)
            .set_stats_interval((!sends && mids.picture.is_some()).then_some(REPORTS))
            .build(Instant::now().into_std());
        for address in &self.addresses {
            let candidate = Candidate::host(*address, "udp").map_err(|_| NoSeat::Closed)?;
            rtc.add_local_candidate(candidate);
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| NoSeat::Offer)?;
        Ok((rtc, mids, answer.to_sdp_string()))
    }
}

impl Audience for Booths {
    fn news(&self, class: Subject, news: &News) {
        if matches!(news, News::Began(_) | News::Ended(_) | News::Play(..) | News::Video(..)) {
            // A task that is too slow loses voice, and nobody waits for it.
            let _ = self.news.try_send((class, news.clone()));
        }
    }
}

/// The name of the first section of a kind in an offer.
fn section_of(offer: &str, kind: &str) -> Option<Mid> {
    let section = offer.split("\nm=").skip(1).find(|section| section.starts_with(kind))?;
    let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:"))?.trim();
    (!mid.is_empty() && mid.len() <= 16 && mid.is_ascii()).then(|| mid.into())
}

/// How a camera's pictures are to be written: as every page takes them, if it can, and else as most do.
fn coding_of(offer: &str) -> Coding {
    let vp8 = offer.lines().any(|line| line.starts_with("a=rtpmap:") && line.to_ascii_lowercase().contains(" vp8/"));
    if vp8 { Coding::Vp8 } else { Coding::H264 }
}

/// An answer that asks for voice at few bits, in packets of 60 ms, and for none while nobody speaks; and for pictures that
/// may go to other nodes.
fn thrifty(answer: &str) -> String {
    let opus = answer.lines().find_map(|line| {
        let (pt, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        codec.starts_with("opus/").then(|| format!("a=fmtp:{pt} "))
    });
    let mut out = String::with_capacity(answer.len() + 120);
    let mut films = false;
    for line in answer.lines() {
        out += line;
        films = if line.starts_with("m=") { line.starts_with("m=video") } else { films };
        if films && line.starts_with("c=") {
            out += &format!("\r\nb=AS:{FILM_KBITS}");
        }
        if opus.as_ref().is_some_and(|opus| line.starts_with(opus)) {
            out += &format!(";maxaveragebitrate={SPEECH_BITS};usedtx=1;stereo=0\r\na=ptime:60\r\na=maxptime:60");
        }
        out += "\r\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_asks_for_little() {
        let answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\na=mid:0\r\n";
        let thrifty = thrifty(answer);
        assert!(thrifty.contains("a=fmtp:111 minptime=10;maxaveragebitrate=16000;usedtx=1;stereo=0\r\na=ptime:60\r\n"));
        assert!(thrifty.ends_with("a=mid:0\r\n"));
    }

    #[test]
    fn the_section_of_voice_is_found() {
        let mid = section_of("v=0\r\nm=video 9 X\r\na=mid:v\r\nm=audio 9 X\r\na=sendonly\r\na=mid:1\r\n", "audio");
        assert_eq!(mid, Some("1".into()));
        for offer in ["", "m=audio", "v=0\r\nm=audio 9 X\r\na=mid:\r\n", "v=0\r\nm=video 9 X\r\na=mid:1\r\n"] {
            assert_eq!(section_of(offer, "audio"), None, "{offer}");
        }
    }
}
