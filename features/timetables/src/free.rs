//! When several classes can all be there: hours in which none of them has a lesson that somebody teaches. Nothing here reads
//! anything.

use crate::days::{Span, same_class};
use crate::read::Lesson;

/// What a class has at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    /// No lesson.
    Free,
    /// A lesson that nobody teaches, of a subject.
    Gap(String),
}

/// A class of a school that takes part, with its school's hours and its lessons.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// As it is called where it takes part.
    pub class: String,
    pub hours: Vec<Span>,
    /// All lessons of its school in the week.
    pub lessons: Vec<Lesson>,
}

impl Room {
    /// Its own lessons.
    pub fn own(&self) -> impl Iterator<Item = &Lesson> {
        self.lessons.iter().filter(|l| same_class(&self.class, &l.class))
    }

    /// Whether its timetable says anything of it.
    pub fn is_known(&self) -> bool {
        !self.hours.is_empty() && self.own().next().is_some()
    }

    /// Its lessons on a weekday that meet a time.
    pub fn at(&self, weekday: usize, span: Span) -> impl Iterator<Item = &Lesson> {
        self.own().filter(move |l| l.weekday == weekday && l.span.is_some_and(|s| s.meets(span)))
    }

    /// What it has in a span, unless that is a lesson that somebody teaches.
    fn has(&self, weekday: usize, span: Span) -> Option<Has> {
        let mut has = Has::Free;
        for lesson in self.at(weekday, span) {
            if lesson.teacher.is_some() {
                return None;
            }
            has = Has::Gap(lesson.subject.clone());
        }
        Some(has)
    }
}

/// A time when all can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub weekday: usize,
    pub span: Span,
    /// What each has then, in the order of the rooms.
    pub has: Vec<Has>,
}

impl Slot {
    fn gaps(&self, subject: &str) -> (usize, usize) {
        let all = self.has.iter().filter(|h| matches!(h, Has::Gap(_))).count();
        let same = self.has.iter().filter(|h| matches!(h, Has::Gap(s) if s == subject)).count();
        (same, all)
    }
}

/// The times of a week, from Monday to Friday, at which every room can be there for so many minutes and nothing of `taken`
/// (weekday and span) stands in the way: those first that fill the most gaps, of the subject above all.
pub(crate) fn slots(rooms: &[Room], minutes: i64, subject: &str, taken: &[(usize, Span)]) -> Vec<Slot> {
    let Some((first, rest)) = rooms.split_first() else { return Vec::new() };
    let mut out: Vec<Slot> = Vec::new();
    for weekday in 0..5 {
        for hour in &first.hours {
            let mut span = *hour;
            for room in rest {
                // The hour that has most in common with what is left.
                let best = room.hours.iter().filter_map(|h| h.common(span)).max_by_key(|s| (s.minutes(), -s.from));
                match best {
                    Some(common) => span = common,
                    None => span.to = span.from,
                }
            }
            if span.minutes() < minutes || taken.iter().any(|(d, t)| *d == weekday && t.meets(span)) {
                continue;
            }
            let has: Option<Vec<Has>> = rooms.iter().map(|room| room.has(weekday, span)).collect();
            if let Some(has) = has {
                out.push(Slot { weekday, span, has });
            }
        }
    }
    out.sort_by_key(|s| {
        let (same, all) = s.gaps(subject);
        (std::cmp::Reverse((same, all)), s.weekday, s.span)
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Subject;

    fn lesson(class: &str, weekday: usize, span: Span, subject: &str, taught: bool) -> Lesson {
        let day = |d: &str| d.parse().unwrap();
        Lesson {
            id: Subject::default(),
            school: Subject::default(),
            class: class.to_owned(),
            weekday,
            period: Subject::default(),
            subject: subject.to_owned(),
            teacher: taught.then(Subject::default),
            starts_on: day("2026-09-01"),
            ends_on: day("2027-01-31"),
            span: Some(span),
        }
    }

    fn span(a: &str, b: &str) -> Span {
        Span::of(a, b).unwrap()
    }

    #[test]
    fn all_can_where_none_has_a_lesson_that_is_taught() {
        let (one, two) = (span("09:00", "09:40"), span("09:50", "10:30"));
        let mut here = Room { class: "三年级1班".into(), hours: vec![one, two], lessons: Vec::new() };
        // Monday is full; on Tuesday the first hour is a gap in mathematics; another class's lessons say nothing.
        for day in 0..5 {
            for hour in [one, two] {
                let gap = day == 1 && hour == one || day == 3 && hour == two;
                let subject = if day == 3 { "art" } else { "mathematics" };
                here.lessons.push(lesson("三年级1班", day, hour, subject, !gap));
                here.lessons.push(lesson("三年级2班", day, hour, "chinese", true));
            }
        }
        let found = slots(std::slice::from_ref(&here), 40, "mathematics", &[]);
        let at: Vec<_> = found.iter().map(|s| (s.weekday, s.span)).collect();
        assert_eq!(at, [(1, one), (3, two)], "the subject's own gap first");
        assert_eq!(found[0].has, [Has::Gap("mathematics".into())]);

        // The other school begins five minutes later: forty minutes are not common, thirty-five are.
        let late = Room {
            class: "x".into(),
            hours: vec![span("09:05", "09:45"), span("09:55", "10:35")],
            lessons: vec![lesson("x", 3, span("09:55", "10:35"), "art", true)],
        };
        assert_eq!(slots(&[here.clone(), late.clone()], 40, "mathematics", &[]), []);
        let both = slots(&[here.clone(), late.clone()], 35, "mathematics", &[]);
        assert_eq!(both.len(), 1);
        assert_eq!((both[0].weekday, both[0].span), (1, span("09:05", "09:40")));
        assert_eq!(both[0].has, [Has::Gap("mathematics".into()), Has::Free]);
        // Who teaches has something else then.
        assert_eq!(slots(&[here, late], 35, "mathematics", &[(1, one)]), []);
        assert_eq!(slots(&[], 40, "x", &[]), []);
    }
}
