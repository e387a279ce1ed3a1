//! Nodes and the ways between them in virtual time: a rate with a queue before it, a delay, losses in bursts, cuts. The
//! same seed gives the same run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use base::{NodeId, Scope, Subject};
use live::{Door, Event, Hall, News, OVERHEAD, Out, Packet, Saved, Track, TrackId, Way};

pub const HUB: usize = 0;

pub fn node(n: usize) -> NodeId {
    NodeId([u8::try_from(n).unwrap() + 1; 16])
}

pub fn class(n: u32) -> Subject {
    Subject::new(&Scope::Programme([7; 16]), 1_700_000_000_000, n)
}

pub fn person(n: u32) -> Subject {
    Subject::new(&Scope::Programme([7; 16]), 1_600_000_000_000, n)
}

/// Chance from a seed (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// How bad a way is, each direction.
#[derive(Clone, Copy, Debug)]
pub struct Bad {
    pub bits_per_second: u64,
    pub delay_ms: u64,
    pub jitter_ms: u64,
    pub loss_permille: u64,
    /// Losses last between a fifth of this and all of it.
    pub burst_ms: u64,
    pub queue_bytes: u64,
}

impl Bad {
    pub const GOOD: Self = Self {
        bits_per_second: 10_000_000,
        delay_ms: 20,
        jitter_ms: 1,
        loss_permille: 0,
        burst_ms: 0,
        queue_bytes: 1 << 20,
    };
    /// 64 kbit/s, 600 ms there and back.
    pub const THIN: Self = Self { bits_per_second: 64_000, delay_ms: 300, queue_bytes: 32_000, ..Self::GOOD };
    /// The same, with 5 % lost in bursts of 20 to 100 ms.
    pub const LOSSY: Self = Self { loss_permille: 50, burst_ms: 100, ..Self::THIN };
}

/// What went one way, with all headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub datagrams: u64,
    pub bytes: u64,
    pub lost: u64,
    pub overflowed: u64,
    /// The longest that the queue was, in milliseconds.
    pub queue_ms: u64,
}

struct Wire {
    bad: Bad,
    free_us: u64,
    is_bad: bool,
    turns_us: u64,
    flying: BTreeMap<(u64, u64), Vec<u8>>,
    sums: Sums,
    n: u64,
    /// Nothing comes through, whatever else is whole.
    severed: bool,
}

impl Wire {
    fn push(&mut self, now: u64, datagram: Vec<u8>, cut: bool, chance: &mut Chance) {
        let (us, bytes) = (now * 1000, (datagram.len() + OVERHEAD) as u64);
        self.sums.datagrams += 1;
        self.sums.bytes += bytes;
        let bad = self.bad;
        self.free_us = self.free_us.max(us);
        let queue_ms = (self.free_us - us) / 1000;
        if (self.free_us - us) * bad.bits_per_second / 8_000_000 + bytes > bad.queue_bytes {
            self.sums.overflowed += 1;
            return;
        }
        self.sums.queue_ms = self.sums.queue_ms.max(queue_ms);
        self.free_us += bytes * 8_000_000 / bad.bits_per_second;
        while bad.loss_permille > 0 && self.turns_us <= us {
            self.is_bad = !self.is_bad;
            let burst = bad.burst_ms * 1000;
            let mean_good = (burst * 3 / 5 * (1000 - bad.loss_permille)).div_euclid(bad.loss_permille);
            self.turns_us +=
                if self.is_bad { burst / 5 + chance.below(burst * 4 / 5) } else { chance.below(2 * mean_good) };
        }
        if cut || (bad.loss_permille > 0 && self.is_bad) {
            self.sums.lost += 1;
            return;
        }
        self.n += 1;
        let at = self.free_us / 1000 + bad.delay_ms + chance.below(bad.jitter_ms + 1);
        self.flying.insert((at, self.n), datagram);
    }
}

/// Lets everybody in, and lets the hub, whose id it knows, bring what anybody said.
pub struct Trusting(pub NodeId);

impl Door for Trusting {
    fn may_join(&self, _: NodeId, _: Subject) -> bool {
        true
    }
    fn may_bring(&self, peer: NodeId, _: Subject, of: NodeId) -> bool {
        peer == of || peer == self.0
    }
}

/// Lets everybody in, and lets several hubs bring what anybody said.
pub struct Hubs(pub Vec<NodeId>);

