//! A lesson in virtual time, and what is measured of it; the measures of `bench` take it from here, too.

use base::Subject;
use live::TrackId;

use crate::sim::{Bad, Chance, HUB, World, class, packet, person};

/// A lesson: the teacher at school 1 speaks without a pause, writes half of the time, and turns a slide now and then.
pub struct Lesson {
    pub world: World,
    pub class: Subject,
    pub track: TrackId,
    pub began: u64,
    /// When each event was said.
    pub said: Vec<u64>,
    /// When each packet was spoken: its last sound, 60 ms after its first.
    pub spoken: Vec<u64>,
    /// Whether the teacher pauses for two of five seconds, and then sends a packet every 420 ms.
    pub pauses: bool,
    pub chance: Chance,
}

impl Lesson {
    pub fn new(seed: u64, ways: &[Bad]) -> Self {
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

    pub fn run(&mut self, ms: u64) {
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
    pub fn event_delays(&self, n: usize) -> Vec<u64> {
        let seen = &self.world.diaries[n].seen;
        let mut delays: Vec<u64> =
            (1..).zip(&self.said).filter_map(|(seq, said)| Some(seen.get(&(self.class, seq))? - said)).collect();
        delays.sort_unstable();
        delays
    }

    /// How long voice took to a node's listeners from the end of each packet, sorted.
    pub fn voice_delays(&self, n: usize) -> Vec<u64> {
        let played = &self.world.diaries[n].played[&self.track];
        let mut delays: Vec<u64> =
            played.iter().map(|(p, at)| at - self.spoken[usize::try_from(p.seq).unwrap()]).collect();
        delays.sort_unstable();
        delays
    }

    /// Of a thousand packets, how many a node's listeners missed.
    pub fn concealed_permille(&self, n: usize) -> u64 {
        let played = self.world.diaries[n].played[&self.track].len() as u64;
        1000 - played * 1000 / self.spoken.len() as u64
    }

    /// Bits a second on a trunk, both ways and all headers counted.
    pub fn bits_per_second(&self, n: usize) -> u64 {
        let (up, down) = (self.world.sums(n, HUB), self.world.sums(HUB, n));
        (up.bytes + down.bytes) * 8000 / (self.world.now - self.began)
    }
}

/// What so many of a thousand are not above.
pub fn quantile(sorted: &[u64], permille: usize) -> u64 {
    sorted[(sorted.len() - 1) * permille / 1000]
}
