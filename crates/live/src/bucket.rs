//! So much in a second, and no more.

/// How much may be said at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    left: u64,
    at: u64,
    per_second: u64,
    most: u64,
}

impl Bucket {
    pub fn new(now: u64, per_second: u64) -> Self {
        Self::of(now, per_second, per_second * 2)
    }

    /// One that holds so much at once.
    pub fn of(now: u64, per_second: u64, most: u64) -> Self {
        Self { left: most, at: now, per_second, most }
    }

    /// Whether one more may be said.
    pub fn take(&mut self, now: u64) -> bool {
        self.take_many(now, 1)
    }

    /// Whether so much more may be said, all of it.
    pub fn take_many(&mut self, now: u64, n: u64) -> bool {
        let may = self.left(now) >= n;
        if may {
            self.left -= n;
        }
        may
    }

    /// How much may be said now.
    pub fn left(&mut self, now: u64) -> u64 {
        let more = now.saturating_sub(self.at).saturating_mul(self.per_second) / 1000;
        if more > 0 {
            self.at = now;
            self.left = self.left.saturating_add(more).min(self.most);
        }
        self.left
    }
}