impl Door for Hubs {
    fn may_join(&self, _: NodeId, _: Subject) -> bool {
        true
    }
    fn may_bring(&self, peer: NodeId, _: Subject, of: NodeId) -> bool {
        peer == of || self.0.contains(&peer)
    }
}

/// What happened at a node.
#[derive(Default)]
pub struct Diary {
    /// When each event of each class was seen.
    pub seen: BTreeMap<(Subject, u64), u64>,
    /// Of each track: number, when it was said, when it was played.
    pub played: BTreeMap<TrackId, Vec<(Packet, u64)>>,
    pub came: BTreeMap<TrackId, BTreeSet<u64>>,
    pub tracks: Vec<Track>,
    pub video: u64,
}

pub struct World {
    pub now: u64,
    pub halls: Vec<Hall>,
    pub diaries: Vec<Diary>,
    wires: BTreeMap<(usize, usize), Wire>,
    pub cuts: Vec<(u64, u64)>,
    chance: Chance,
    wakes: Vec<u64>,
    /// All news, if they are kept.
    pub told: Vec<(usize, Subject, News)>,
    pub keeps: bool,
}

impl World {
    /// A hub (node 0) and schools, each with a way to the hub.
    pub fn new(seed: u64, ways: &[Bad]) -> Self {
        let nodes = ways.len() + 1;
        let halls: Vec<Hall> = (0..nodes).map(|n| Hall::new(node(n), Arc::new(Trusting(node(HUB))))).collect();
        let mut world = Self {
            now: 1_000_000,
            halls,
            diaries: (0..nodes).map(|_| Diary::default()).collect(),
            wires: BTreeMap::new(),
            cuts: Vec::new(),
            chance: Chance(seed),
            wakes: vec![0; nodes],
            told: Vec::new(),
            keeps: false,
        };
        for (i, bad) in ways.iter().enumerate() {
            world.join(i + 1, HUB, *bad);
        }
        world
    }

    /// Nodes that have no ways yet, some of them hubs.
    pub fn chain(seed: u64, nodes: usize, hubs: &[usize]) -> Self {
        let mut world = Self::new(seed, &vec![Bad::GOOD; nodes - 1]);
        world.wires.clear();
        let hubs: Vec<NodeId> = hubs.iter().map(|n| node(*n)).collect();
        world.halls = (0..nodes).map(|n| Hall::new(node(n), Arc::new(Hubs(hubs.clone())))).collect();
        world
    }

    pub fn join(&mut self, a: usize, b: usize, bad: Bad) {
        for (from, to) in [(a, b), (b, a)] {
            let wire = Wire {
                bad,
                free_us: 0,
                is_bad: true,
                turns_us: self.now * 1000,
                flying: BTreeMap::new(),
                sums: Sums::default(),
                n: 0,
                severed: false,
            };
            self.wires.insert((from, to), wire);
        }
        self.halls[a].arrived(self.now, node(b));
        self.halls[b].arrived(self.now, node(a));
    }

    /// Opens a class with its origin at a node; all others follow it by the hub.
    pub fn open(&mut self, class: Subject, origin: usize) {
        self.wakes.fill(0);
        for n in 0..self.halls.len() {
            let way = match n {
                _ if n == origin => Way::Here,
                HUB => Way::Via(node(origin)),
                _ => Way::Via(node(HUB)),
            };
            assert!(self.halls[n].open(self.now, class, way, 0, Saved::default()));
        }
    }

    /// Cuts the way between two nodes, or mends it.
    pub fn sever(&mut self, a: usize, b: usize, yes: bool) {
        for way in [(a, b), (b, a)] {
            self.wires.get_mut(&way).unwrap().severed = yes;
        }
    }

    pub fn sums(&self, from: usize, to: usize) -> Sums {
        self.wires[&(from, to)].sums
    }

    pub fn say(&mut self, n: usize, class: Subject, who: Subject, payload: &[u8]) -> Result<u64, live::Refusal> {
        self.wakes[n] = 0;
        self.halls[n].say(self.now, class, who, payload)
    }

    pub fn attend(&mut self, n: usize, class: Subject, is_attended: bool) {
        self.wakes[n] = 0;
        self.halls[n].attend(class, is_attended);
    }

    pub fn voice(&mut self, n: usize, class: Subject, track: TrackId, packet: Packet) {
        self.wakes[n] = 0;
        self.halls[n].voice(self.now, class, track, packet);
    }

