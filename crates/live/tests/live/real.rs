//! Three nodes, two bad links, a lesson and a cut: on real sockets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, Env, Subject, SystemClock};
use link::{Bad, Host, Link, Relay};
use live::{Audience, Door, Live, News, Reach, Saved, Way};

use crate::sim::{Chance, Hubs, Trusting, class, packet, person};
use crate::world::{Node, dial, key, listen, quick, relay_by, until};

/// When each packet of voice was played.
struct Room(Mutex<BTreeMap<u64, u64>>, Arc<SystemClock>);

impl Audience for Room {
    fn news(&self, _: Subject, news: &News) {
        if let News::Play(_, packet) = news {
            self.0.lock().unwrap().insert(packet.seq, self.1.steady_ms());
        }
    }
}

fn live(link: &Link, n: u8, clock: &Arc<SystemClock>) -> (Live, Arc<Room>) {
    live_by(link, n, clock, Arc::new(Trusting(key(0).id())))
}

fn live_by(link: &Link, n: u8, clock: &Arc<SystemClock>, door: Arc<dyn Door>) -> (Live, Arc<Room>) {
    let room = Arc::new(Room(Mutex::default(), clock.clone()));
    let env = Env { clock: clock.clone(), ..Env::system() };
    (Live::start(link, key(n).id(), env, door, vec![room.clone()]).unwrap(), room)
}

const THIN: Bad = Bad {
    bits_per_second: Some(64_000),
    delay_ms: 300,
    jitter_ms: 0,
    loss_permille: 50,
    burst_ms: 100,
    queue_bytes: Some(32_000),
    cut: false,
};

struct Lesson {
    teacher: Live,
    clock: Arc<SystemClock>,
    chance: Chance,
    spoken: Vec<u64>,
    said: usize,
}

impl Lesson {
    async fn run(&mut self, seconds: u64, track: live::TrackId) {
        let mut beat = tokio::time::interval(Duration::from_millis(60));
        for n in 0..seconds * 1000 / 60 {
            beat.tick().await;
            let packet = packet(self.spoken.len() as u64, &mut self.chance);
            self.spoken.push(self.clock.steady_ms());
            self.teacher.voice(class(1), track, packet);
            if n % 5 == 0 {
                self.teacher.say(class(1), person(1), &[7; 50]).unwrap();
                self.said += 1;
            }
        }
    }
}

fn sent(relay: &Relay) -> u64 {
    let counters = relay.counters();
    [counters.up, counters.down].iter().map(|way| way.bytes + 28 * way.packets).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_reaches_two_schools_over_bad_links_and_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1, 2]);
    let schools = [Node::open(dir.path(), 1), Node::open(dir.path(), 2)];
    let clock = Arc::new(SystemClock::default());
    let (hub_link, address) = listen(&hub);
    let (teacher, _) = live(&hub_link, 0, &clock);
    let relays = [relay_by(1, address, THIN).await, relay_by(2, address, THIN).await];
    let links = [dial(&schools[0], relays[0].address()), dial(&schools[1], relays[1].address())];
    let (one, room_one) = live(&links[0], 1, &clock);
    let (two, room_two) = live(&links[1], 2, &clock);
    assert!(teacher.open(class(1), Way::Here, 0, Saved::default()));
    for school in [&one, &two] {
        school.open(class(1), Way::Via(key(0).id()), 0, Saved::default());
    }
    let reach = |live: &Live| live.view(class(1), 0).unwrap().reach;
    until("the schools to join", 40, || reach(&one) == Reach::Open && reach(&two) == Reach::Open).await;
    let track = teacher.begin(class(1), person(1), 0).unwrap().id;
    let mut lesson =
        Lesson { teacher: teacher.clone(), clock: clock.clone(), chance: Chance(4), spoken: Vec::new(), said: 0 };
    lesson.run(4, track).await;
    let (before, from) = (sent(&relays[0]), lesson.spoken.len());
    lesson.run(12, track).await;
    let bits = (sent(&relays[0]) - before) * 8 / 12;
    println!("{bits} bit/s on a trunk, all headers and both ways");
    assert!(bits < 40_000, "{bits} bit/s");

    // School 2 is cut off; it goes on by itself, and school 1 notices nothing.
    relays[1].set(Bad { cut: true, ..THIN });
    lesson.run(4, track).await;
    until("school 2 to notice", 5, || reach(&two) == Reach::Cut).await;
    two.say(class(1), person(2), b"are you there?").unwrap();
    assert_eq!(two.view(class(1), 0).unwrap().waiting.len(), 1);
    relays[1].set(THIN);
    let back = clock.steady_ms();
    lesson.run(8, track).await;
    let first = room_two.0.lock().unwrap().values().copied().find(|at| *at > back).unwrap();
    println!("voice is back {} ms after the link", first - back);
    assert!(first - back < 3500, "{} ms", first - back);
    let whole = |live: &Live| live.view(class(1), 0).unwrap().events.len() == lesson.said + 1;
    until("all events everywhere", 20, || whole(&teacher) && whole(&one) && whole(&two)).await;
    assert_eq!(two.view(class(1), 0).unwrap().events, teacher.view(class(1), 0).unwrap().events);
    assert!(two.view(class(1), 0).unwrap().waiting.is_empty());

    tokio::time::sleep(Duration::from_secs(2)).await;
    let heard = room_one.0.lock().unwrap().len();
    println!("school 1 heard {heard} of {} packets", lesson.spoken.len());
    assert!(heard * 100 >= lesson.spoken.len() * 95, "{heard} of {}", lesson.spoken.len());
    let mut delays: Vec<u64> = room_one
        .0
        .lock()
        .unwrap()
        .iter()
        .skip(from)
        .map(|(n, at)| at - lesson.spoken[usize::try_from(*n).unwrap()])
        .collect();
    delays.sort_unstable();
    println!("voice took {} ms, 99 of 100 {} ms", delays[delays.len() / 2], delays[delays.len() * 99 / 100]);
    for link in links {
        link.shutdown().await;
    }
    hub_link.shutdown().await;
}

