//! Browsers at a node: bots that speak the same protocol, many at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use base::Env;
use link::Link;
use live::{Booths, Live, NoSeat, Saved, Seated, Sight, Way};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bots::{Bot, Counts, Does};
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

async fn seated(does: Does, sit: impl FnOnce(&str) -> Result<Seated, NoSeat>) -> Result<(Bot, Seated), NoSeat> {
    let (mut bot, offer) = Bot::offers(Ipv4Addr::LOCALHOST.into(), does).await;
    let seated = sit(&offer)?;
    bot.accept(&seated.answer);
    Ok((bot, seated))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_sit_down_at_once_and_all_hear() {
    const LISTENERS: u64 = 300;
    let site = site();
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    let began = Instant::now();
    for _ in 0..LISTENERS {
        let (bot, _) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
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
        let (bot, seated) = seated(Does::SPEAKS, |offer| site.booths.speak(class(1), person(n), offer)).await.unwrap();
        assert!(seated.answer.contains("a=ptime:60") && seated.answer.contains("usedtx=1"), "{}", seated.answer);
        bots.spawn(bot.run(spoken.clone()));
        seats.push(seated.id);
    }
    let (bot, listener) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
    bots.spawn(bot.run(heard.clone()));
    // The interpreter's channel, and one that does not hear the first microphone.
    let (interpreted, deaf) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let (bot, _) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 1, None, offer)).await.unwrap();
    bots.spawn(bot.run(interpreted.clone()));
    let (bot, _) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 0, Some(seats[0]), offer)).await.unwrap();
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