    /// A datagram that nobody of ours made.
    pub fn inject(&mut self, to: usize, from: usize, datagram: &[u8]) {
        self.wakes[to] = 0;
        self.halls[to].heard(self.now, node(from), datagram);
    }

    /// A connection is made anew: both ends hear of it.
    pub fn reconnect(&mut self, a: usize, b: usize) {
        (self.wakes[a], self.wakes[b]) = (0, 0);
        // What was under way on the connection before is not of this one.
        self.wires.get_mut(&(a, b)).unwrap().flying.clear();
        self.wires.get_mut(&(b, a)).unwrap().flying.clear();
        self.halls[a].arrived(self.now, node(b));
        self.halls[b].arrived(self.now, node(a));
    }

    /// Two nodes have the same lane.
    pub fn agree(&self, a: usize, b: usize, class: Subject) {
        let (a, b) = (self.events(a, class), self.events(b, class));
        assert_eq!(a.len(), b.len());
        assert!(a == b, "the same events");
    }

    pub fn is_cut(&self) -> bool {
        self.cuts.iter().any(|(from, to)| (*from..*to).contains(&self.now))
    }

    pub fn events(&self, n: usize, class: Subject) -> &[Event] {
        self.halls[n].after(class, 0)
    }

    /// Goes on by a millisecond.
    pub fn tick(&mut self) {
        self.now += 1;
        let (now, cut) = (self.now, self.is_cut());
        let mut arrived = VecDeque::new();
        for ((from, to), wire) in &mut self.wires {
            while let Some(first) = wire.flying.first_entry().filter(|e| e.key().0 <= now) {
                let datagram = first.remove();
                if cut || wire.severed {
                    wire.sums.lost += 1;
                } else {
                    arrived.push_back((*from, *to, datagram));
                }
            }
        }
        for (from, to, datagram) in arrived {
            self.inject(to, from, &datagram);
        }
        let mut out = Vec::new();
        for n in 0..self.halls.len() {
            if now < self.wakes[n] {
                continue;
            }
            self.halls[n].poll(now, |_| Some(1150), &mut out);
            self.wakes[n] = self.halls[n].wake().unwrap_or(u64::MAX).max(now + 1);
            for out in out.drain(..) {
                match out {
                    Out::Datagram(to, datagram) => {
                        let to = usize::from(to.0[0]) - 1;
                        if let Some(wire) = self.wires.get_mut(&(n, to)) {
                            wire.push(now, datagram, cut, &mut self.chance);
                        }
                    }
                    Out::News(class, news) => self.note(n, class, news),
                }
            }
        }
    }

    fn note(&mut self, n: usize, class: Subject, news: News) {
        if self.keeps {
            self.told.push((n, class, news.clone()));
        }
        let (now, diary) = (self.now, &mut self.diaries[n]);
        match news {
            News::Changed => {
                for event in self.halls[n].after(class, 0).iter().rev() {
                    if diary.seen.insert((class, event.seq), now).is_some_and(|before| {
                        diary.seen.insert((class, event.seq), before);
                        true
                    }) {
                        break;
                    }
                }
            }
            News::Play(track, packet) => diary.played.entry(track).or_default().push((packet, now)),
            News::Voice(track, packet) => {
                assert!(diary.came.entry(track).or_default().insert(packet.seq), "each packet comes once");
            }
            News::Began(track) => diary.tracks.push(track),
            News::Video(..) => diary.video += 1,
            News::Cut(seq) => diary.seen.retain(|(of, n), _| *of != class || *n <= seq),
            News::Ended(_) | News::Event(_) | News::Said(_) => {}
        }
    }

    pub fn run(&mut self, ms: u64, mut each: impl FnMut(&mut Self, u64)) {
        let began = self.now;
        while self.now < began + ms {
            let at = self.now - began;
            each(self, at);
            self.tick();
        }
    }
}

/// A packet of voice of 60 ms at about 14 kbit/s, as Opus makes it: its size varies.
pub fn packet(seq: u64, chance: &mut Chance) -> Packet {
    let len = 80 + usize::try_from(chance.below(50)).unwrap();
    let mut opus: Vec<u8> = std::iter::repeat_with(|| chance.byte()).take(len).collect();
    opus[0] = 11 << 3;
    Packet { seq, at: seq * 24, opus: opus.into() }
}
