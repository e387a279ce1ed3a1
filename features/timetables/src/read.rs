//! What is known of a school's timetable: its periods, its lessons, its people.

use std::collections::BTreeSet;

use base::{Date, Subject};
use records::{Homes, Kind, Reader, school_of};
use register::Look;
use rusqlite::{Connection, OptionalExtension, Row};
use web::{PageError, Site};

use crate::days::{self, Span};
use crate::facts::{LESSON, PERIOD};

/// Schools that have timetables.
pub(crate) const SCHOOLS: &str = "('supported_school', 'outlying_school')";

/// One of a school's bell times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub id: Subject,
    pub position: i64,
    pub name: String,
    pub starts: String,
    pub ends: String,
}

impl Period {
    /// When it is, where its hours make sense.
    pub fn span(&self) -> Option<Span> {
        Span::of(&self.starts, &self.ends)
    }

    /// Its hours as they are shown.
    pub fn hours(&self) -> String {
        format!("{}–{}", self.starts, self.ends)
    }
}

/// A lesson of a week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lesson {
    pub id: Subject,
    pub school: Subject,
    pub class: String,
    /// From Monday, 0.
    pub weekday: usize,
    pub period: Subject,
    pub subject: String,
    pub teacher: Option<Subject>,
    pub starts_on: Date,
    pub ends_on: Date,
    /// When it is, where its period is known here.
    pub span: Option<Span>,
}

impl Lesson {
    /// Whether it is held in some week between two days.
    pub fn within(&self, from: Date, to: Date) -> bool {
        self.starts_on <= to && from <= self.ends_on
    }

    /// Whether two are on one weekday, in one period or at one time, in some week.
    pub fn at_once(&self, other: &Self) -> bool {
        let time = self.period == other.period || self.span.zip(other.span).is_some_and(|(a, b)| a.meets(b));
        self.id != other.id && self.weekday == other.weekday && time && self.within(other.starts_on, other.ends_on)
    }
}

/// An id in a column.
pub(crate) fn id_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Subject>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    Ok(bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()))
}

/// A kind of another room.
pub(crate) fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

/// A school whose timetable a reader may see, where the reader may also write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct School {
    pub id: Subject,
    pub writes: bool,
}

/// The school at an address.
///
/// # Errors
/// [`PageError::NotFound`] where it is none, or of no concern to the reader.
pub(crate) fn school(site: &Site, conn: &Connection, reader: &Reader, id: &Subject) -> Result<School, PageError> {
    let organisation = kind(site, "organisation")?;
    let sql = format!(
        "SELECT 1 FROM organisation o WHERE o.id = ?1 AND o.kind IN {SCHOOLS} AND {}",
        reader.sees(organisation, "o")
    );
    conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |_| Ok(())).optional()?.ok_or(PageError::NotFound)?;
    let home = school_of(conn, id)?;
    let sees = match reader.homes(&LESSON) {
        Homes::All => true,
        Homes::Of(schools) => home.is_none_or(|home| schools.contains(&home)),
    };
    if !sees {
        return Err(PageError::NotFound);
    }
    let concerned: BTreeSet<Subject> = home.into_iter().chain([*id]).collect();
    Ok(School { id: *id, writes: reader.reaches(LESSON.access.write, &concerned) })
}

