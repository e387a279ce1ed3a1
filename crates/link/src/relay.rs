//! A bad link on one machine: a relay of UDP datagrams between two nodes, with a rate and a queue before it, a delay
//! that varies, loss by ones or in bursts, and cuts, now or by a schedule.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Env;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Bytes that wait for their turn each way if nothing else is said.
const QUEUE: usize = 128 * 1024;
/// A dialler that is silent for so long is forgotten.
const FORGET: Duration = Duration::from_mins(2);
/// Whiles that nobody saw are not gone through one by one beyond this.
const QUIET: Duration = Duration::from_secs(10);
const LARGEST: usize = 65_536;
/// Dialling addresses at a time.
const MAX_FLOWS: usize = 256;

/// How bad a link is. All zeros and `None` is a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bad {
    /// Bits per second each way; `None` for no limit.
    pub bits_per_second: Option<u64>,
    /// The time that each datagram takes one way.
    pub delay_ms: u64,
    /// Up to so much is added by chance, which can change the order.
    pub jitter_ms: u64,
    /// How many of a thousand datagrams are lost.
    pub loss_permille: u32,
    /// Zero: each is lost by itself. Otherwise all that come within a while are, and such whiles last between a fifth of
    /// this and all of it; of a thousand milliseconds so many are bad as `loss_permille` says.
    pub burst_ms: u64,
    /// Bytes that wait for their turn each way; what comes beyond is dropped, as a modem does. Only with a rate; `None`
    /// for 128 KiB.
    pub queue_bytes: Option<usize>,
    /// Everything is lost.
    pub cut: bool,
}

/// What went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Datagrams that came to the relay.
    pub packets: u64,
    /// Their bytes, without the headers of UDP and IP.
    pub bytes: u64,
    /// Datagrams of them that were dropped.
    pub dropped: u64,
    /// Of those: by chance,
    pub lost: u64,
    /// because the queue was full,
    pub overflowed: u64,
    /// or because the link was cut.
    pub cut: u64,
}

/// What went over a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// From the dialler to the listener.
    pub up: Way,
    /// From the listener to the dialler.
    pub down: Way,
}

impl Counters {
    /// Bytes both ways.
    pub fn bytes(&self) -> u64 {
        self.up.bytes + self.down.bytes
    }
}

/// A relay at work; it ends when it is dropped. A clone is a handle on the same one.
#[derive(Clone)]
pub struct Relay {
    state: Arc<State>,
    address: SocketAddr,
    _task: Arc<JoinSet<()>>,
}

struct State {
    env: Env,
    bad: Mutex<Bad>,
    /// Cuts to come and under way: from when, until when.
    cuts: Mutex<Vec<(Instant, Instant)>>,
    counters: Mutex<Counters>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({}, {:?})", self.address, self.settings())
    }
}

impl Relay {
    /// Relays what comes to `listen` on to `target`, and the answers back.
    ///
    /// # Errors
    /// If the socket cannot be opened.
    pub async fn start(listen: SocketAddr, target: SocketAddr, env: Env, bad: Bad) -> io::Result<Self> {
        let front = Arc::new(UdpSocket::bind(listen).await?);
        let address = front.local_addr()?;
        let state = Arc::new(State { env, bad: Mutex::new(bad), cuts: Mutex::default(), counters: Mutex::default() });
        let mut task = JoinSet::new();
        task.spawn(run(state.clone(), front, target));
        Ok(Self { state, address, _task: Arc::new(task) })
    }

    /// Where the dialler finds it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the link from now on.
    pub fn set(&self, bad: Bad) {
        *lock(&self.state.bad) = bad;
    }

    /// Cuts the link by a schedule, in place of any before: each cut begins so long from now, and lasts so long.
    pub fn schedule(&self, cuts: &[(Duration, Duration)]) {
        let now = Instant::now();
        *lock(&self.state.cuts) = cuts.iter().map(|(after, lasts)| (now + *after, now + *after + *lasts)).collect();
    }

    /// How bad the link is.
    pub fn settings(&self) -> Bad {
        *lock(&self.state.bad)
    }