/// The tracks of each class are numbered by themselves: two that are spoken at one node are two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_classes_are_heard_beside_each_other() {
    let site = site();
    assert!(site.live.open(class(2), Way::Here, 0, Saved::default()));
    let mut bots = JoinSet::new();
    let heard: [Arc<Counts>; 2] = Default::default();
    for (n, counts) in (1..).zip(&heard) {
        let (bot, _) = seated(Does::LISTENS, |offer| site.booths.listen(class(n), 0, None, offer)).await.unwrap();
        bots.spawn(bot.run(counts.clone()));
    }
    until("both to connect", 20, || heard.iter().all(|c| c.connected.load(Relaxed) == 1)).await;
    let tracks = [1, 2].map(|n| site.live.begin(class(n), person(n), 0).unwrap().id);
    assert_eq!(tracks[0], tracks[1]);
    let mut chance = Chance(2);
    for n in 0..20 {
        for of in 1..=2 {
            site.live.voice(class(of), tracks[0], packet(n, &mut chance));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("both to hear", 10, || heard.iter().all(|c| c.heard.load(Relaxed) == 20)).await;
    site.live.end(class(2), tracks[1]);
    for n in 20..30 {
        site.live.voice(class(1), tracks[0], packet(n, &mut chance));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("the first to go on", 10, || heard[0].heard.load(Relaxed) == 30).await;
    assert_eq!(heard[1].heard.load(Relaxed), 20);
}

/// A microphone that is seated after the ear, or anew, is not heard by it once that is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ear_is_told_which_microphone_is_its_own() {
    let site = site();
    let mut bots = JoinSet::new();
    let [own, other, spoken]: [Arc<Counts>; 3] = Default::default();
    let mut ears = Vec::new();
    for counts in [&own, &other] {
        let (bot, ear) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
        bots.spawn(bot.run(counts.clone()));
        ears.push(ear.id);
    }
    let (bot, mouth) = seated(Does::SPEAKS, |offer| site.booths.speak(class(1), person(1), offer)).await.unwrap();
    bots.spawn(bot.run(spoken.clone()));
    site.booths.is_own(ears[0], mouth.id);
    site.booths.floor(mouth.id, Some(0));
    until("the other", 20, || other.heard.load(Relaxed) > 50).await;
    assert_eq!((own.connected.load(Relaxed), own.heard.load(Relaxed)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused_and_nobody_is_disturbed() {
    let site = site();
    for offer in ["", "v=0\r\n", "v=0\r\nm=audio 9 UDP 0\r\na=mid:0\r\n", &"x".repeat(70_000)] {
        assert_eq!(site.booths.listen(class(1), 0, None, offer).unwrap_err(), NoSeat::Offer);
    }
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    let (bot, _) = seated(Does::LISTENS, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
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

/// Large packets and small layers go to who wants them, a late comer waits for a whole picture, and the small layer is
/// what goes to other nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_goes_to_who_looks_as_large_as_it_is_wanted() {
    let site = site();
    let mut bots = JoinSet::new();
    let filmed = Arc::new(Counts::default());
    let (bot, teacher) = seated(Does::FILMS, |offer| site.booths.speak(class(1), person(1), offer)).await.unwrap();
    bots.spawn(bot.run(filmed.clone()));
    let sit = async |but, sight, bots: &mut JoinSet<()>| {
        let counts = Arc::new(Counts::default());
        let (bot, seated) = seated(Does::LOOKS, |offer| site.booths.listen(class(1), 0, but, offer)).await.unwrap();
        site.booths.sight(seated.id, sight);
        bots.spawn(bot.run(counts.clone()));
        counts
    };
    let large = sit(None, Sight::Large, &mut bots).await;
    let small = sit(None, Sight::Small, &mut bots).await;
    let none = sit(None, Sight::None, &mut bots).await;
    let own = sit(Some(teacher.id), Sight::Large, &mut bots).await;
    let all = [&large, &small, &none, &own];
    until("all to connect", 20, || {
        filmed.connected.load(Relaxed) == 1 && all.iter().all(|c| c.connected.load(Relaxed) == 1)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(large.seen.load(Relaxed), 0, "nobody has the floor");
    site.booths.floor(teacher.id, Some(0));
    until("the picture", 20, || large.seen.load(Relaxed) > 100 && small.seen.load(Relaxed) > 20).await;
    let late = sit(None, Sight::Large, &mut bots).await;
    until("the late comer to see", 20, || late.seen.load(Relaxed) > 50).await;
    assert!(filmed.asked.load(Relaxed) > 0, "a whole picture was asked for");
    for counts in [&large, &small, &late] {
        assert_eq!(counts.broken.load(Relaxed), 0, "numbers and times go on");
        assert_eq!(counts.begun.load(Relaxed), 1, "the first packet begins a picture");
    }
    assert!(large.seen_bytes.load(Relaxed) / large.seen.load(Relaxed) > 1000);
    assert!(small.seen_bytes.load(Relaxed) / small.seen.load(Relaxed) < 600);
    assert_eq!((none.seen.load(Relaxed), own.seen.load(Relaxed)), (0, 0));
    assert!(none.heard.load(Relaxed) > 0, "whoever wants no picture hears all the same");
    site.booths.floor(teacher.id, None);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = large.seen.load(Relaxed);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(large.seen.load(Relaxed), before, "without the floor nothing is shown");
    let traffic = site.booths.traffic();
    assert!(traffic.filmed > 100 && traffic.shown >= before + small.seen.load(Relaxed), "{traffic:?}");
}

/// A way to a page that bears so many bytes a second: what is more is lost, as on a wireless network that many share.
struct Narrow {
    socket: UdpSocket,
    booths: UdpSocket,
    bears: Arc<AtomicU64>,
}

impl Narrow {
    async fn new(booths: SocketAddr) -> Self {
        let [socket, to] =
            [UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap()];
        to.connect(booths).await.unwrap();
        Self { socket, booths: to, bears: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    async fn run(self) {
        let (mut up, mut down, mut page) = (vec![0; 2000], vec![0; 2000], None);
        let (mut room, mut at) = (0, Instant::now());
        loop {
            tokio::select! {
                Ok((len, from)) = self.socket.recv_from(&mut up) => {
                    page = Some(from);
                    let _ = self.booths.send(&up[..len]).await;
                }
                Ok(len) = self.booths.recv(&mut down) => {
                    let bears = self.bears.load(Relaxed);
                    let more = u128::from(bears) * at.elapsed().as_micros() / 1_000_000;
                    at = Instant::now();
                    room = u64::try_from(more).unwrap_or(u64::MAX).saturating_add(room).min(bears / 4);
                    if let Some(page) = page.filter(|_| room >= len as u64) {
                        room -= len as u64;
                        let _ = self.socket.send_to(&down[..len], page).await;
                    }
                }
            }
        }
    }
}

/// The large layer needs 110 KB a second and the small one 12: a way that bears 40 gets the small one, and the large one
/// again when it bears more; one that bears neither gets whole pictures now and then; and nobody else notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_gets_the_layer_that_its_way_bears() {
    let site = site();
    let mut bots = JoinSet::new();
    let (bot, teacher) = seated(Does::FILMS, |offer| site.booths.speak(class(1), person(1), offer)).await.unwrap();
    bots.spawn(bot.run(Arc::default()));
    let narrow = Narrow::new(site.address).await;
    let (bears, way) = (narrow.bears.clone(), narrow.socket.local_addr().unwrap());
    bots.spawn(narrow.run());
    let (seen, other) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let (bot, _) = seated(Does::LOOKS, |offer| {
        let seated = site.booths.listen(class(1), 0, None, offer)?;
        let (here, there) = (format!(" {} typ", site.address.port()), format!(" {} typ", way.port()));
        Ok(Seated { answer: seated.answer.replace(&here, &there), ..seated })
    })
    .await
    .unwrap();
    bots.spawn(bot.run(seen.clone()));
    let (bot, _) = seated(Does::LOOKS, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
    bots.spawn(bot.run(other.clone()));
    until("both to connect", 20, || seen.connected.load(Relaxed) + other.connected.load(Relaxed) == 2).await;
    site.booths.floor(teacher.id, Some(0));

    // What came in a second, and how large a packet was.
    let second = async |counts: &Counts| {
        let before = (counts.seen.load(Relaxed), counts.seen_bytes.load(Relaxed));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (packets, bytes) = (counts.seen.load(Relaxed) - before.0, counts.seen_bytes.load(Relaxed) - before.1);
        (packets, bytes / packets.max(1))
    };
    let within = async |what: &str, seconds: u32, holds: fn((u64, u64)) -> bool| {
        for n in 0..seconds {
            let got = second(&seen).await;
            if holds(got) {
                println!("{what} after {n} s: {got:?}");
                return;
            }
        }
        panic!("waited in vain for {what}");
    };
    let large = |(packets, len)| packets > 80 && len > 1000;
    let small = |(packets, len)| packets > 20 && len < 600;
    within("the large layer", 10, large).await;
    bears.store(40_000, Relaxed);
    within("the small layer", 8, small).await;
    assert!(large(second(&other).await), "another page is shown what it was");
    bears.store(u64::MAX, Relaxed);
    within("the large layer again", 20, large).await;
    bears.store(6_000, Relaxed);
    within("stills", 15, |(packets, _)| packets <= 1).await;
    let (whole, began) = (seen.whole.load(Relaxed), Instant::now());
    until("some whole pictures", 20, || seen.whole.load(Relaxed) >= whole + 3).await;
    assert!(began.elapsed() > Duration::from_secs(5), "not many");
    assert!(large(second(&other).await));
}

/// An encoder's pictures go to who takes them, as many as it sends; who does not take them hears all the same, and an
/// answer says when no picture is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoder_is_seen_by_who_takes_what_it_writes() {
    let site = site();
    let mut bots = JoinSet::new();
    let encoder = Arc::new(Counts::default());
    let (bot, seat) = seated(Does::ENCODES, |offer| site.booths.speak(class(1), person(1), offer)).await.unwrap();
    assert!(seat.answer.contains("H264/90000") && !seat.answer.contains("VP8"), "{}", seat.answer);
    let bounded = seat.answer.split("\r\nm=video").nth(1).unwrap();
    assert!(bounded.contains("\r\nb=AS:900\r\n"), "{bounded}");
    bots.spawn(bot.run(encoder.clone()));
    let counts: [Arc<Counts>; 3] = Default::default();
    for (does, counts) in [Does::LOOKS, Does::LOOKS_VP8, Does::LISTENS].into_iter().zip(&counts) {
        let (bot, _) = seated(does, |offer| site.booths.listen(class(1), 0, None, offer)).await.unwrap();
        bots.spawn(bot.run(counts.clone()));
    }
    until("all to connect", 20, || counts.iter().all(|c| c.connected.load(Relaxed) == 1)).await;
    site.booths.floor(seat.id, Some(0));
    until("the picture", 20, || counts[0].seen.load(Relaxed) > 200).await;
    assert_eq!((counts[0].begun.load(Relaxed), counts[0].broken.load(Relaxed)), (1, 0));
    assert_eq!(counts[1].seen.load(Relaxed), 0);
    assert!(counts.iter().all(|c| c.heard.load(Relaxed) > 20));
    assert!(encoder.asked.load(Relaxed) <= 3, "nobody asks for what they cannot see");

    // A browser's camera takes its place, in the same stream.
    let (bot, camera) = seated(Does::FILMS, |offer| site.booths.speak(class(1), person(2), offer)).await.unwrap();
    bots.spawn(bot.run(Arc::default()));
    site.booths.floor(seat.id, None);
    site.booths.floor(camera.id, Some(0));
    let before = counts[0].seen.load(Relaxed);
    until("the camera", 20, || counts[0].seen.load(Relaxed) > before + 100 && counts[1].seen.load(Relaxed) > 100).await;
    assert_eq!(counts[0].broken.load(Relaxed), 0, "numbers and times go on");

    // Pictures that nobody could show: the answer closes that section, and voice is taken.
    let (_, offer) = Bot::offers(Ipv4Addr::LOCALHOST.into(), Does::ENCODES).await;
    let foreign = offer.replace("H264/90000", "H266/90000");
    let answer = site.booths.speak(class(1), person(3), &foreign).unwrap().answer;
    assert!(answer.contains("m=video 0 ") && answer.contains("m=audio 9 "), "{answer}");
}
