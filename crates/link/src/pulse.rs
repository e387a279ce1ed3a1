//! Whether a connection lives, and whether a class is on it.

use tokio::time::Instant;

use crate::SILENT;

/// What goes over a connection, second by second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    said: u64,
    received: u64,
    /// Whether something came in the second before.
    came: bool,
    /// For how many more seconds what is said goes beyond the window: after a cut, all that it took is under way until the
    /// first acknowledgement, one round trip later.
    beyond: u8,
    said_at: Instant,
    came_at: Instant,
}

impl Pulse {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { said: 0, received: 0, came: true, beyond: 0, said_at: now, came_at: now }
    }

    /// Whether datagrams were said since the last time, and whether nothing came for two times, or not long ago.
    pub fn feel(&mut self, said: u64, received: u64) -> (bool, bool) {
        let now = Instant::now();
        let (talks, comes) = (said != self.said, received != self.received);
        self.beyond = if !comes && !self.came { 4 } else { self.beyond.saturating_sub(1) };
        (self.said, self.received, self.came) = (said, received, comes);
        if talks {
            self.said_at = now;
        }
        if comes {
            self.came_at = now;
        }
        (talks, self.beyond > 0)
    }

    /// Nothing comes, and no class waits for it.
    pub fn is_lost(&self) -> bool {
        self.came_at.elapsed() > SILENT && self.said_at.elapsed() > SILENT
    }
}
