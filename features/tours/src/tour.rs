//! A tour as the commands and pages of this room need it, and who may do what with it.

use std::collections::BTreeSet;

use base::{Scope, Subject};
use log::Tx;
use records::{Change, Kind, Reader, Value, append, record_scope};
use rusqlite::{Connection, OptionalExtension, Row, params};
use web::{PageError, Request, Site};

use crate::facts::{HEAD, STUDY_TOUR};

/// Pupils to one adult, where the programme says nothing else.
const PUPILS_PER_ADULT: i64 = 8;
/// A count of pupils below this is not told outside their school.
const FEW: i64 = 5;

/// A tour.
#[derive(Clone, Debug)]
pub(crate) struct Tour {
    pub id: Subject,
    pub title: String,
    /// The school whose node holds its pupils: the one that sends, or to which that belongs.
    pub school: Subject,
    pub starts: String,
    pub ends: String,
    pub state: String,
    /// Which pupils go, as the school's node last said.
    pub pupils: i64,
    pub mark: Vec<u8>,
    pub left_on: String,
    /// Its last day, as far as both tiers have approved it: who moves its end opens nothing for longer by that alone.
    pub until: String,
}

/// An id in a row.
pub(crate) fn id_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Subject> {
    let bytes: Option<Vec<u8>> = row.get(at)?;
    Ok(bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default())
}

/// A text in a row.
pub(crate) fn text_at(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(at)?.unwrap_or_default())
}

impl Tour {
    /// Reads one that is here.
    pub fn read(conn: &Connection, id: &Subject) -> Result<Self, PageError> {
        let sql = "SELECT title, coalesce(home, school), starts_on, ends_on, coalesce(state, 'draft'), coalesce(pupils, 0), pupils_mark, left_on,
                     (SELECT min(t.ends_on, coalesce(min(substr(a.dates, 12)), t.ends_on)) FROM tour_approval a
                      WHERE a.tour = t.id AND t.state = 'under_way' AND a.verdict = 'approved' AND NOT EXISTS
                        (SELECT 1 FROM tour_approval b WHERE b.tour = a.tour AND b.tier = a.tier
                           AND b.verdict = 'approved' AND (b.made, b.id) > (a.made, a.id)))
                   FROM study_tour t WHERE id = ?1";
        conn.prepare_cached(sql)?
            .query_row([id.as_bytes()], |r| {
                Ok(Self {
                    id: *id,
                    title: text_at(r, 0)?,
                    school: id_at(r, 1)?,
                    starts: text_at(r, 2)?,
                    ends: text_at(r, 3)?,
                    state: r.get(4)?,
                    pupils: r.get(5)?,
                    mark: r.get::<_, Option<Vec<u8>>>(6)?.unwrap_or_default(),
                    left_on: text_at(r, 7)?,
                    until: text_at(r, 8)?,
                })
            })
            .optional()?
            .ok_or(PageError::NotFound)
    }

    /// A tour of which this node may know no more than its pupils' contacts.
    pub fn gone(id: Subject, school: Subject) -> Self {
        let empty = String::new;
        Self {
            id,
            school,
            title: empty(),
            starts: empty(),
            ends: empty(),
            state: empty(),
            pupils: 0,
            mark: Vec::new(),
            left_on: empty(),
            until: empty(),
        }
    }

    /// The tour of the address, if the reader sees it.
    pub fn of(conn: &Connection, request: &Request) -> Result<Self, PageError> {
        let id = request.id("id")?;
        register::visible(conn, request.reader()?, &STUDY_TOUR, &id)?;
        Self::read(conn, &id)
    }

    /// Whether the reader heads its school.
    pub fn is_head(&self, reader: &Reader) -> bool {
        reader.reaches(HEAD, &BTreeSet::from([self.school]))
    }

    /// Who leads it.
    pub fn leader(&self, conn: &Connection) -> Result<Option<Subject>, PageError> {
        let sql = "SELECT person FROM tour_adult WHERE tour = ?1 AND part = 'leader' ORDER BY id LIMIT 1";
        Ok(conn.prepare_cached(sql)?.query_row([self.id.as_bytes()], |r| id_at(r, 0)).optional()?)
    }

