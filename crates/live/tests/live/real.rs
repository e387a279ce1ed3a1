//! Three nodes, two bad links, a lesson and a cut: on real sockets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, Env, Subject, SystemClock};
use link::{Bad, Link, Relay};
use live::{Audience, Live, News, Reach, Saved, Way};

use crate::sim::{Chance, Trusting, class, packet, person};
use crate::world::{Node, dial, key, listen, relay_by, until};

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
    let room = Arc::new(Room(Mutex::default(), clock.clone()));
    let env = Env { clock: clock.clone(), ..Env::system() };
    (Live::start(link, key(n).id(), env, Arc::new(Trusting(key(0).id())), vec![room.clone()]).unwrap(), room)
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
