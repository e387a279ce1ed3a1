//! The live class: a lesson of 45 minutes in virtual time on a way of 64 kbit/s, and shorter ones on real sockets with
//! cuts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base::{Clock, Env, Subject, SystemClock};
use link::{Bad, Link, Relay};
use live::{Audience, Live, News, Reach, Saved, Way};

use crate::process::cpu_seconds;
use crate::sim::{self, Chance, class, packet, person};
use crate::taught::{Lesson, quantile};
use crate::tell;
use crate::world::{Node, key, listen, quick, relay_by};

const LESSON_MS: u64 = 45 * 60 * 1000;
/// Half of the round trip of the way that is simulated, and the teacher's own way to the hub.
const WAY_MS: u64 = 320;
/// How long a packet of voice lasts: its first sound waits for its last.
const PACKET_MS: u64 = 60;

pub fn run() -> Result<()> {
    virtual_lessons();
    many_trunks()?;
    real_cuts()
}

fn virtual_lessons() {
    for (name, way, most_kbit) in [("clean", sim::Bad::THIN, 32.0), ("5 % lost in bursts", sim::Bad::LOSSY, 32.0)] {
        let mut lesson = Lesson::new(20, &[sim::Bad::GOOD, way]);
        lesson.run(LESSON_MS);
        lesson.world.run(5000, |_, _| {});
        let kbit = lesson.bits_per_second(2) as f64 / 1000.0;
        let megabytes = kbit * LESSON_MS as f64 / 8e6;
        let (voice, events) = (lesson.voice_delays(2), lesson.event_delays(2));
        let told = |what: &str| format!("{what}, 64 kbit/s and 600 ms, {name}");
        tell(&told("a lesson on the trunk, both ways"), kbit, "kbit/s", "<= 32", kbit <= most_kbit, None);
        tell(&told("45 minutes of it"), megabytes, "MB", "<= 11", megabytes <= 11.0, None);
        let missed = lesson.concealed_permille(2) as f64 / 10.0;
        tell(&told("voice that was concealed"), missed, "%", "<= 1", missed <= 1.0, None);
        let event = quantile(&events, 990) as f64 / 1000.0;
        tell(&told("a slide or a piece of the pen at the school, p99"), event, "s", "<= 1.5", event <= 1.5, None);
        let heard = (quantile(&voice, 990) + PACKET_MS).saturating_sub(WAY_MS) as f64;
        let (goal, ok) = if name == "clean" { ("<= 350 with the browser's 100", heard <= 250.0) } else { ("-", true) };
        tell(&told("from the mouth to the school's browsers beyond the way, p99"), heard, "ms", goal, ok, None);
    }
}

/// When each packet was given to listeners.
struct Room(Mutex<BTreeMap<u64, u64>>, Arc<SystemClock>);

