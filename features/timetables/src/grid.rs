//! The week as it is shown: days with their cells, for a class or for a teacher.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Subject};
use jiff::ToSpan;
use register::Look;
use web::{PageError, Site, escape};

use crate::days::{self, DAYS};
use crate::facts::LESSON;
use crate::read::{self, Lesson, Period};

/// Whose week is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Class(String),
    Teacher(Subject),
}

/// A day of a week.
pub(crate) struct Day {
    /// Its column, from 1.
    pub column: usize,
    pub name: String,
    pub date: String,
    pub cells: Vec<Cell>,
}

/// A period of a day.
pub(crate) struct Cell {
    /// Its row, from 1.
    pub row: usize,
    pub period: String,
    pub hours: String,
    pub lines: Vec<Line>,
    /// Where a lesson is put in.
    pub add: Option<String>,
    /// It is the one that is being written.
    pub current: bool,
}

/// A lesson in a cell.
pub(crate) struct Line {
    pub href: Option<String>,
    pub first: String,
    pub second: String,
    pub gap: bool,
    /// Its class or its teacher has something else at the time.
    pub clash: bool,
    /// A live class that is held in it in this week.
    pub live: Option<(String, String)>,
}

/// A week.
pub(crate) struct Grid {
    pub rows: Vec<(usize, String, String)>,
    pub days: Vec<Day>,
}

/// The cell that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub weekday: usize,
    pub period: Subject,
}

/// Lessons that are at once with another of their class or their teacher.
pub(crate) fn clashes(lessons: &[Lesson]) -> BTreeSet<Subject> {
    let mut out = BTreeSet::new();
    for (i, a) in lessons.iter().enumerate() {
        for b in lessons.iter().skip(i + 1) {
            let of_one = a.class == b.class || a.teacher.is_some() && a.teacher == b.teacher;
            if of_one && a.at_once(b) {
                out.extend([a.id, b.id]);
            }
        }
    }
    out
}

/// Where a cell of a class is written.
pub(crate) fn cell_address(
    school: &Subject,
    class: &str,
    spot: Spot,
    on: Option<Date>,
    lesson: Option<Subject>,
) -> String {
    let day = DAYS.get(spot.weekday).copied().unwrap_or_default();
    let on = on.map(|d| format!("&on={d}")).unwrap_or_default();
    let lesson = lesson.map(|l| format!("&lesson={l}")).unwrap_or_default();
    format!("/timetables/{school}?class={}&day={day}&period={}{lesson}{on}", escape(class), spot.period)
}

/// What makes a week.
pub(crate) struct Made<'a> {
    pub site: &'a Site,
    pub look: &'a Look<'a>,
    pub school: read::School,
    pub periods: &'a [Period],
    /// The lessons of the school in the week.
    pub lessons: &'a [Lesson],
    pub of: &'a Of,
    pub day: Date,
    /// The day that the reader asked for.
    pub on: Option<Date>,
    pub spot: Option<Spot>,
}

impl Made<'_> {
    /// The days and cells.
    pub fn grid(&self) -> Result<Grid, PageError> {
        let mine = |l: &&Lesson| match self.of {
            Of::Class(class) => l.class == *class,
            Of::Teacher(teacher) => l.teacher == Some(*teacher),
        };
        let clashes = clashes(self.lessons);
        let lives = self.lives()?;
        let (monday, _) = days::week_of(self.day);
        // Saturday and Sunday where there is something.
        let last = self.lessons.iter().map(|l| l.weekday).chain(self.spot.map(|s| s.weekday)).max().unwrap_or(4).max(4);
        let mut out = Vec::new();
        for weekday in 0..=last {
            let date = i64::try_from(weekday).ok().and_then(|n| monday.checked_add(n.days()).ok()).unwrap_or(monday);
            let mut cells = Vec::new();
            for (row, period) in self.periods.iter().enumerate() {
                let own = self.lessons.iter().filter(mine).filter(|l| l.weekday == weekday && l.period == period.id);
                let lines = own
                    .map(|l| self.line(l, clashes.contains(&l.id), lives.get(&l.id).cloned()))
                    .collect::<Result<Vec<_>, _>>()?;
                let spot = Spot { weekday, period: period.id };
                let add = match self.of {
                    Of::Class(class) if self.school.writes && lines.is_empty() => {
                        Some(cell_address(&self.school.id, class, spot, self.on, None))
                    }
                    _ => None,
                };
                cells.push(Cell {
                    row: row + 1,
                    period: period.name.clone(),
                    hours: period.hours(),
                    lines,
                    add,
                    current: self.spot == Some(spot),
                });
            }
            let name = DAYS.get(weekday).map_or_else(String::new, |d| self.day_name(d));
            out.push(Day { column: weekday + 1, name, date: self.look.words.date(date), cells });
        }
        let rows = self.periods.iter().enumerate().map(|(i, p)| (i + 1, p.name.clone(), p.hours())).collect();
        Ok(Grid { rows, days: out })
    }

    fn day_name(&self, day: &str) -> String {
        register::label(&self.look.words, &LESSON, LESSON.field("weekday"), day)
    }

    fn line(&self, lesson: &Lesson, clash: bool, live: Option<(String, String)>) -> Result<Line, PageError> {
        let subject = register::label(&self.look.words, &LESSON, LESSON.field("subject"), &lesson.subject);
        let person = read::kind(self.site, "person")?;
        let spot = Spot { weekday: lesson.weekday, period: lesson.period };
        let second = match self.of {
            Of::Class(_) => lesson.teacher.map(|t| self.look.title(person, &t)).transpose()?.unwrap_or_default(),
            Of::Teacher(_) => lesson.class.clone(),
        };
        let href = cell_address(&self.school.id, &lesson.class, spot, self.on, Some(lesson.id));
        Ok(Line { href: Some(href), first: subject, second, gap: lesson.teacher.is_none(), clash, live })
    }

    /// Live classes of the week that are held in lessons: a room of the school, at the time, for the class.
    fn lives(&self) -> Result<BTreeMap<Subject, (String, String)>, PageError> {
        let (monday, sunday) = days::week_of(self.day);
        let mut stmt = self.look.conn.prepare_cached(
            "SELECT c.id, coalesce(c.title, ''), c.starts_on, coalesce(c.starts_at, ''), coalesce(c.minutes, 40), coalesce(r.grade, '')
             FROM live_class c JOIN class_room r ON r.class = c.id
             WHERE r.school = ?1 AND c.starts_on BETWEEN ?2 AND ?3 AND coalesce(c.state, '') <> 'cancelled'",
        )?;
        let mut rows =
            stmt.query(rusqlite::params![self.school.id.as_bytes(), monday.to_string(), sunday.to_string()])?;
        let mut out = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (day, at, grade): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(5)?);
            let (Some(id), Ok(day), Some(from)) = (read::id_in(row, 0)?, day.parse::<Date>(), days::minute(&at)) else {
                continue;
            };
            let span = days::Span { from, to: from + row.get::<_, i64>(4)? };
            let title: String = row.get(1)?;
            let there = |l: &&Lesson| {
                l.weekday == days::weekday(day)
                    && l.span.is_some_and(|s| s.meets(span))
                    && days::same_class(&grade, &l.class)
            };
            for lesson in self.lessons.iter().filter(there) {
                out.insert(lesson.id, (format!("/classes/{id}"), title.clone()));
            }
        }
        Ok(out)
    }
}
