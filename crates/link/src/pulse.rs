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
    said_at: Instant,
    came_at: Instant,
}

impl Pulse {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { said: 0, received: 0, came: true, said_at: now, came_at: now }
    }

    /// Whether datagrams were said since the last time, and whether nothing came for two times.
    pub fn feel(&mut self, said: u64, received: u64) -> (bool, bool) {
        let now = Instant::now();
        let (talks, comes) = (said != self.said, received != self.received);
        let in_vain = !comes && !self.came;
        (self.said, self.received, self.came) = (said, received, comes);
        if talks {
            self.said_at = now;
        }
        if comes {
            self.came_at = now;
        }
        (talks, in_vain)
    }

    /// Nothing comes, and no class waits for it.
    pub fn is_lost(&self) -> bool {
        self.came_at.elapsed() > SILENT && self.said_at.elapsed() > SILENT
    }
}
