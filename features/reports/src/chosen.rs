//! Which cohort and which time a report is of.

use base::{Date, SCHOOL_YEAR_BEGINS, Subject, school_year};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Site};

use crate::counts::{Every, Span};

/// The month with whose first day a school year's second term begins.
const SECOND_TERM: i8 = 2;

/// A term of a school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Autumn,
    Spring,
}

impl Term {
    pub const ALL: [Self; 2] = [Self::Autumn, Self::Spring];
    pub fn code(self) -> &'static str {
        match self {
            Self::Autumn => "autumn",
            Self::Spring => "spring",
        }
    }
    pub fn key(self) -> &'static str {
        match self {
            Self::Autumn => "report-autumn",
            Self::Spring => "report-spring",
        }
    }

    /// Its first day, and its last.
    pub fn days(self, year: i16) -> Option<(Date, Date)> {
        let first = |year, month| Date::new(year, month, 1).ok();
        let before = |day: Date| day.yesterday().ok();
        match self {
            Self::Autumn => Some((first(year, SCHOOL_YEAR_BEGINS)?, before(first(year + 1, SECOND_TERM)?)?)),
            Self::Spring => Some((first(year + 1, SECOND_TERM)?, before(first(year + 1, SCHOOL_YEAR_BEGINS)?)?)),
        }
    }
}

/// A school year as it is called: 2025–26.
pub(crate) fn called(year: i16) -> String {
    format!("{year}–{:02}", (year + 1).rem_euclid(100))
}

/// What the reader chose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chosen {
    pub cohort: Option<Subject>,
    pub year: Option<i16>,
    pub term: Option<Term>,
    pub every: Every,
}

impl Chosen {
    /// What an address says. A term without a year is none.
    pub fn of(request: &Request) -> Result<Self, PageError> {
        let said = |name| request.query(name).filter(|v| !v.is_empty());
        let year = match said("year") {
            None => None,
            Some(year) => Some(year.parse().ok().filter(|y| (1900..2200).contains(y)).ok_or(PageError::NotFound)?),
        };
        let term = match said("term").filter(|_| year.is_some()) {
            None => None,
            Some(code) => Some(Term::ALL.into_iter().find(|t| t.code() == code).ok_or(PageError::NotFound)?),
        };
        Ok(Self {
            cohort: said("cohort").map(|c| c.parse().map_err(|_| PageError::NotFound)).transpose()?,
            year,
            term,
            every: match said("every") {
                Some("quarter") => Every::Quarter,
                Some("year") => Every::Year,
                _ => Every::Month,
            },
        })
    }

    /// As an address says it.
    pub fn query(&self) -> String {
        let every = match self.every {
            Every::Quarter => Some("quarter".to_owned()),
            Every::Year => Some("year".to_owned()),
            Every::Month | Every::Whole => None,
        };
        let parts = [
            ("cohort", self.cohort.map(|c| c.to_string())),
            ("year", self.year.map(|y| y.to_string())),
            ("term", self.term.map(|t| t.code().to_owned())),
            ("every", every),
        ];
        let said: Vec<String> = parts.into_iter().filter_map(|(name, v)| v.map(|v| format!("{name}={v}"))).collect();
        if said.is_empty() { String::new() } else { format!("?{}", said.join("&")) }
    }

    /// As the rules take it.
    pub fn span(&self) -> Span {
        let days = self.days();
        Span { cohort: self.cohort, from: days.map(|d| d.0), to: days.map(|d| d.1) }
    }

    /// Its first day, and its last; none where all time is meant.
    pub fn days(&self) -> Option<(Date, Date)> {
        let year = self.year?;
        match self.term {
            Some(term) => term.days(year),
            None => Some((Term::Autumn.days(year)?.0, Term::Spring.days(year)?.1)),
        }
    }

    /// The days in so many letters, where what counts must end by today: all time begins with the first cohort.
    pub fn told(&self, site: &Site, conn: &Connection) -> Result<(Date, Date), PageError> {
        let today = site.today();
        if let Some((from, to)) = self.days() {
            return Ok((from, to.min(today).max(from)));
        }
        let sql = "SELECT min(opens_on) FROM cohort WHERE ?1 IS NULL OR id = ?1";
        let first: Option<Option<String>> =
            conn.query_row(sql, [self.cohort.as_ref().map(Subject::as_bytes)], |r| r.get(0)).optional()?;
        let first = first.flatten().and_then(|d| d.parse::<Date>().ok()).filter(|d| *d < today);
        Ok((first.unwrap_or(today), today))
    }
}

/// The school years that anything can be of, the latest first.
pub(crate) fn years(site: &Site, conn: &Connection) -> Result<Vec<i16>, PageError> {
    let (first, today) = Chosen::default().told(site, conn)?;
    Ok((school_year(first)..=school_year(today)).rev().collect())
}
