//! Days of the week, hours of a day, and what a class's name says of its grade. Nothing here reads anything.

use base::Date;
use jiff::ToSpan;

/// The days of a week as facts name them.
pub(crate) const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The place of a weekday in the week, from 0.
pub(crate) fn place(day: &str) -> Option<usize> {
    DAYS.iter().position(|d| *d == day)
}

/// The weekday of a date, from 0.
pub(crate) fn weekday(date: Date) -> usize {
    usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)
}

/// The Monday and the Sunday of a date's week.
pub(crate) fn week_of(date: Date) -> (Date, Date) {
    let back = i64::try_from(weekday(date)).unwrap_or(0);
    let monday = date.checked_sub(back.days()).unwrap_or(date);
    (monday, monday.checked_add(6.days()).unwrap_or(monday))
}

/// The first date with a weekday (from 0) after one, and not before another.
pub(crate) fn next_on(weekday_wanted: usize, after: Date, not_before: Date) -> Option<Date> {
    let from = after.tomorrow().ok()?.max(not_before);
    let ahead = (7 + weekday_wanted - weekday(from)) % 7;
    from.checked_add(i64::try_from(ahead).ok()?.days()).ok()
}

/// How many dates there are from one to another, seven days apart, both counted.
pub(crate) fn weeks(first: Date, last: Date) -> i64 {
    if last < first {
        return 0;
    }
    i64::from((last - first).get_days()) / 7 + 1
}

/// Minutes since midnight of `HH:MM`.
pub(crate) fn minute(time: &str) -> Option<i64> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

/// `HH:MM` of minutes since midnight.
pub(crate) fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// A piece of a day, in minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    /// What two hours of a day name; nothing where they name none.
    pub fn of(starts: &str, ends: &str) -> Option<Self> {
        let (from, to) = (minute(starts)?, minute(ends)?);
        (from < to).then_some(Self { from, to })
    }

    /// Whether two have a minute in common.
    pub fn meets(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// What two have in common.
    pub fn common(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }

    pub fn minutes(self) -> i64 {
        self.to - self.from
    }
}

/// The term that a day is in, or the next one: its first day, and its last.
pub(crate) fn term(today: Date) -> (Date, Date) {
    let day = |year, month, day| Date::new(year, month, day).unwrap_or(today);
    let year = today.year();
    match today.month() {
        1 => (day(year - 1, 9, 1), day(year, 1, 31)),
        2..=7 => (day(year, 3, 1), day(year, 7, 15).max(today)),
        _ => (day(year, 9, 1), day(year + 1, 1, 31)),
    }
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// A number as it stands in a name of a class, from 1 to 12, at the beginning of a text.
fn number(text: &str) -> Option<i64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.parse().ok();
    }
    let one = |c: char| DIGITS.iter().position(|d| *d == c).and_then(|n| i64::try_from(n).ok());
    let mut chars = text.chars();
    match (chars.next()?, chars.next()) {
        ('十', Some(c)) => Some(10 + one(c).unwrap_or(0)),
        ('十', None) => Some(10),
        (c, _) => one(c),
    }
}

/// The grade that a class's name says, as a number from 1 to 12: `三年级1班` is 3, `初三（2）班` 9, `高一1班` 10, `Grade 4 B` 4.
pub(crate) fn grade_of(class: &str) -> Option<i64> {
    let class = class.trim();
    let fits = |n: i64, most: i64| (1..=most).contains(&n).then_some(n);
    let after = |mark: &str| class.split_once(mark).map(|(_, rest)| rest.trim_start());
    if let Some(rest) = after("初") {
        return number(rest).and_then(|n| fits(n, 3)).map(|n| n + 6);
    }
    if let Some(rest) = after("高") {
        return number(rest).and_then(|n| fits(n, 3)).map(|n| n + 9);
    }
    let lower = class.to_lowercase();
    if let Some((_, rest)) = lower.split_once("grade") {
        return number(rest.trim_start()).and_then(|n| fits(n, 12));
    }
    if let Some((before, _)) = class.split_once("年级") {
        let start = before.char_indices().find(|(_, c)| c.is_ascii_digit() || *c == '十' || DIGITS.contains(c))?.0;
        return number(before.get(start..)?).and_then(|n| fits(n, 12));
    }
    None
}

/// Whether a room of a live class is a class of a timetable: by its whole name, or where it names the grade alone, by that.
pub(crate) fn same_class(room: &str, class: &str) -> bool {
    let plain = |s: &str| s.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
    let (room, class) = (plain(room), plain(class));
    if room.is_empty() {
        return false;
    }
    room == class || room.ends_with("年级") && grade_of(&room).is_some() && grade_of(&room) == grade_of(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn classes_say_their_grade() {
        for (class, grade) in [
            ("三年级1班", Some(3)),
            ("十二年级", Some(12)),
            ("初三（2）班", Some(9)),
            ("高一1班", Some(10)),
            ("Grade 4 B", Some(4)),
            ("小学五年级", Some(5)),
            ("2班", None),
            ("高四1班", None),
            ("", None),
        ] {
            assert_eq!(grade_of(class), grade, "{class}");
        }
        assert!(same_class("三年级 1班", "三年级1班") && same_class("三年级", "三年级1班"));
        assert!(
            !same_class("四年级", "三年级1班") && !same_class("", "三年级1班") && !same_class("三年级2班", "三年级1班")
        );
    }

    #[test]
    fn the_next_day_with_a_weekday_is_after_today_and_within_the_lesson() {
        // 2026-11-30 is a Monday.
        assert_eq!(next_on(0, on("2026-11-30"), on("2026-09-01")), Some(on("2026-12-07")));
        assert_eq!(next_on(1, on("2026-11-30"), on("2026-09-01")), Some(on("2026-12-01")));
        assert_eq!(next_on(4, on("2026-11-30"), on("2027-03-01")), Some(on("2027-03-05")));
        assert_eq!(week_of(on("2026-12-06")), (on("2026-11-30"), on("2026-12-06")));
        assert_eq!(weeks(on("2026-12-01"), on("2026-12-21")), 3);
        assert_eq!(weeks(on("2026-12-01"), on("2026-12-22")), 4);
        assert_eq!(weeks(on("2026-12-01"), on("2026-11-30")), 0);
        assert_eq!(weeks(on("2026-09-01"), on("2027-01-31")), 22);
    }

    #[test]
    fn spans_meet_where_a_minute_is_common() {
        let span = |a, b| Span::of(a, b).unwrap();
        assert!(!span("09:00", "09:40").meets(span("09:40", "10:20")), "one after the other");
        assert!(span("09:00", "09:40").meets(span("09:39", "10:20")));
        assert_eq!(span("09:00", "09:40").common(span("09:10", "10:00")), Some(span("09:10", "09:40")));
        assert_eq!(Span::of("10:00", "09:00"), None);
        assert_eq!(minute("24:00"), None);
        assert_eq!(clock(605), "10:05");
    }

    #[test]
    fn a_term_holds_its_day() {
        for day in ["2026-01-10", "2026-03-20", "2026-07-20", "2026-09-01", "2026-12-31"] {
            let (from, to) = term(on(day));
            assert!(from <= on(day) && on(day) <= to, "{day}: {from} {to}");
        }
        assert_eq!(term(on("2026-08-20")).0, on("2026-09-01"), "in the holidays, the one to come");
    }
}
