//! Who somebody is in a class: its teacher, an adult who answers for a room, or a guest.

use base::{Hash, Subject};
use records::Reader;
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Site};

use crate::facts::{LIVE_CLASS, MEETINGS};

/// A class, as far as it must be known to hold it.
pub(crate) struct About {
    pub title: String,
    pub state: String,
    /// It is a meeting of teachers.
    pub meeting: bool,
    pub origin: Option<Subject>,
    pub teacher: Option<Subject>,
    pub co_teacher: Option<Subject>,
    /// Where the co-teacher is, if not with the teacher.
    pub co_origin: Option<Subject>,
    pub byline: String,
    pub course: Option<Subject>,
    pub recorded: bool,
    /// How long it is planned to be.
    pub minutes: u64,
    pub rooms: Vec<Room>,
}

/// A room of a class; its number is its place in the list, from 1: 0 is where the teacher is.
pub(crate) struct Room {
    pub id: Subject,
    pub school: Subject,
    pub person: Subject,
    pub byline: String,
    /// Of what it was noted that it is there: see `ready`.
    pub ready_for: Option<Hash>,
    /// What was recorded of its voice was taken back.
    pub unheard: bool,
}

/// Who somebody is in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Teacher,
    Co,
    /// Answers for this room.
    Adult(u16),
    Guest,
}

impl Part {
    /// The word by which pages know it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Co => "co",
            Self::Adult(_) => "adult",
            Self::Guest => "guest",
        }
    }

    /// The room's number.
    pub fn room(self) -> u16 {
        if let Self::Adult(room) = self { room } else { 0 }
    }
}

impl About {
    /// Who teaches, as the reader is told it.
    ///
    /// # Errors
    /// What the database says.
    pub fn taught_by(&self, look: &Look<'_>) -> Result<String, PageError> {
        match &self.teacher {
            Some(teacher) => register::byline_now(look, teacher, &self.byline),
            None => Ok(self.byline.clone()),
        }
    }

    /// Reads a class.
    ///
    /// # Errors
    /// [`PageError::NotFound`] where there is none.
    pub fn read(conn: &Connection, class: &Subject) -> Result<Self, PageError> {
        let sql = "SELECT coalesce(title, ''), coalesce(state, ''), origin, teacher, co_teacher, coalesce(byline, ''),
                   course, coalesce(recorded, 0), coalesce(minutes, 0), coalesce(kind, ''),
                   co_origin FROM live_class WHERE id = ?1";
        let found = conn
            .prepare_cached(sql)?
            .query_row([class.as_bytes()], |r| {
                Ok(Self {
                    title: r.get(0)?,
                    state: r.get(1)?,
                    origin: subject(r.get(2)?),
                    teacher: subject(r.get(3)?),
                    co_teacher: subject(r.get(4)?),
                    byline: r.get(5)?,
                    course: subject(r.get(6)?),
                    recorded: r.get(7)?,
                    minutes: r.get::<_, i64>(8)?.unsigned_abs(),
                    co_origin: subject(r.get(10)?),
                    meeting: MEETINGS.contains(&&*r.get::<_, String>(9)?),
                    rooms: Vec::new(),
                })
            })
            .optional()?;
        let mut about = found.ok_or(PageError::NotFound)?;
        about.rooms = rooms(conn, class)?;
        Ok(about)
    }

    /// The rooms in the order of their numbers.
    pub fn ids(&self) -> Vec<Subject> {
        self.rooms.iter().map(|r| r.id).collect()
    }

    /// A room by its number.
    pub fn room(&self, n: u16) -> Option<&Room> {
        usize::from(n).checked_sub(1).and_then(|n| self.rooms.get(n))
    }

    /// Who leads it.
    pub fn leads(&self) -> Vec<Subject> {
        self.teacher.into_iter().chain(self.co_teacher).collect()
    }

    /// Who a person is in this class.
    pub fn part(&self, person: &Subject) -> Part {
        if self.teacher.as_ref() == Some(person) {
            return Part::Teacher;
        }
        if self.co_teacher.as_ref() == Some(person) {
            return Part::Co;
        }
        let at = self.rooms.iter().position(|r| r.person == *person);
        at.and_then(|n| u16::try_from(n + 1).ok()).map_or(Part::Guest, Part::Adult)
    }
}

/// Whether somebody with these roles sees a class.
pub(crate) fn may_see(site: &Site, reader: &Reader, class: &Subject) -> bool {
    let is_visible = || site.store.read(|conn| register::visible(conn, reader, &LIVE_CLASS, class)).is_ok();
    reader.may_read(&LIVE_CLASS) && is_visible()
}

/// Rooms in short, as a page is given them: how many, and a digest of which.
pub(crate) fn mark(rooms: &[Subject]) -> String {
    let ids: Vec<u8> = rooms.iter().flat_map(|id| id.0).collect();
    let digest: String = Hash::of(&ids).to_string().chars().take(16).collect();
    format!("{}-{digest}", rooms.len())
}

/// Whether rooms begin with those of a mark: then who has only these numbers them alike.
pub(crate) fn begins_with(rooms: &[Subject], marked: &str) -> bool {
    let many = marked.split_once('-').and_then(|(n, _)| n.parse().ok());
    many.and_then(|n: usize| rooms.get(..n)).is_some_and(|rooms| mark(rooms) == marked)
}

/// The rooms of a class, in an order that every node gives them: by the time of their making.
fn rooms(conn: &Connection, class: &Subject) -> Result<Vec<Room>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, school, person, coalesce(byline, ''), ready_for,
           EXISTS (SELECT 1 FROM class_record d WHERE d.room = class_room.id AND d.withdrawn = 1) FROM class_room
         WHERE class = ?1 ORDER BY made, id",
    )?;
    let rows = stmt.query_map([class.as_bytes()], |r| {
        Ok(Room {
            id: subject(r.get(0)?).unwrap_or_default(),
            school: subject(r.get(1)?).unwrap_or_default(),
            person: subject(r.get(2)?).unwrap_or_default(),
            byline: r.get(3)?,
            ready_for: r.get::<_, Option<Vec<u8>>>(4)?.and_then(|b| Hash::try_from(b.as_slice()).ok()),
            unheard: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn subject(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}
