use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the time of day comes from. Passed in, so that a simulation can own it.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> u64;
    /// Milliseconds since some fixed moment; never goes back. For rates and time limits.
    fn steady_ms(&self) -> u64;
}

/// Where chance comes from. Passed in, so that a seed can replay a run.
pub trait Random: Send + Sync {
    /// Fills the bytes with chance good enough for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the chance of a process: the two things that a computation cannot repeat.
#[derive(Clone)]
pub struct Env {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The chance.
    pub random: Arc<dyn Random>,
}

impl Env {
    /// The machine's own clock and chance.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock::default()), random: Arc::new(SystemRandom) }
    }

    /// Some bytes of chance.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one door to the machine's clock")]
    fn default() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one door to the machine's clock")]
    fn now_ms(&self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }

    fn steady_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The operating system's chance.
#[derive(Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one door to the machine's chance")]
    fn fill(&self, bytes: &mut [u8]) {
        // aws-lc falls back to blocking system calls and aborts the process before it returns weak chance;
        // an error here means a length it cannot serve, which no caller has.
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// A hybrid logical clock reading: 48 bits of milliseconds and 16 bits of counter, so it sorts as time
/// does and never repeats on one node (Kulkarni et al., "Logical Physical Clocks", 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hlc(pub u64);

impl Hlc {
    /// The first reading of a millisecond.
    pub fn at_ms(ms: u64) -> Self {
        Self(ms << 16)
    }

    /// The milliseconds since 1970-01-01 UTC.
    pub fn ms(self) -> u64 {
        self.0 >> 16
    }
}

/// A node's hybrid clock: each tick is later than all it gave or saw before.
#[derive(Debug, Default)]
pub struct HlcClock {
    last: Mutex<Hlc>,
}

impl HlcClock {
    /// A clock that continues after a reading.
    pub fn after(last: Hlc) -> Self {
        Self { last: Mutex::new(last) }
    }

    /// The next reading.
    pub fn tick(&self, now_ms: u64) -> Hlc {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Hlc::at_ms(now_ms).max(Hlc(last.0 + 1));
        *last
    }

    /// Takes note of a reading from elsewhere, so that what is written next comes after it.
    pub fn saw(&self, seen: Hlc) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (*last).max(seen);
    }

    /// Goes back to a reading: for a node whose clock was ahead and has been ruled upon.
    pub fn reset(&self, to: Hlc) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ticks_only_go_forward(times in prop::collection::vec(0_u64..1 << 40, 1..50), seen in 0_u64..1 << 40) {
            let clock = HlcClock::default();
            clock.saw(Hlc::at_ms(seen));
            let mut last = Hlc::at_ms(seen);
            for now in times {
                let tick = clock.tick(now);
                prop_assert!(tick > last);
                last = tick;
            }
        }
    }
}
