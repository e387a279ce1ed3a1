use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::Clock;

/// A clock that tells the time of the facts while they are written, so that they carry the dates on which they
/// would have been recorded, and the machine's time before and after.
pub struct DemoClock {
    /// Milliseconds since 1970; 0 while the machine's clock is followed.
    set: AtomicU64,
    machine: Arc<dyn Clock>,
}

impl DemoClock {
    /// A clock that follows the machine's until it is set.
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        Self { set: AtomicU64::new(0), machine }
    }

    /// Stops at a moment, in milliseconds since 1970.
    pub fn set(&self, ms: u64) {
        self.set.store(ms, Ordering::Relaxed);
    }

    /// Follows the machine's clock again.
    pub fn release(&self) {
        self.set(0);
    }
}

impl Clock for DemoClock {
    fn now_ms(&self) -> u64 {
        match self.set.load(Ordering::Relaxed) {
            0 => self.machine.now_ms(),
            ms => ms,
        }
    }

    fn steady_ms(&self) -> u64 {
        self.machine.steady_ms()
    }
}

impl fmt::Debug for DemoClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DemoClock({})", self.now_ms())
    }
}