/// A school's periods in their order, as far as a reader sees them.
pub(crate) fn periods(conn: &Connection, reader: &Reader, school: &Subject) -> Result<Vec<Period>, PageError> {
    let sql = format!(
        "SELECT id, position, coalesce(name, ''), coalesce(starts_at, ''), coalesce(ends_at, '') FROM period p
         WHERE school = ?1 AND {} ORDER BY starts_at, position, id",
        reader.sees(&PERIOD, "p")
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt.query_map([school.as_bytes()], |r| {
        Ok(Period {
            id: id_in(r, 0)?.unwrap_or_default(),
            position: r.get(1)?,
            name: r.get(2)?,
            starts: r.get(3)?,
            ends: r.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lessons for which a condition over `l` holds, as far as a reader sees them, in the order of classes, days and hours.
pub(crate) fn lessons(
    conn: &Connection,
    reader: &Reader,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<Lesson>, PageError> {
    let sql = format!(
        "SELECT l.id, l.school, l.class, l.weekday, l.period, coalesce(l.subject, ''), l.teacher, l.starts_on, l.ends_on,
                coalesce(p.starts_at, ''), coalesce(p.ends_at, '')
         FROM timetable_lesson l LEFT JOIN period p ON p.id = l.period
         WHERE {condition} AND l.class IS NOT NULL AND {}",
        reader.sees(&LESSON, "l")
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut rows = stmt.query(params)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (day, from, to): (String, String, String) = (r.get(3)?, r.get(7)?, r.get(8)?);
        let (Some(id), Some(school), Some(period)) = (id_in(r, 0)?, id_in(r, 1)?, id_in(r, 4)?) else { continue };
        let (Some(weekday), Ok(starts_on), Ok(ends_on)) = (days::place(&day), from.parse(), to.parse()) else {
            continue;
        };
        let (starts, ends): (String, String) = (r.get(9)?, r.get(10)?);
        out.push(Lesson {
            id,
            school,
            class: r.get(2)?,
            weekday,
            period,
            subject: r.get(5)?,
            teacher: id_in(r, 6)?,
            starts_on,
            ends_on,
            span: Span::of(&starts, &ends),
        });
    }
    out.sort_by(|a, b| {
        let key = |l: &Lesson| (days::grade_of(&l.class), l.class.clone(), l.weekday, l.span, l.id);
        key(a).cmp(&key(b))
    });
    Ok(out)
}

/// The lessons of a school.
pub(crate) fn of_school(conn: &Connection, reader: &Reader, school: &Subject) -> Result<Vec<Lesson>, PageError> {
    lessons(conn, reader, "l.school = ?1", [school.as_bytes()])
}

/// Classes in the order of their grades.
pub(crate) fn classes<'a>(lessons: impl Iterator<Item = &'a Lesson>) -> Vec<String> {
    let all: BTreeSet<(Option<i64>, &str)> = lessons.map(|l| (days::grade_of(&l.class), l.class.as_str())).collect();
    all.into_iter().map(|(_, class)| class.to_owned()).collect()
}

/// The people who teach at a school: its own, and those who are posted to it now. Pupils and devices are none.
pub(crate) fn teachers(
    look: &Look<'_>,
    site: &Site,
    reader: &Reader,
    school: &Subject,
) -> Result<Vec<(Subject, String)>, PageError> {
    let person = kind(site, "person")?;
    let sql = format!(
        "SELECT t.id FROM person t WHERE {} AND coalesce(t.state, '') <> 'archived' AND t.name IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = t.id AND g.role IN ('pupil', 'device'))
           AND (t.school = ?1 OR t.id IN (SELECT person FROM posting WHERE school = ?1 AND state IN ('accepted', 'arrived'))
             OR t.id IN (SELECT teacher FROM timetable_lesson WHERE school = ?1))
         ORDER BY t.title_key, t.id",
        reader.sees(person, "t")
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let ids = stmt.query_map([school.as_bytes()], |r| id_in(r, 0))?.collect::<Result<Vec<_>, _>>()?;
    ids.into_iter().flatten().map(|id| Ok((id, look.title(person, &id)?))).collect()
}

/// The first and the last day that a new lesson is for: those of the lessons that go on, or else the term.
pub(crate) fn default_days(lessons: &[Lesson], today: Date) -> (Date, Date) {
    let Some(ends) = lessons.iter().map(|l| l.ends_on).filter(|d| *d >= today).max() else { return days::term(today) };
    let starts = lessons.iter().filter(|l| l.ends_on == ends).map(|l| l.starts_on).min();
    (starts.unwrap_or(today), ends)
}

/// The day whose week is shown: the one that was asked for, or the nearest to today that has lessons.
pub(crate) fn shown_day(asked: Option<Date>, lessons: &[Lesson], today: Date) -> Date {
    let (first, last) = (lessons.iter().map(|l| l.starts_on).min(), lessons.iter().map(|l| l.ends_on).max());
    match (asked, first, last) {
        (Some(day), ..) => day,
        (None, Some(first), Some(last)) => today.max(first).min(last.max(first)),
        _ => today,
    }
}
