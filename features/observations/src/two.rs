//! An observation as its pages need it: who the two are, and which of them reads.

use base::Subject;
use rusqlite::{Connection, OptionalExtension, Row};
use web::{PageError, Request, Site};

use crate::facts::OBSERVATION;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Teacher,
    Observer,
}

impl Part {
    pub fn code(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Observer => "observer",
        }
    }

    /// The field that says to which step this one has agreed.
    pub fn agrees(self) -> &'static str {
        match self {
            Self::Teacher => "teacher_agrees",
            Self::Observer => "observer_agrees",
        }
    }
}

/// An observation.
#[derive(Clone, Debug)]
pub(crate) struct Two {
    pub id: Subject,
    pub state: String,
    pub teacher: Subject,
    pub observer: Subject,
    pub asked_by: Subject,
    pub day: String,
    pub instrument: String,
    pub subject: Option<String>,
    pub held_on: Option<String>,
    pub teacher_agrees: Option<Subject>,
    pub observer_agrees: Option<Subject>,
}

/// The columns that [`Two::of_row`] reads.
pub(crate) const COLUMNS: &str = "o.id, coalesce(o.state, 'asked'), o.teacher, o.observer, o.asked_by, \
     coalesce(o.day, ''), coalesce(o.instrument, ''), o.subject, o.held_on, o.teacher_agrees, o.observer_agrees";

/// An id that a column holds.
pub(crate) fn id(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

impl Two {
    /// Reads one of [`COLUMNS`].
    pub fn of_row(r: &Row<'_>) -> rusqlite::Result<Self> {
        let mut two = Self {
            id: id(r.get(0)?).unwrap_or_default(),
            state: r.get(1)?,
            teacher: id(r.get(2)?).unwrap_or_default(),
            observer: id(r.get(3)?).unwrap_or_default(),
            asked_by: id(r.get(4)?).unwrap_or_default(),
            day: r.get(5)?,
            instrument: r.get(6)?,
            subject: r.get(7)?,
            held_on: r.get(8)?,
            teacher_agrees: id(r.get(9)?),
            observer_agrees: id(r.get(10)?),
        };
        // Where the two have agreed at two nodes apart, neither could say so for both.
        if two.state == "shared" && two.teacher_agrees.is_some() && two.teacher_agrees == two.observer_agrees {
            "discussed".clone_into(&mut two.state);
        }
        Ok(two)
    }

    /// Reads one.
    pub fn read(conn: &Connection, which: &Subject) -> Result<Self, PageError> {
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM observation o WHERE o.id = ?1"))?
            .query_row([which.as_bytes()], Self::of_row)
            .optional()?
            .ok_or(PageError::NotFound)
    }

    /// The observation of the address, for one of the two; to anybody else it is not there.
    pub fn of(site: &Site, request: &Request) -> Result<(Self, Part), PageError> {
        site.store.read(|conn| Self::in_conn(conn, request, &request.id("id")?))
    }

    /// Likewise, as part of something larger.
    pub fn in_conn(conn: &Connection, request: &Request, which: &Subject) -> Result<(Self, Part), PageError> {
        let reader = request.reader()?;
        register::visible(conn, reader, &OBSERVATION, which)?;
        let two = Self::read(conn, which)?;
        let part = two.part(&reader.person).ok_or(PageError::NotFound)?;
        Ok((two, part))
    }

    /// Which of the two a person is. The node itself, which has no person, is neither.
    pub fn part(&self, person: &Subject) -> Option<Part> {
        match person {
            nobody if *nobody == Subject::default() => None,
            teacher if *teacher == self.teacher => Some(Part::Teacher),
            observer if *observer == self.observer => Some(Part::Observer),
            _ => None,
        }
    }

    /// The other of the two.
    pub fn other(&self, part: Part) -> Subject {
        match part {
            Part::Teacher => self.observer,
            Part::Observer => self.teacher,
        }
    }

    /// Whether the teacher may read it.
    pub fn is_shared(&self) -> bool {
        matches!(&*self.state, "shared" | "discussed")
    }
}