impl Audience for Room {
    fn news(&self, _: Subject, news: &News) {
        if let News::Play(_, packet) = news {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(packet.seq, self.1.steady_ms());
        }
    }
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

struct Class {
    teacher: Live,
    track: live::TrackId,
    clock: Arc<SystemClock>,
    chance: Chance,
    spoken: u64,
}

impl Class {
    async fn run(&mut self, seconds: u64) -> Result<()> {
        let mut beat = tokio::time::interval(Duration::from_millis(PACKET_MS));
        for n in 0..seconds * 1000 / PACKET_MS {
            beat.tick().await;
            self.teacher.voice(class(1), self.track, packet(self.spoken, &mut self.chance));
            self.spoken += 1;
            if n % 5 == 0 {
                self.teacher.say(class(1), person(1), &[7; 50])?;
            }
        }
        Ok(())
    }
}

fn sent(relay: &Relay) -> u64 {
    let counters = relay.counters();
    [counters.up, counters.down].iter().map(|way| way.bytes + 28 * way.packets).sum()
}

/// Schools that follow a class at a hub.
const SCHOOLS: u8 = 40;

/// What a hub with many schools costs: all in one process, so that each packet is sealed, sent, taken and opened in it.
fn many_trunks() -> Result<()> {
    const SECONDS: u64 = 20;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let dir = tempfile::tempdir()?;
        let numbers: Vec<u8> = (1..=SCHOOLS).collect();
        let hub = Node::hub(dir.path(), &numbers);
        let clock = Arc::new(SystemClock::default());
        let (hub_link, address) = listen(&hub);
        let start = |link: &Link, n: u8, room: &Arc<Room>| {
            let env = Env { clock: clock.clone(), ..Env::system() };
            let audience: Vec<Arc<dyn Audience>> = vec![room.clone()];
            Live::start(link, key(n).id(), env, Arc::new(sim::Trusting(key(0).id())), audience).context("no datagrams")
        };
        let room = || Arc::new(Room(Mutex::default(), clock.clone()));
        let teacher = start(&hub_link, 0, &room())?;
        teacher.open(class(1), Way::Here, 0, Saved::default());
        let mut schools = Vec::new();
        for n in numbers {
            let (node, room) = (Node::open(dir.path(), n), room());
            // As in a node: who listens for a class is there before the connection, or would miss that it came.
            let link = Link::new(node.clone(), quick());
            let live = start(&link, n, &room)?;
            link.dial(&address.to_string(), key(0).id())?;
            live.open(class(1), Way::Via(key(0).id()), 0, Saved::default());
            schools.push((node, link, live, room));
        }
        let is_in = |live: &Live| live.view(class(1), 0).is_some_and(|view| view.reach == Reach::Open);
        wait(60, || Ok(schools.iter().all(|(_, _, live, _)| is_in(live)))).await?;
        let track = teacher.begin(class(1), person(1), 0).context("no track")?.id;
        let mut lesson = Class { teacher: teacher.clone(), track, clock: clock.clone(), chance: Chance(5), spoken: 0 };
        lesson.run(3).await?;
        let heard = || -> u64 {
            schools.iter().map(|(.., room)| room.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64).sum()
        };
        let (cpu, before) = (cpu_seconds(std::process::id())?, heard());
        lesson.run(SECONDS).await?;
        let (cpu, packets) = (cpu_seconds(std::process::id())? - cpu, heard() - before);
        let expected = u64::from(SCHOOLS) * SECONDS * 1000 / PACKET_MS;
        ensure!(packets * 10 >= expected * 9, "{packets} packets came of {expected}");
        let micros = cpu * 1e6 / packets as f64;
        tell("CPU for a packet of voice to a school, with pen and answers, both ends", micros, "µs", "-", true, None);
        Ok(())
    })
}

fn real_cuts() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let dir = tempfile::tempdir()?;
        let (hub, school) = (Node::hub(dir.path(), &[1]), Node::open(dir.path(), 1));
        let clock = Arc::new(SystemClock::default());
        let room = Arc::new(Room(Mutex::default(), clock.clone()));
        let start = |link: &Link, n: u8, audience: Vec<Arc<dyn Audience>>| {
            let env = Env { clock: clock.clone(), ..Env::system() };
            Live::start(link, key(n).id(), env, Arc::new(sim::Trusting(key(0).id())), audience).context("no datagrams")
        };
        let (hub_link, address) = listen(&hub);
        let teacher = start(&hub_link, 0, Vec::new())?;
        let relay = relay_by(1, address, THIN).await;
        let link = Link::new(school.clone(), quick());
        let far = start(&link, 1, vec![room.clone()])?;
        link.dial(&relay.address().to_string(), key(0).id())?;
        teacher.open(class(1), Way::Here, 0, Saved::default());
        far.open(class(1), Way::Via(key(0).id()), 0, Saved::default());
        let view = |live: &Live| live.view(class(1), 0).context("the class is closed");
        wait(60, || Ok(view(&far)?.reach == Reach::Open)).await?;
        let track = teacher.begin(class(1), person(1), 0).context("no track")?.id;
        let mut lesson = Class { teacher: teacher.clone(), track, clock: clock.clone(), chance: Chance(5), spoken: 0 };
        lesson.run(10).await?;
        let before = sent(&relay);
        lesson.run(20).await?;
        let kbit = (sent(&relay) - before) as f64 * 8.0 / 20_000.0;
        tell(
            "a lesson on a real connection, 5 % lost in bursts, both ways",
            kbit,
            "kbit/s",
            "<= 32",
            kbit <= 32.0,
            None,
        );
        for seconds in [5, 30, 300] {
            relay.set(Bad { cut: true, ..THIN });
            lesson.run(seconds).await?;
            relay.set(THIN);
            let back = lesson.clock.steady_ms();
            lesson.run(12).await?;
            let first = room.0.lock().unwrap_or_else(PoisonError::into_inner).values().copied().find(|at| *at > back);
            let after = first.context("voice did not come back")?.saturating_sub(back) as f64 / 1000.0;
            tell(&format!("voice after a cut of {seconds} s, real connection"), after, "s", "<= 2", after <= 2.0, None);
            wait(30, || Ok(view(&far)?.events.len() == view(&teacher)?.events.len())).await?;
            ensure!(view(&far)?.events == view(&teacher)?.events, "the lanes differ after {seconds} s");
        }
        Ok(())
    })
}

async fn wait(seconds: u64, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..seconds * 50 {
        if is_so()? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("waited for {seconds} s in vain")
}
