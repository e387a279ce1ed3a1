use base::Subject;
use live::TrackId;

use crate::sim::{Bad, Chance, HUB, World, class, packet, person};

/// A lesson: the teacher at school 1 speaks without a pause, writes half of the time, and turns a slide now and then.
struct Lesson {
    world: World,
    class: Subject,
    track: TrackId,
    began: u64,
    /// When each event was said.
    said: Vec<u64>,
    /// When each packet was spoken: its last sound, 60 ms after its first.
    spoken: Vec<u64>,
    /// Whether the teacher pauses for two of five seconds, and then sends a packet every 420 ms.
    pauses: bool,
    chance: Chance,
}

impl Lesson {
    fn new(seed: u64, ways: &[Bad]) -> Self {
        let mut world = World::new(seed, ways);
        let class = class(1);
        world.open(class, 1);
        world.run(5000, |_, _| {});
        let began = world.now;
        let track = world.halls[1].begin(began, class, person(1), 0).unwrap().id;
        Self {
            world,
            class,
            track,
            began,
            said: Vec::new(),
            spoken: Vec::new(),
            pauses: false,
            chance: Chance(seed ^ 7),
        }
    }

    fn run(&mut self, ms: u64) {
        let Self { world, class, track, said, spoken, chance, pauses, .. } = self;
        world.run(ms, |world, at| {
            let is_pause = *pauses && at % 5000 >= 3000;
            if at % if is_pause { 420 } else { 60 } == 0 {
                let mut packet = packet(spoken.len() as u64, chance);
                if *pauses {
                    packet.at = at * 2 / 5;
                }
                if is_pause {
                    packet.opus = packet.opus[..1].into();
                }
                spoken.push(world.now);
                world.voice(1, *class, *track, packet);
            }
            // The pen: 150 ms of it in one event, 12 points of four bytes.
            if at % 150 == 0 && (at / 5000) % 2 == 0 {
                let ink: Vec<u8> = std::iter::repeat_with(|| chance.byte()).take(50).collect();
                world.say(1, *class, person(1), &ink).unwrap();
                said.push(world.now);
            }
            if at % 20_000 == 7777 {
                world.say(1, *class, person(1), b"slide 7").unwrap();
                said.push(world.now);
            }
        });
    }

    /// How long events took to a node, sorted.
    fn event_delays(&self, n: usize) -> Vec<u64> {
        let seen = &self.world.diaries[n].seen;
        let mut delays: Vec<u64> =
            (1..).zip(&self.said).filter_map(|(seq, said)| Some(seen.get(&(self.class, seq))? - said)).collect();
        delays.sort_unstable();
        delays
    }

    /// How long voice took to a node's listeners from the end of each packet, sorted.
    fn voice_delays(&self, n: usize) -> Vec<u64> {
        let played = &self.world.diaries[n].played[&self.track];
        let mut delays: Vec<u64> =
            played.iter().map(|(p, at)| at - self.spoken[usize::try_from(p.seq).unwrap()]).collect();
        delays.sort_unstable();
        delays
    }

    /// Of a thousand packets, how many a node's listeners missed.
    fn concealed_permille(&self, n: usize) -> u64 {
        let played = self.world.diaries[n].played[&self.track].len() as u64;
        1000 - played * 1000 / self.spoken.len() as u64
    }

    /// Bits a second on a trunk, both ways and all headers counted.
    fn bits_per_second(&self, n: usize) -> u64 {
        let (up, down) = (self.world.sums(n, HUB), self.world.sums(HUB, n));
        (up.bytes + down.bytes) * 8000 / (self.world.now - self.began)
    }
}

fn quantile(sorted: &[u64], permille: usize) -> u64 {
    sorted[(sorted.len() - 1) * permille / 1000]
}

#[test]
fn on_a_clean_thin_way_a_lesson_takes_32_kbit_and_is_heard_in_time() {
    let mut lesson = Lesson::new(1, &[Bad::GOOD, Bad::THIN]);
    lesson.run(300_000);
    lesson.world.run(2000, |_, _| {});
    let bits = lesson.bits_per_second(2);
    assert!(bits <= 32_000, "{bits} bit/s on the trunk to the school");
    assert_eq!(lesson.concealed_permille(2), 0);
    // What the packet lasted, 60 ms, comes before; the browser adds its own.
    let voice = lesson.voice_delays(2);
    let way = 300 + 20;
    assert!(quantile(&voice, 990) <= way + 110, "{} ms", quantile(&voice, 990));
    let events = lesson.event_delays(2);
    assert_eq!(events.len(), lesson.said.len());
    assert!(quantile(&events, 990) <= 600, "{} ms", quantile(&events, 990));
    println!(
        "clean: {bits} bit/s; voice p50 {} p99 {}; events p50 {} p99 {}",
        quantile(&voice, 500),
        quantile(&voice, 990),
        quantile(&events, 500),
        quantile(&events, 990)
    );
}

