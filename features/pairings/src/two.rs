//! A pairing as its pages need it: who the two are, and which of them reads.

use base::Subject;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Site};

use crate::facts::PAIRING;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Master,
    Apprentice,
}

/// A pairing.
#[derive(Clone, Debug)]
pub(crate) struct Two {
    pub id: Subject,
    pub state: String,
    pub sort: String,
    pub master: Subject,
    pub apprentice: Subject,
    pub school: Option<Subject>,
    pub subject: Option<String>,
    pub goals: Option<String>,
    pub observes: Option<i64>,
    pub attends: Option<i64>,
    pub months: Option<i64>,
    pub master_signed_on: Option<String>,
    pub apprentice_signed_on: Option<String>,
    pub active_from: Option<String>,
    pub ended_on: Option<String>,
    pub handed_to: Option<Subject>,
    pub online: bool,
}

/// An id that a column holds.
pub(crate) fn id(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

impl Two {
    /// Reads one.
    pub fn read(conn: &Connection, which: &Subject) -> Result<Self, PageError> {
        conn.prepare_cached(
            "SELECT coalesce(state, 'invited'), coalesce(kind, ''), master, apprentice, school, subject, goals, observes,
                    attends, months, master_signed_on, apprentice_signed_on, active_from, ended_on, handed_to,
                    coalesce(online, 0)
             FROM pairing WHERE id = ?1",
        )?
        .query_row([which.as_bytes()], |r| {
            Ok(Self {
                id: *which,
                state: r.get(0)?,
                sort: r.get(1)?,
                master: id(r.get(2)?).unwrap_or_default(),
                apprentice: id(r.get(3)?).unwrap_or_default(),
                school: id(r.get(4)?),
                subject: r.get(5)?,
                goals: r.get(6)?,
                observes: r.get(7)?,
                attends: r.get(8)?,
                months: r.get(9)?,
                master_signed_on: r.get(10)?,
                apprentice_signed_on: r.get(11)?,
                active_from: r.get(12)?,
                ended_on: r.get(13)?,
                handed_to: id(r.get(14)?),
                online: r.get(15)?,
            })
        })
        .optional()?
        .ok_or(PageError::NotFound)
    }

    /// The pairing of the address, for one of the two and nobody else, with which of them reads.
    pub fn of(site: &Site, request: &Request) -> Result<(Self, Part), PageError> {
        let (id, reader) = (request.id("id")?, request.reader()?);
        site.store.read(|conn| {
            register::visible(conn, reader, &PAIRING, &id)?;
            let two = Self::read(conn, &id)?;
            let part = two.part(&reader.person).ok_or(PageError::NotAllowed)?;
            Ok((two, part))
        })
    }

    /// Which of the two a person is. The node itself, which has no person, is neither.
    pub fn part(&self, person: &Subject) -> Option<Part> {
        match person {
            nobody if *nobody == Subject::default() => None,
            master if *master == self.master => Some(Part::Master),
            apprentice if *apprentice == self.apprentice => Some(Part::Apprentice),
            _ => None,
        }
    }

    /// One of them.
    pub fn who(&self, part: Part) -> Subject {
        match part {
            Part::Master => self.master,
            Part::Apprentice => self.apprentice,
        }
    }

    /// When one of them signed, as the pairing holds it.
    pub fn signed_on(&self, part: Part) -> Option<&str> {
        match part {
            Part::Master => self.master_signed_on.as_deref(),
            Part::Apprentice => self.apprentice_signed_on.as_deref(),
        }
    }

    /// Whether the two are at work.
    pub fn goes_on(&self) -> bool {
        matches!(&*self.state, "active" | "paused")
    }

    /// Whether the agreement can be signed.
    pub fn is_open(&self) -> bool {
        matches!(&*self.state, "invited" | "signed" | "active" | "paused")
    }
}
