//! Browsers at a node: bots that speak the same protocol, many at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use base::Env;
use link::Link;
use live::{Booths, Live, NoSeat, Saved, Seated, Way};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::sim::{Chance, Trusting, class, packet, person};
use crate::world::{Node, key, quick, until};

struct Site {
    live: Live,
    booths: Arc<Booths>,
    address: SocketAddr,
    _link: Link,
    _dir: tempfile::TempDir,
}

fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let link = Link::new(Node::hub(dir.path(), &[]), quick());
    let booths = Arc::new(Booths::default());
    let live =
        Live::start(&link, key(0).id(), Env::system(), Arc::new(Trusting(key(0).id())), vec![booths.clone()]).unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    booths.start(socket, vec![address], &live).unwrap();
    assert!(live.open(class(1), Way::Here, 0, Saved::default()));
    Site { live, booths, address, _link: link, _dir: dir }
}

#[derive(Default)]
struct Counts {
    connected: AtomicU64,
    heard: AtomicU64,
    /// Packets whose number or time did not go on.
    broken: AtomicU64,
}

/// A browser that listens, or speaks in packets of 20 ms.
struct Bot {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    speaks: bool,
}

impl Bot {
    async fn seated(speaks: bool, sit: impl FnOnce(&str) -> Result<Seated, NoSeat>) -> Result<(Self, Seated), NoSeat> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut rtc =
            Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false).build(Instant::now().into_std());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        let mut change = rtc.sdp_api();
        let direction = if speaks { Direction::SendOnly } else { Direction::RecvOnly };
        let mid = change.add_media(MediaKind::Audio, direction, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let seated = sit(&offer.to_sdp_string())?;
        rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&seated.answer).unwrap()).unwrap();
        Ok((Self { rtc, socket, mid, speaks }, seated))
    }

    async fn run(mut self, counts: Arc<Counts>) {
        let (mut buffer, me) = (vec![0; 2000], self.socket.local_addr().unwrap());
        let (mut next, mut spoken, mut connected, mut last) = (Instant::now(), 0_u64, false, None::<(u64, u32)>);
        loop {
            let wake = loop {
                match self.rtc.poll_output().unwrap() {
                    Output::Timeout(at) => break Instant::from_std(at),
                    Output::Transmit(t) => drop(self.socket.try_send_to(&t.contents, t.destination)),
                    Output::Event(Event::Connected) => {
                        counts.connected.fetch_add(1, Relaxed);
                        connected = true;
                    }
                    Output::Event(Event::RtpPacket(p)) => {
                        counts.heard.fetch_add(1, Relaxed);
                        let now = (*p.seq_no, p.header.timestamp);
                        let goes_on = last.is_none_or(|(seq, time)| {
                            now.0 == seq + 1 && (1..48_000 * 5).contains(&now.1.wrapping_sub(time))
                        });
                        counts.broken.fetch_add(u64::from(!goes_on), Relaxed);
                        last = Some(now);
                    }
                    Output::Event(_) => {}
                }
            };
            let talk = if self.speaks && connected { next } else { wake };
            tokio::select! {
                Ok((len, from)) = self.socket.recv_from(&mut buffer) => {
                    let Ok(contents) = buffer[..len].try_into() else { continue };
                    let receive = Receive { proto: Protocol::Udp, source: from, destination: me, contents };
                    let _ = self.rtc.handle_input(Input::Receive(Instant::now().into_std(), receive));
                }
                () = tokio::time::sleep_until(wake.min(talk)) => {
                    let now = Instant::now();
                    if self.speaks && connected && now >= next {
                        next = now + Duration::from_millis(20);
                        let pt = self.rtc.media(self.mid).unwrap().remote_pts()[0];
                        let time = u32::try_from(spoken * 960).unwrap();
                        let write = RtpWrite::new(pt, spoken.into(), time, now.into_std(), vec![9 << 3; 40]);
                        self.rtc.direct_api().stream_tx_by_mid(self.mid, None).unwrap().write_rtp(write);
                        spoken += 1;
                    }
                    let _ = self.rtc.handle_input(Input::Timeout(now.into_std()));
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_sit_down_at_once_and_all_hear() {
    const LISTENERS: u64 = 300;
    let site = site();
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    let began = Instant::now();
    for _ in 0..LISTENERS {
        let (bot, _) = Bot::seated(false, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
        bots.spawn(bot.run(counts.clone()));
    }
    until("all to connect", 60, || counts.connected.load(Relaxed) == LISTENERS).await;
    println!("{LISTENERS} connected in {:?}", began.elapsed());
    let track = site.live.begin(class(1), person(1), 0).unwrap().id;
    let mut chance = Chance(1);
    for n in 0..30 {
        site.live.voice(class(1), track, packet(n, &mut chance));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    until("all to hear all", 20, || counts.heard.load(Relaxed) == 30 * LISTENERS).await;
    assert_eq!(counts.broken.load(Relaxed), 0);
    assert_eq!((site.booths.traffic().seats, site.booths.traffic().gone), (LISTENERS, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_has_the_floor_is_heard_and_a_change_is_one_stream() {
    let site = site();
    let (spoken, heard) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let mut bots = JoinSet::new();
    let mut seats = Vec::new();
    for n in 1..=2 {
        let (bot, seated) = Bot::seated(true, |offer| site.booths.speak(class(1), person(n), offer)).await.unwrap();
        assert!(seated.answer.contains("a=ptime:60") && seated.answer.contains("usedtx=1"), "{}", seated.answer);
        bots.spawn(bot.run(spoken.clone()));
        seats.push(seated.id);
    }
    let (bot, listener) = Bot::seated(false, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
    bots.spawn(bot.run(heard.clone()));
    // The interpreter's channel, and one that does not hear the first microphone.
    let (interpreted, deaf) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let (bot, _) = Bot::seated(false, |offer| site.booths.listen(class(1), 1, None, offer)).await.unwrap();
    bots.spawn(bot.run(interpreted.clone()));
    let (bot, _) = Bot::seated(false, |offer| site.booths.listen(class(1), 0, Some(seats[0]), offer)).await.unwrap();
    bots.spawn(bot.run(deaf.clone()));
    let ready = || spoken.connected.load(Relaxed) == 2 && heard.connected.load(Relaxed) == 1;
    until("both to connect", 20, || ready() && interpreted.connected.load(Relaxed) + deaf.connected.load(Relaxed) == 2)
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(heard.heard.load(Relaxed), 0, "nobody has the floor");
    site.booths.floor(seats[0], Some(0));
    until("the first", 10, || heard.heard.load(Relaxed) > 20).await;
    assert_eq!((interpreted.heard.load(Relaxed), deaf.heard.load(Relaxed)), (0, 0));
    assert_eq!(site.live.view(class(1), 0).unwrap().tracks[0].who, person(1));
    site.booths.floor(seats[0], None);
    site.booths.floor(seats[1], Some(0));
    let before = heard.heard.load(Relaxed);
    until("the second", 10, || heard.heard.load(Relaxed) > before + 20).await;
    assert_eq!(site.live.view(class(1), 0).unwrap().tracks[0].who, person(2));
    site.booths.floor(seats[0], Some(1));
    until("the interpreter", 10, || interpreted.heard.load(Relaxed) > 10).await;
    assert_eq!(heard.broken.load(Relaxed), 0, "numbers and times go on");
    // Who leaves has no floor any more.
    site.booths.leave(seats[1]);
    until("silence", 10, || site.live.view(class(1), 0).unwrap().tracks.len() == 1).await;
    site.booths.leave(listener.id);
    until("the seats to be free", 10, || site.booths.traffic().seats == 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused_and_nobody_is_disturbed() {
    let site = site();
    for offer in ["", "v=0\r\n", "v=0\r\nm=audio 9 UDP 0\r\na=mid:0\r\n", &"x".repeat(70_000)] {
        assert_eq!(site.booths.listen(class(1), 0, None, offer).unwrap_err(), NoSeat::Offer);
    }
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    let (bot, _) = Bot::seated(false, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
    bots.spawn(bot.run(counts.clone()));
    until("it to connect", 20, || counts.connected.load(Relaxed) == 1).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut chance = Chance(3);
    for n in 0..300_usize {
        let bytes: Vec<u8> = std::iter::repeat_with(|| chance.byte()).take(n % 90).collect();
        stranger.send_to(&bytes, site.address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    until("them to be counted", 10, || site.booths.traffic().refused >= 290).await;
    let track = site.live.begin(class(1), person(1), 0).unwrap().id;
    site.live.voice(class(1), track, packet(0, &mut chance));
    until("the listener to hear", 10, || counts.heard.load(Relaxed) == 1).await;
}