    /// Whether a person goes along as an adult.
    pub fn is_adult(&self, conn: &Connection, person: &Subject) -> Result<bool, PageError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tour_adult WHERE tour = ?1 AND person = ?2)";
        Ok(conn.prepare_cached(sql)?.query_row(params![self.id.as_bytes(), person.as_bytes()], |r| r.get(0))?)
    }

    /// Whether this is the node of its school, where its pupils' names lie.
    pub fn is_home(&self, site: &Site, conn: &Connection) -> Result<bool, PageError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM node WHERE node_id = ?1 AND school = ?2
                     AND coalesce(state, 'enrolled') = 'enrolled')";
        let own = site.store.key().id();
        Ok(conn.prepare_cached(sql)?.query_row(params![own.as_bytes(), self.school.as_bytes()], |r| r.get(0))?)
    }

    /// Whether the reader is one of those who see its pupils: the head of their school, and the tour's adults who are of
    /// that school.
    pub fn sees_pupils(&self, conn: &Connection, reader: &Reader) -> Result<bool, PageError> {
        let of_school = reader.schools().contains(&self.school);
        Ok(of_school && (self.is_head(reader) || self.is_adult(conn, &reader.person)?))
    }

    /// The tour of the address, for one who sees its pupils, at the node where they are.
    pub fn with_pupils(site: &Site, conn: &Connection, request: &Request) -> Result<Self, PageError> {
        let tour = Self::of(conn, request)?;
        if !tour.sees_pupils(conn, request.reader()?)? {
            return Err(PageError::NotAllowed);
        }
        if tour.is_home(site, conn)? { Ok(tour) } else { Err(PageError::Rule("tour-at-school".to_owned())) }
    }

    /// The scope of what the school's node alone holds.
    pub fn private(&self) -> Scope {
        Scope::Private(self.school)
    }

    /// Adults who go along.
    pub fn adults(&self, conn: &Connection) -> Result<i64, PageError> {
        let sql = "SELECT count(DISTINCT person) FROM tour_adult WHERE tour = ?1";
        Ok(conn.prepare_cached(sql)?.query_row([self.id.as_bytes()], |r| r.get(0))?)
    }

    /// Its days, as an approval notes them.
    pub fn dates(&self) -> String {
        format!("{} {}", self.starts, self.ends)
    }

    /// A number of its pupils as it is told at this node: outside their school no number below five.
    pub fn told(home: bool, words: &text::Words<'_>, n: i64) -> String {
        if !home && (1..FEW).contains(&n) { format!("<{FEW}") } else { words.number(n) }
    }

    /// Adds to what is known of it.
    pub fn change(&self, tx: &Tx<'_>, site: &Site, change: Change) -> Result<(), PageError> {
        let scope = record_scope(tx.conn(), site.programme, &STUDY_TOUR, &self.id)?;
        append(tx, &STUDY_TOUR, scope, self.id, change, None)?;
        Ok(records::check(tx, &STUDY_TOUR, &self.id)?)
    }

    /// Makes a record that lies where the tour does.
    pub fn add(&self, tx: &Tx<'_>, site: &Site, kind: &Kind, change: Change) -> Result<Subject, PageError> {
        let scope = record_scope(tx.conn(), site.programme, &STUDY_TOUR, &self.id)?;
        let id = tx.subject(&scope);
        append(tx, kind, scope, id, change.with_link("tour", self.id), None)?;
        records::check(tx, kind, &id)?;
        Ok(id)
    }

    /// Makes a record of what the school's node alone holds.
    pub fn hold(&self, tx: &Tx<'_>, kind: &Kind, change: Change) -> Result<Subject, PageError> {
        let id = tx.subject(&self.private());
        self.hold_as(tx, kind, id, change)?;
        Ok(id)
    }

    /// The same under an id that is given, or a further fact about it.
    pub fn hold_as(&self, tx: &Tx<'_>, kind: &Kind, id: Subject, change: Change) -> Result<(), PageError> {
        append(tx, kind, self.private(), id, change.with_link("school", self.school), None)?;
        Ok(records::check(tx, kind, &id)?)
    }
}

/// How many pupils one adult may answer for, as the programme says.
pub(crate) fn pupils_per_adult(conn: &Connection) -> Result<i64, PageError> {
    let sql = "SELECT pupils_per_adult FROM programme WHERE pupils_per_adult IS NOT NULL LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([], |r| r.get(0)).optional()?.unwrap_or(PUPILS_PER_ADULT))
}

/// How many adults so many pupils need.
pub(crate) fn adults_for(pupils: i64, per_adult: i64) -> i64 {
    (pupils + per_adult - 1) / per_adult.max(1)
}

/// A change of state.
pub(crate) fn into_state(state: &str) -> Change {
    Change::new().with(records::STATE, Value::text(state))
}

#[cfg(test)]
mod tests {
    use super::adults_for;

    #[test]
    fn a_part_of_a_group_needs_an_adult_too() {
        assert_eq!([0, 1, 8, 9, 16, 17].map(|n| adults_for(n, 8)), [0, 1, 1, 2, 2, 3]);
    }
}
