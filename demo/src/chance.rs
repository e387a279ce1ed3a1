use crate::day::Day;

/// Chance that a seed replays: `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014). Not for keys.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// A stream of its own for each part of the programme, so that a change in one leaves the others as they are.
    pub fn of(seed: u64, part: &str) -> Self {
        // FNV-1a: the name only has to set the streams apart.
        let name =
            part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(seed ^ name)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.next()) * (n as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: i32, most: i32) -> i32 {
        let span = usize::try_from(most - least + 1).unwrap_or(1);
        least + i32::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, of_100: usize) -> bool {
        self.below(100) < of_100
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of these words.
    pub fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// So many of these, or all, each at most once.
    pub fn some<'a, T>(&mut self, from: &'a [T], count: usize) -> Vec<&'a T> {
        let mut all: Vec<&T> = from.iter().collect();
        let count = count.min(all.len());
        for i in 0..count {
            let j = i + self.below(all.len() - i);
            all.swap(i, j);
        }
        all.truncate(count);
        all
    }

    /// A day from `first` to `last`, both included.
    pub fn day(&mut self, first: Day, last: Day) -> Day {
        Day(self.between(first.0, last.0.max(first.0)))
    }

    /// A day of school from `first` to `last`; `first` where there is hardly one.
    pub fn school_day(&mut self, first: Day, last: Day) -> Day {
        (0..500).map(|_| self.day(first, last)).find(|d| d.is_school_day()).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_and_parts_differ() {
        let draw = |seed, part| (0..8).map(|_| Chance::of(seed, part).below(1 << 40)).collect::<Vec<_>>();
        assert_eq!(draw(7, "visits"), draw(7, "visits"));
        assert_ne!(draw(7, "visits"), draw(7, "teams"));
        assert_ne!(draw(7, "visits"), draw(8, "visits"));
    }

    #[test]
    fn some_are_distinct_and_bounds_hold() {
        let mut chance = Chance::of(1, "test");
        let all: Vec<usize> = (0..10).collect();
        for count in 0..12 {
            let mut some = chance.some(&all, count);
            some.sort();
            some.dedup();
            assert_eq!(some.len(), count.min(10));
        }
        assert!((0..1000).map(|_| chance.between(-3, 3)).all(|n| (-3..=3).contains(&n)));
        assert_eq!(chance.below(0), 0);
    }
}
