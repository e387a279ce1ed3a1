//! Browsers at a node: bots that speak the same protocol, many at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
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