/// A hub below the hub, with two schools: on real sockets, a class goes to the lower hub once and from there to each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_goes_over_a_chain_of_hubs() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1, 2, 3]);
    let (below, schools) = (Node::open(dir.path(), 1), [Node::open(dir.path(), 2), Node::open(dir.path(), 3)]);
    let clock = Arc::new(SystemClock::default());
    let hubs = || Arc::new(Hubs(vec![key(0).id(), key(1).id()]));
    let (hub_link, address) = listen(&hub);
    let (teacher, _) = live_by(&hub_link, 0, &clock, hubs());
    let relay = relay_by(1, address, Bad { loss_permille: 0, ..THIN }).await;
    let (below_link, lower) = listen(&below);
    below_link.dial(&relay.address().to_string(), key(0).id()).unwrap();
    let (middle, _) = live_by(&below_link, 1, &clock, hubs());
    // Whom a hub enrolled, it knows by what the hub above wrote; a school knows its hub since it joined.
    let knows = |n: u8| below.store.read(|c| Ok::<_, log::LogError>(below.is_member(c, key(n).id()))).unwrap();
    until("the lower hub to know its schools", 20, || knows(2) && knows(3)).await;
    let mut followers = Vec::new();
    for (school, n) in schools.iter().zip([2, 3]) {
        school.enrol_key(key(1).public(), "joined");
        let link = Link::new(school.clone(), quick());
        link.dial(&lower.to_string(), key(1).id()).unwrap();
        let (live, room) = live_by(&link, n, &clock, hubs());
        followers.push((link, live, room));
    }
    assert!(teacher.open(class(1), Way::Here, 0, Saved::default()));
    middle.open(class(1), Way::Via(key(0).id()), 0, Saved::default());
    assert!(followers.iter().all(|(_, live, _)| live.open(class(1), Way::Via(key(1).id()), 0, Saved::default())));
    let reach = |live: &Live| live.view(class(1), 0).unwrap().reach;
    until("the schools to join", 40, || followers.iter().all(|(_, live, _)| reach(live) == Reach::Open)).await;
    until("the lower hub to join", 40, || reach(&middle) == Reach::Open).await;

    let track = teacher.begin(class(1), person(1), 0).unwrap().id;
    let mut lesson =
        Lesson { teacher: teacher.clone(), clock: clock.clone(), chance: Chance(4), spoken: Vec::new(), said: 0 };
    lesson.run(3, track).await;
    let (before, datagrams) = (sent(&relay), relay.counters().down.packets);
    lesson.run(10, track).await;
    let (bits, datagrams) = ((sent(&relay) - before) * 8 / 10, (relay.counters().down.packets - datagrams) / 10);
    println!("{bits} bit/s between the hubs for two schools, {datagrams} datagrams a second down");
    assert!(bits < 40_000 && datagrams <= 30, "one copy: {bits} bit/s, {datagrams} datagrams a second");
    followers[0].1.say(class(1), person(2), b"we hear you").unwrap();
    let whole = |live: &Live| live.view(class(1), 0).unwrap().events.len() == lesson.said + 1;
    until("all events everywhere", 20, || whole(&teacher) && followers.iter().all(|(_, live, _)| whole(live))).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for (_, live, room) in &followers {
        assert_eq!(live.view(class(1), 0).unwrap().events, teacher.view(class(1), 0).unwrap().events);
        let heard = room.0.lock().unwrap();
        let mut delays: Vec<u64> =
            heard.iter().map(|(n, at)| at - lesson.spoken[usize::try_from(*n).unwrap()]).collect();
        delays.sort_unstable();
        println!("heard {} of {}, after {} ms", heard.len(), lesson.spoken.len(), delays[delays.len() / 2]);
        assert!(heard.len() * 100 >= lesson.spoken.len() * 97, "{} of {}", heard.len(), lesson.spoken.len());
    }
    for (link, ..) in followers {
        link.shutdown().await;
    }
    below_link.shutdown().await;
    hub_link.shutdown().await;
}
