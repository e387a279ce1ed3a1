//! How fast a connection sends: at the rate that arrives, learnt, whatever is lost on the way by chance.
//!
//! A radio link loses packets that no queue had to drop; a controller that halves its window for each sends next to
//! nothing there. This one takes the largest rate of the last rounds as the link's and keeps one round trip of it under
//! way (after BBR, Cardwell et al. 2016), probes for more every eighth round, and goes back only when a round loses more
//! than a queue's worth. Datagrams of a live class pace themselves by their own feedback: streams then keep to a
//! third of the window.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use quinn::AckFrequencyConfig;
use quinn::VarInt;
use quinn::congestion::{Controller, ControllerFactory};
use quinn_proto::RttEstimator;

/// Packets that the other end takes before it must say so, and how long it may wait. An acknowledgement costs 60 bytes,
/// as much as the headers of a bundle of voice.
const ACK_PACKETS: u32 = 9;
const ACK_DELAY: Duration = Duration::from_millis(400);
/// A packet that so many overtook is lost; on radio links some do.
pub(crate) const REORDERED: u32 = 10;
/// The other end's waiting is bounded by the time there and back, and by this from below (quinn's rule).
const ACK_DELAY_LEAST: Duration = Duration::from_millis(25);
/// Rounds over which the largest rate counts.
const ROUNDS: usize = 10;
/// Of what was sent in a round, the part whose loss says that a queue is full.
const FULL: f64 = 0.12;
/// Packets that may always be under way.
const LEAST: u64 = 4;
const FIRST: u64 = 10;
/// A round is no shorter, or a thread that was late would pass for a faster link.
const SHORTEST_ROUND: Duration = Duration::from_millis(50);
/// A way that has become so much longer has a queue: the start is over.
const LONGER: Duration = Duration::from_millis(20);
/// Bytes of datagrams beyond the window while nothing comes back: minutes of asking whether the other end is there.
const TALK: u64 = 128 * 1024;

/// How much of what is under way at the learnt rate a round sends: one probes, the next drains.
const GAINS: [f64; 8] = [1.4, 1.0, 1.15, 1.15, 1.15, 1.15, 1.15, 1.15];

/// How often the other end is asked to acknowledge.
pub(crate) fn sparse_acknowledgements() -> AckFrequencyConfig {
    let mut config = AckFrequencyConfig::default();
    config
        .ack_eliciting_threshold(VarInt::from_u32(ACK_PACKETS))
        .max_ack_delay(Some(ACK_DELAY))
        .reordering_threshold(VarInt::from_u32(REORDERED - 1));
    config
}

/// What the controller and the connection's owner tell each other.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    window: AtomicU64,
    talk: AtomicU64,
}

impl Allowance {
    /// The window that was learnt so far.
    pub fn window(&self) -> u64 {
        self.window.load(Relaxed)
    }

    /// Whether nothing comes back, and datagrams go all the same.
    pub fn talk(&self, is_in_vain: bool) {
        self.talk.store(if is_in_vain { TALK } else { 0 }, Relaxed);
    }
}

/// Makes controllers.
#[derive(Debug)]
pub(crate) struct Learning;

impl ControllerFactory for Learning {
    fn build(self: Arc<Self>, _: Instant, mtu: u16) -> Box<dyn Controller> {
        Box::new(Learn::new(mtu.into()))
    }
}

/// The controller.
#[derive(Clone, Debug)]
pub(crate) struct Learn {
    allowance: Arc<Allowance>,
    mtu: u64,
    window: u64,
    /// Bytes a second in the last rounds.
    rates: VecDeque<f64>,
    /// Before the link's rate is known: the best so far, and rounds that were hardly better.
    starting: Option<(f64, u32)>,
    smooth: Duration,
    shortest: Duration,
    rounds: usize,
    round: Option<Round>,
}

#[derive(Clone, Debug)]
struct Round {
    began: Instant,
    acked: u64,
    lost: u64,
    /// There was nothing more to send, so its rate says little about the link.
    idle: bool,
}

