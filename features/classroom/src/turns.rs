//! What was taken of what pages say: each counts its sayings, and says again what it does not know to be taken.

/// Loads of pages that are remembered of one person or device: the last ones.
const MAX_LOADS: usize = 32;

/// How many sayings were taken of each load of a page, of one person or device. A page that is loaded anew begins to count anew,
/// and a tab that was copied counts for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Vec<(u32, u32)>);

impl Turns {
    /// How many were taken of this load.
    pub fn taken(&self, load: u32) -> u32 {
        self.0.iter().find(|(of, _)| *of == load).map_or(0, |(_, count)| *count)
    }

    /// Whether it is the turn of this saying: what was taken is not taken again, and what comes before its turn waits for the
    /// page to say it anew.
    pub fn is_next(&self, load: u32, count: u32) -> bool {
        self.taken(load).checked_add(1) == Some(count)
    }

    /// So many were taken.
    pub fn take(&mut self, load: u32, count: u32) {
        // The load that spoke last is the last one to be forgotten.
        self.0.retain(|(of, _)| *of != load);
        if self.0.len() >= MAX_LOADS {
            self.0.remove(0);
        }
        self.0.push((load, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_load_is_counted_by_itself_and_the_last_ones_are_remembered() {
        let mut turns = Turns::default();
        assert!(turns.is_next(7, 1) && !turns.is_next(7, 0) && !turns.is_next(7, 2));
        turns.take(7, 1);
        assert!(turns.is_next(7, 2) && turns.is_next(8, 1));
        for load in 100..200 {
            turns.take(load, 1);
            turns.take(7, 2);
        }
        assert_eq!((turns.taken(7), turns.taken(199), turns.taken(100), turns.0.len()), (2, 1, 0, MAX_LOADS));
        turns.take(7, u32::MAX);
        assert!(!turns.is_next(7, 0));
    }
}