    /// What went over it.
    pub fn counters(&self) -> Counters {
        *lock(&self.state.counters)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl State {
    fn count(&self, direction: Direction, f: impl FnOnce(&mut Way)) {
        let mut counters = lock(&self.counters);
        f(match direction {
            Direction::Up => &mut counters.up,
            Direction::Down => &mut counters.down,
        });
    }

    fn is_cut(&self, now: Instant) -> bool {
        lock(&self.bad).cut || lock(&self.cuts).iter().any(|(from, until)| (*from..*until).contains(&now))
    }
}

/// Chance that a seed can repeat: of its own for each kind of fate, so that how many datagrams come does not change when
/// the link is bad.
struct Chance(blake3::OutputReader);

impl Chance {
    fn new(env: &Env) -> Self {
        Self(blake3::Hasher::new().update(&env.bytes::<32>()).finalize_xof())
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        let mut four = [0; 4];
        self.0.fill(&mut four);
        u64::from(u32::from_be_bytes(four)).checked_rem(limit).unwrap_or(0)
    }
}

/// Datagrams on their way in one direction, by the time of their arrival.
struct Queue {
    state: Arc<State>,
    direction: Direction,
    waiting: BTreeMap<(Instant, u64), (SocketAddr, Vec<u8>)>,
    number: u64,
    /// When the line is free again.
    free: Instant,
    losses: Chance,
    jitter: Chance,
    /// Of a loss in bursts: whether it is bad now, and until when it stays so.
    is_bad: bool,
    turns: Instant,
}

impl Queue {
    fn new(state: Arc<State>, direction: Direction) -> Self {
        let now = Instant::now();
        let (losses, jitter) = (Chance::new(&state.env), Chance::new(&state.env));
        let waiting = BTreeMap::new();
        Self { state, direction, waiting, number: 0, free: now, losses, jitter, is_bad: false, turns: now }
    }

    fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        let len = datagram.len();
        let now = Instant::now();
        let bad = *lock(&self.state.bad);
        let is_cut = self.state.is_cut(now);
        let is_full = !is_cut
            && bad.bits_per_second.is_some_and(|rate| self.backlog(rate, now) + len > bad.queue_bytes.unwrap_or(QUEUE));
        let is_lost = !is_cut && !is_full && self.is_lost(&bad, now);
        let is_dropped = is_cut || is_full || is_lost;
        self.state.count(self.direction, |way| {
            way.packets += 1;
            way.bytes += len as u64;
            way.dropped += u64::from(is_dropped);
            way.lost += u64::from(is_lost);
            way.overflowed += u64::from(is_full);
            way.cut += u64::from(is_cut);
        });
        if is_dropped {
            return;
        }
        self.free = match bad.bits_per_second.map(|rate| (len as u64 * 8_000_000).checked_div(rate)) {
            Some(micros) => self.free.max(now) + Duration::from_micros(micros.unwrap_or(u64::from(u32::MAX))),
            None => now,
        };
        let delay = bad.delay_ms + self.jitter.below(bad.jitter_ms + 1);
        self.number += 1;
        self.waiting.insert((self.free + Duration::from_millis(delay), self.number), (to, datagram.to_vec()));
    }

    /// Bytes that wait for the line.
    fn backlog(&self, rate: u64, now: Instant) -> usize {
        let micros = self.free.saturating_duration_since(now).as_micros();
        usize::try_from(micros * u128::from(rate) / 8_000_000).unwrap_or(usize::MAX)
    }

    /// A link that is good and bad by turns (Gilbert 1960), in time and not in datagrams: what disturbs a radio does not
    /// wait for the next of them.
    fn is_lost(&mut self, bad: &Bad, now: Instant) -> bool {
        let loss = u64::from(bad.loss_permille.min(1000));
        if bad.burst_ms == 0 || loss == 0 || loss == 1000 {
            return self.losses.below(1000) < loss;
        }
        while self.turns <= now {
            self.is_bad = !self.is_bad;
            let burst = bad.burst_ms * 1000;
            let lasts = if self.is_bad {
                burst / 5 + self.losses.below(burst * 4 / 5 + 1)
            } else {
                // Good whiles last by chance between nothing and twice what keeps the measure.
                self.losses.below(2 * (burst * 3 / 5) * (1000 - loss) / loss + 1)
            };
            self.turns = self.turns.max(now.checked_sub(QUIET).unwrap_or(self.turns)) + Duration::from_micros(lasts);
        }
        self.is_bad
    }

    fn next(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// What has arrived by now; a cut swallows what is on the way, too.
    fn due(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let now = Instant::now();
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            let (to, datagram) = first.remove();
            if self.state.is_cut(now) {
                self.state.count(self.direction, |way| {
                    way.dropped += 1;
                    way.cut += 1;
                });
            } else {
                due.push((to, datagram));
            }
        }
        due
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// One dialling address: answers to it come to a socket of its own.
struct Flow {
    back: Arc<UdpSocket>,
    heard: Instant,
    _answers: JoinSet<()>,
}

async fn run(state: Arc<State>, front: Arc<UdpSocket>, target: SocketAddr) {
    let mut flows: BTreeMap<SocketAddr, Flow> = BTreeMap::new();
    let mut queue = Queue::new(state.clone(), Direction::Up);
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            came = front.recv_from(&mut buffer) => {
                // An error tells of an earlier datagram that nobody took.
                let Ok((len, from)) = came else { continue };
                let now = Instant::now();
                if !flows.contains_key(&from) {
                    flows.retain(|_, flow| now.duration_since(flow.heard) < FORGET);
                    if flows.len() >= MAX_FLOWS {
                        continue;
                    }
                    let Ok(flow) = open(&state, &front, target, from).await else { continue };
                    flows.insert(from, flow);
                }
                if let Some(flow) = flows.get_mut(&from) {
                    flow.heard = now;
                }
                queue.push(from, buffer.get(..len).unwrap_or_default());
            }
            () = until(queue.next()) => {
                for (from, datagram) in queue.due() {
                    if let Some(flow) = flows.get(&from) {
                        // A datagram that cannot be sent is lost, as datagrams are.
                        let _ = flow.back.send(&datagram).await;
                    }
                }
            }
        }
    }
}

async fn open(state: &Arc<State>, front: &Arc<UdpSocket>, target: SocketAddr, dialler: SocketAddr) -> io::Result<Flow> {
    let any = match target {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let back = Arc::new(UdpSocket::bind(any).await?);
    back.connect(target).await?;
    let mut answers = JoinSet::new();
    let (front, own, queue) = (front.clone(), back.clone(), Queue::new(state.clone(), Direction::Down));
    answers.spawn(answer(queue, own, front, dialler));
    Ok(Flow { back, heard: Instant::now(), _answers: answers })
}

async fn answer(mut queue: Queue, back: Arc<UdpSocket>, front: Arc<UdpSocket>, dialler: SocketAddr) {
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            came = back.recv(&mut buffer) => {
                let Ok(len) = came else { continue };
                queue.push(dialler, buffer.get(..len).unwrap_or_default());
            }
            () = until(queue.next()) => {
                for (to, datagram) in queue.due() {
                    let _ = front.send_to(&datagram, to).await;
                }
            }
        }
    }
}