impl Learn {
    fn new(mtu: u64) -> Self {
        let allowance = Allowance::default();
        allowance.window.store(FIRST * mtu, Relaxed);
        Self {
            allowance: Arc::new(allowance),
            mtu,
            window: FIRST * mtu,
            rates: VecDeque::new(),
            starting: Some((0.0, 0)),
            smooth: Duration::from_millis(300),
            shortest: Duration::from_millis(300),
            rounds: 0,
            round: None,
        }
    }

    /// The door to what this connection's controller has learnt.
    pub fn allowance(controller: Box<dyn Controller>) -> Option<Arc<Allowance>> {
        controller.into_any().downcast::<Self>().ok().map(|learn| learn.allowance)
    }

    fn rate(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }

    fn end_round(&mut self, round: &Round, now: Instant) {
        let seconds = now.saturating_duration_since(round.began).as_secs_f64();
        let (acked, lost) = (float(round.acked), float(round.lost));
        let is_full = lost > FULL * (acked + lost) && round.lost > 2 * LEAST * self.mtu;
        let rate = acked / seconds.max(0.001);
        self.rounds += 1;
        if !round.idle || rate > self.rate() {
            self.rates.push_back(rate);
            if self.rates.len() > ROUNDS {
                self.rates.pop_front();
            }
        }
        let best = self.rate();
        if let Some((before, poor)) = self.starting {
            let grows = best > before * 1.25;
            let poor = if grows { 0 } else { poor + u32::from(!round.idle) };
            let is_over = poor >= 2 || is_full || self.smooth > self.shortest * 3 / 2 + LONGER;
            self.starting = (!is_over).then_some((before.max(best), poor));
        }
        // What has arrived and was not yet acknowledged is under way as well.
        let waits = ACK_DELAY.min(self.smooth.max(ACK_DELAY_LEAST)).as_secs_f64();
        let unsaid = (best * waits).min(float(u64::from(ACK_PACKETS) * self.mtu));
        let under_way = best * self.shortest.as_secs_f64() + unsaid;
        let window = if self.starting.is_some() {
            (self.window * 2).min(whole(under_way * 3.0) + FIRST * self.mtu)
        } else {
            if is_full {
                self.rates.iter_mut().for_each(|rate| *rate *= 0.9);
            }
            whole(under_way * GAINS.get(self.rounds % GAINS.len()).unwrap_or(&1.0))
        };
        self.set(window);
    }

    fn set(&mut self, window: u64) {
        self.window = window.max(LEAST * self.mtu);
        self.allowance.window.store(self.window, Relaxed);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of bytes in a round")]
fn float(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; never negative")]
fn whole(n: f64) -> u64 {
    n as u64
}

impl Controller for Learn {
    fn on_ack(&mut self, now: Instant, _: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.smooth = rtt.get();
        self.shortest = rtt.min();
        let round = self.round.get_or_insert(Round { began: now, acked: 0, lost: 0, idle: false });
        if round.began < now {
            round.acked += bytes;
        }
        round.idle |= app_limited;
    }

    fn on_end_acks(&mut self, now: Instant, _: u64, _: bool, _: Option<u64>) {
        let Some(round) = self.round.clone() else { return };
        if now.saturating_duration_since(round.began) < self.smooth.max(SHORTEST_ROUND) {
            return;
        }
        self.end_round(&round, now);
        self.round = Some(Round { began: now, acked: 0, lost: 0, idle: false });
    }

    fn on_congestion_event(&mut self, now: Instant, _: Instant, is_persistent: bool, lost: u64) {
        if is_persistent {
            // The link was away. What it bore before is the best guess; it is probed again from there.
            let rate = self.rate();
            self.rates = VecDeque::from([rate / 2.0]);
            self.starting = Some((rate / 2.0, 0));
            self.round = Some(Round { began: now, acked: 0, lost: 0, idle: true });
            self.set(whole(rate / 2.0 * self.shortest.as_secs_f64()));
        } else if let Some(round) = &mut self.round {
            round.lost += lost;
        }
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.mtu = mtu.into();
    }

    fn window(&self) -> u64 {
        self.window + self.allowance.talk.load(Relaxed)
    }

    fn initial_window(&self) -> u64 {
        FIRST * self.mtu
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
