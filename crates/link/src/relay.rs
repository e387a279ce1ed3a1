//! A bad link on one machine: a relay of UDP datagrams between two nodes, with a rate, a delay, loss, and a cut.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Env;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Bytes that wait for their turn each way; what comes beyond is dropped, as a modem does.
const QUEUE: usize = 128 * 1024;
/// A dialler that is silent for so long is forgotten.
const FORGET: Duration = Duration::from_mins(2);
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
        let state = Arc::new(State { env, bad: Mutex::new(bad), counters: Mutex::default() });
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

    /// A number below `limit` by chance.
    fn chance(&self, limit: u64) -> u64 {
        u64::from(u32::from_be_bytes(self.env.bytes())).checked_rem(limit).unwrap_or(0)
    }
}

/// Datagrams on their way in one direction, by the time of their arrival.
struct Queue {
    state: Arc<State>,
    direction: Direction,
    waiting: BTreeMap<(Instant, u64), (SocketAddr, Vec<u8>)>,
    bytes: usize,
    number: u64,
    /// When the line is free again.
    free: Instant,
}

impl Queue {
    fn new(state: Arc<State>, direction: Direction) -> Self {
        Self { state, direction, waiting: BTreeMap::new(), bytes: 0, number: 0, free: Instant::now() }
    }

    fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        let len = datagram.len();
        let bad = *lock(&self.state.bad);
        let lost = bad.cut
            || self.state.chance(1000) < u64::from(bad.loss_permille)
            || (bad.bits_per_second.is_some() && self.bytes + len > QUEUE);
        self.state.count(self.direction, |way| {
            way.packets += 1;
            way.bytes += len as u64;
            way.dropped += u64::from(lost);
        });
        if lost {
            return;
        }
        let now = Instant::now();
        self.free = match bad.bits_per_second.map(|rate| (len as u64 * 8_000_000).checked_div(rate)) {
            Some(micros) => self.free.max(now) + Duration::from_micros(micros.unwrap_or(u64::from(u32::MAX))),
            None => now,
        };
        let delay = bad.delay_ms + self.state.chance(bad.jitter_ms + 1);
        self.number += 1;
        self.bytes += len;
        self.waiting.insert((self.free + Duration::from_millis(delay), self.number), (to, datagram.to_vec()));
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
            self.bytes -= datagram.len();
            if lock(&self.state.bad).cut {
                self.state.count(self.direction, |way| way.dropped += 1);
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
