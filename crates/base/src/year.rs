//! The year of schools, which is not the calendar's.

use jiff::civil::Date;

/// The month with whose first day a school year begins: who comes at a year's end comes for the next one.
pub const SCHOOL_YEAR_BEGINS: i8 = 8;

/// The school year that a day is in, by the calendar's year in which it begins.
pub fn school_year(day: Date) -> i16 {
    if day.month() >= SCHOOL_YEAR_BEGINS { day.year() } else { day.year() - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_august() {
        assert_eq!(school_year(Date::constant(2026, 7, 31)), 2025);
        assert_eq!(school_year(Date::constant(2026, 8, 1)), 2026);
    }
}
