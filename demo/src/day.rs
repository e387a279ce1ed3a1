use std::fmt;
use std::time::Duration;

use base::Date;

const EPOCH: Date = Date::constant(1970, 1, 1);
const DAY_MS: u64 = 86_400_000;

/// A day of civil life, as days since 1970-01-01: sums of days are sums of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub i32);

impl Day {
    /// A date of the calendar; a date that is none is 1970-01-01.
    pub fn on(year: i16, month: i8, day: i8) -> Self {
        Self::from(Date::new(year, month, day).unwrap_or(EPOCH))
    }

    /// The date.
    pub fn date(self) -> Date {
        let secs = u64::try_from(self.0).unwrap_or(0) * (DAY_MS / 1000);
        EPOCH.checked_add(Duration::from_secs(secs)).unwrap_or(EPOCH)
    }

    /// So many days later.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// Its midnight in UTC, in milliseconds since 1970.
    pub fn ms(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0) * DAY_MS
    }

    /// Whether there are lessons: no week-ends, no winter or summer holidays.
    pub fn is_school_day(self) -> bool {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7) < 5 && matches!(self.date().month(), 3..=6 | 9..=12)
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(i32::try_from(EPOCH.duration_until(date).as_hours() / 24).unwrap_or(0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(Day::on(2020, 2, 28).plus(2).to_string(), "2020-03-01");
        assert_eq!(Day::on(2026, 10, 30).to_string(), "2026-10-30");
        assert!(Day::on(2026, 10, 30).is_school_day(), "a Friday");
        assert!(!Day::on(2026, 10, 31).is_school_day());
        assert!(!Day::on(2026, 7, 31).is_school_day());
    }
}