#[test]
fn on_a_way_that_loses_in_bursts_hardly_a_word_is_missed() {
    for seed in [1, 2, 3] {
        let mut lesson = Lesson::new(seed, &[Bad::GOOD, Bad::LOSSY]);
        lesson.run(300_000);
        lesson.world.run(5000, |_, _| {});
        let (voice, events) = (lesson.voice_delays(2), lesson.event_delays(2));
        let sums = lesson.world.sums(HUB, 2);
        println!(
            "lossy {seed}: {} bit/s; lost {} of {}; concealed {} permille; voice p50 {} p99 {}; events p50 {} p99 {} max {}",
            lesson.bits_per_second(2),
            sums.lost,
            sums.datagrams,
            lesson.concealed_permille(2),
            quantile(&voice, 500),
            quantile(&voice, 990),
            quantile(&events, 500),
            quantile(&events, 990),
            quantile(&events, 1000)
        );
        assert!(sums.lost * 1000 / sums.datagrams >= 30, "the way was bad");
        assert!(lesson.concealed_permille(2) <= 10, "{} permille concealed", lesson.concealed_permille(2));
        assert_eq!(events.len(), lesson.said.len(), "every event comes");
        assert!(quantile(&events, 990) <= 1500, "{} ms", quantile(&events, 990));
        assert!(quantile(&voice, 990) <= 1500, "{} ms", quantile(&voice, 990));
        assert!(lesson.bits_per_second(2) <= 40_000, "{} bit/s", lesson.bits_per_second(2));
    }
}

#[test]
fn with_pauses_hardly_a_word_is_missed_either() {
    let mut lesson = Lesson::new(11, &[Bad::GOOD, Bad::LOSSY]);
    lesson.pauses = true;
    lesson.run(300_000);
    lesson.world.run(5000, |_, _| {});
    let voice = lesson.voice_delays(2);
    println!(
        "pauses: {} bit/s; concealed {} permille; voice p50 {} p99 {}",
        lesson.bits_per_second(2),
        lesson.concealed_permille(2),
        quantile(&voice, 500),
        quantile(&voice, 990)
    );
    assert!(lesson.concealed_permille(2) <= 10, "{} permille concealed", lesson.concealed_permille(2));
    assert!(quantile(&voice, 990) <= 1700, "{} ms", quantile(&voice, 990));
}

#[test]
fn after_a_cut_voice_is_back_within_two_seconds_and_events_are_whole() {
    for seconds in [5, 25] {
        let mut lesson = Lesson::new(9, &[Bad::GOOD, Bad::LOSSY]);
        lesson.run(30_000);
        let back = lesson.world.now + seconds * 1000;
        lesson.world.cuts = vec![(lesson.world.now, back)];
        lesson.run(seconds * 1000 + 30_000);
        lesson.world.run(5000, |_, _| {});
        // All ways of this world are cut alike, the teacher's too.
        let first = lesson.world.diaries[2].played[&lesson.track].iter().map(|(_, at)| *at).find(|at| *at > back + 50);
        assert!(first.unwrap() <= back + 2000, "{} ms after {seconds} s", first.unwrap() - back);
        assert_eq!(lesson.event_delays(2).len(), lesson.said.len());
        lesson.world.agree(2, 1, lesson.class);
    }
}

#[test]
fn pictures_and_video_never_hold_up_a_lesson() {
    let mut lesson = Lesson::new(4, &[Bad::GOOD, Bad::THIN]);
    lesson.run(10_000);
    let Lesson { world, class, track, spoken, chance, .. } = &mut lesson;
    let said = world.now;
    world.run(60_000, |world, at| {
        if at % 60 == 0 {
            let packet = packet(spoken.len() as u64, chance);
            spoken.push(world.now);
            world.voice(1, *class, *track, packet);
        }
        // A camera that gives four times what the way bears.
        if at % 33 == 0 {
            world.halls[1].video(world.now, *class, at % 990 == 0, &[7; 1000]);
        }
        if at == 50_000 {
            world.say(1, *class, person(1), b"the slide").unwrap();
        }
    });
    world.run(3000, |_, _| {});
    let (sums, video) = (world.sums(HUB, 2), world.diaries[2].video);
    assert!(video > 10, "{video} pieces of video came");
    assert_eq!(sums.overflowed, 0);
    assert!(sums.queue_ms < 1000, "a queue of {} ms", sums.queue_ms);
    assert_eq!(lesson.concealed_permille(2), 0);
    let late = lesson.voice_delays(2);
    println!(
        "with video: {video} pieces; queue {} ms; voice p50 {} p99 {}",
        sums.queue_ms,
        quantile(&late, 500),
        quantile(&late, 990)
    );
    assert!(quantile(&late, 990) < 1200, "{} ms", quantile(&late, 990));
    let seen = *lesson.world.diaries[2].seen.iter().next_back().unwrap().1;
    assert!(seen - said < 50_000 + 1500, "the slide took {} ms", seen - said - 50_000);
}
