//! The activity of a visit, in which the host's teachers sign in. It has the visit's own scope, and its marks follow from
//! the visit: whoever was along and hands it over, at whichever node, makes the same records, so that nobody counts twice.

use std::collections::{BTreeMap, BTreeSet};

use base::{Hash, Scope, Subject};
use log::{Frontier, Tx};
use records::{Change, Value, record_scope};
use register::{Refusal, change_in, make_in, move_in, visible};
use rusqlite::{Connection, OptionalExtension, params};
use web::{PageError, Request, Site};

use crate::hand::{is_here, kind};
use crate::item::{Day, Item, Mark};

/// Letters of a person's code.
const CODE: usize = 8;

/// Who could not be signed in, or what could not be counted, with the key of why: an id or a code as the phone gave it, or
/// the key of the word for whom a count counts.
pub(crate) type Left = Vec<(String, &'static str)>;

/// The mark of something that hangs on a visit.
fn mark_of(visit: &Subject, what: &str) -> Mark {
    let hash = Hash::of(format!("{visit} {what}").as_bytes());
    (visit.made_ms(), hash.0.first_chunk::<4>().map_or(0, |four| u32::from_be_bytes(*four)))
}

struct Gathering<'a> {
    tx: &'a Tx<'a>,
    site: &'a Site,
    request: &'a Request,
    scope: Scope,
    visit: Subject,
    about: About,
    /// The activity.
    id: Subject,
    /// It takes names and counts.
    open: bool,
    /// The item has come before: nothing is added then, and who was not taken is said once more.
    again: bool,
}

/// Makes the activity of a visit if nobody has, with who signed in and who was counted. Gives what was left.
pub(crate) fn gather(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    item: &Item,
    visit: Subject,
    again: bool,
) -> Result<Left, Refusal> {
    let at = Gathering::of(tx, site, request, item, visit, again)?;
    let mut left = Left::new();
    for day in &item.days {
        at.sign_in(day, &mut left)?;
        if !again {
            at.count(day, &mut left)?;
        }
    }
    Ok(left)
}

impl<'a> Gathering<'a> {
    fn of(
        tx: &'a Tx<'a>,
        site: &'a Site,
        request: &'a Request,
        item: &Item,
        visit: Subject,
        again: bool,
    ) -> Result<Self, Refusal> {
        let scope = record_scope(tx.conn(), site.programme, kind(site, "visit")?, &visit)?;
        let (ms, chance) = mark_of(&visit, "activity");
        let id = Subject::new(&scope, ms, chance);
        let mut at = Self { tx, site, request, scope, visit, about: about(tx.conn(), &visit)?, id, open: true, again };
        if is_here(tx.conn(), &id)? {
            at.open = at.takes_names()?;
            at.widen(item)?;
        } else if let Some(there) = at.held(item)? {
            at.id = there;
        } else if again {
            // It was taken back meanwhile.
            at.open = false;
        } else {
            at.make(item)?;
        }
        Ok(at)
    }

    fn conn(&self) -> &Connection {
        self.tx.conn()
    }

    /// An activity of the visit that somebody wrote at a desk, with room for these days. One that was planned, with the names
    /// of who was to come, was held now.
    fn held(&self, item: &Item) -> Result<Option<Subject>, Refusal> {
        let sql = "SELECT id, state = 'held' FROM activity WHERE visit = ?1 AND coalesce(state, 'planned') IN ('held', 'planned')
                   AND starts_on <= ?2 AND ends_on >= ?3 ORDER BY 2 DESC, id LIMIT 1";
        let found: Option<(Vec<u8>, bool)> = self
            .conn()
            .prepare_cached(sql)?
            .query_row(params![self.visit.as_bytes(), item.starts, item.ends], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let Some((id, held)) = found.filter(|(_, held)| *held || !self.again) else { return Ok(None) };
        let id = Subject::try_from(id.as_slice()).map_err(|_| PageError::NotFound)?;
        if !held {
            let (activities, reader) = (kind(self.site, "activity")?, self.request.reader()?);
            let way = activities.way("hold").ok_or(PageError::NotFound)?;
            move_in(self.tx, self.site, reader, activities, id, way, Change::new().with_text("held_on", &item.starts))?;
        }
        Ok(Some(id))
    }

    fn make(&self, item: &Item) -> Result<(), Refusal> {
        let mut change = Change::new()
            .with_text("title", &self.about.purpose)
            .with_text("kind", &item.kind)
            .with_link("school", self.about.from)
            .with_text("place", &self.about.place)
            .with_text("starts_on", &item.starts)
            .with_text("ends_on", &item.ends)
            .with_text("held_on", &item.starts)
            .with_link("visit", self.visit);
        for visitor in &item.visitors {
            change = change.with_added("given_by", Value::link(visitor));
        }
        let (activities, mark) = (kind(self.site, "activity")?, mark_of(&self.visit, "activity"));
        make_in(self.tx, self.site, self.request, activities, change, activities.way("hold"), Some(mark))?;
        Ok(())
    }

    /// Whether nobody has put their name to the activity yet, called it off or taken it back.
    fn takes_names(&self) -> Result<bool, PageError> {
        match visible(self.conn(), self.request.reader()?, kind(self.site, "activity")?, &self.id) {
            Ok(state) => Ok(state == "held"),
            Err(PageError::NotFound) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Somebody stayed a day longer than who recorded first.
    fn widen(&self, item: &Item) -> Result<(), Refusal> {
        if !self.open || self.again {
            return Ok(());
        }
        let (starts, ends): (String, String) = self
            .conn()
            .prepare_cached("SELECT starts_on, ends_on FROM activity WHERE id = ?1")?
            .query_row([self.id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let mut change = Change::new();
        if item.starts < starts {
            change = change.with_text("starts_on", &item.starts);
        }
        if item.ends > ends {
            change = change.with_text("ends_on", &item.ends);
        }
        if change.is_empty() {
            return Ok(());
        }
        let reader = self.request.reader()?;
        change_in(self.tx, self.site, reader, kind(self.site, "activity")?, self.id, change, None)
    }

    /// Whether a record of this mark was ever here: what was taken back is not written again.
    fn had(&self, (ms, chance): Mark) -> Result<bool, PageError> {
        is_here(self.conn(), &Subject::new(&self.scope, ms, chance))
    }

    /// Who signed in on a day, by name or by code.
    fn sign_in(&self, day: &Day, left: &mut Left) -> Result<(), Refusal> {
        let (reader, persons) = (self.request.reader()?, kind(self.site, "person")?);
        let codes = if day.codes.is_empty() { BTreeMap::new() } else { codes(self.conn())? };
        let named = day.people.iter().map(|person| (person.to_string(), Some(*person)));
        let coded = day.codes.iter().map(|code| (code.clone(), codes.get(code).copied()));
        let mut seen = BTreeSet::new();
        for (who, person) in named.chain(coded) {
            // Who cannot see a person cannot sign them in.
            let Some(person) = person.filter(|p| visible(self.conn(), reader, persons, p).is_ok()) else {
                left.push((who, "pocket-no-person"));
                continue;
            };
            let mark = mark_of(&self.visit, &format!("{} {person}", day.on));
            if !seen.insert(person) || self.had(mark)? || self.is_there(&person, &day.on)? {
                continue;
            }
            if let Some(why) = self.elsewhere(&person, &day.on)? {
                left.push((who, why));
                continue;
            }
            let (listed, participations) = (self.listed(&person, &day.on)?, kind(self.site, "participation")?);
            if !self.open || self.again && listed.is_none() {
                left.push((who, "rule-sign-over"));
                continue;
            }
            if let Some(listed) = listed {
                // What comes again takes no correction back.
                if !self.again {
                    let there = Change::new().with("present", Value::Bool(true));
                    change_in(self.tx, self.site, reader, participations, listed, there, None)?;
                }
                continue;
            }
            let change = Change::new()
                .with_link("activity", self.id)
                .with_link("person", person)
                .with_text("part", "attends")
                .with_text("day", &day.on)
                .with("present", Value::Bool(true));
            make_in(self.tx, self.site, self.request, participations, change, None, Some(mark))?;
        }
        Ok(())
    }

    /// Who was counted on a day. Where somebody who was along counted otherwise, both are kept and shown to a person.
    fn count(&self, day: &Day, left: &mut Left) -> Result<(), Refusal> {
        let headcounts = kind(self.site, "headcount")?;
        for (category, number, basis) in &day.counts {
            let mark = mark_of(&self.visit, &format!("{} {category} {basis}", day.on));
            let who = || format!("word-{category}");
            if let Some((id, there, verified)) = self.counted(day, category, basis)? {
                if there == *number {
                    continue;
                }
                if verified {
                    left.push((who(), "pocket-count-stands"));
                    continue;
                }
                let change = Change::new().with("number", Value::Int(*number));
                let reader = self.request.reader()?;
                change_in(self.tx, self.site, reader, headcounts, id, change, Some(&Frontier::default()))?;
                continue;
            }
            if self.had(mark)? {
                continue;
            }
            if !self.open {
                left.push((who(), "rule-sign-over"));
                continue;
            }
            let change = Change::new()
                .with_link("activity", self.id)
                .with_text("category", category)
                .with_text("day", &day.on)
                .with("number", Value::Int(*number))
                .with_text("basis", basis);
            make_in(self.tx, self.site, self.request, headcounts, change, None, Some(mark))?;
        }
        Ok(())
    }

    /// Such a count of the visit that is here: its record, its number, whether somebody has put their name to it.
    fn counted(&self, day: &Day, category: &str, basis: &str) -> Result<Option<(Subject, i64, bool)>, PageError> {
        let sql = "SELECT h.id, h.number, h.state = 'verified' FROM headcount h JOIN activity a ON a.id = h.activity
                   WHERE a.visit = ?1 AND h.day = ?2 AND h.category = ?3 AND h.basis = ?4 ORDER BY h.id LIMIT 1";
        let found: Option<(Vec<u8>, i64, bool)> = self
            .conn()
            .prepare_cached(sql)?
            .query_row(params![self.visit.as_bytes(), day.on, category, basis], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?))
            })
            .optional()?;
        let Some((id, number, verified)) = found else { return Ok(None) };
        let id = Subject::try_from(id.as_slice()).map_err(|_| PageError::NotFound)?;
        Ok(Some((id, number, verified)))
    }

    /// Whether somebody was there by a list of this visit for the day already, whoever wrote it.
    fn is_there(&self, person: &Subject, day: &str) -> Result<bool, PageError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM participation p JOIN activity a ON a.id = p.activity
                   WHERE p.person = ?1 AND p.day = ?2 AND p.present = 1 AND a.visit = ?3
                     AND (a.id = ?4 OR p.part = 'attends' AND a.state IN ('held', 'verified')))";
        let on = params![person.as_bytes(), day, self.visit.as_bytes(), self.id.as_bytes()];
        Ok(self.conn().prepare_cached(sql)?.query_row(on, |r| r.get(0))?)
    }

    /// The record by which somebody was put on the activity's list for the day, without having been there.
    fn listed(&self, person: &Subject, day: &str) -> Result<Option<Subject>, PageError> {
        let sql = "SELECT id FROM participation WHERE activity = ?1 AND person = ?2 AND day = ?3 LIMIT 1";
        let on = params![self.id.as_bytes(), person.as_bytes(), day];
        let found: Option<Vec<u8>> = self.conn().prepare_cached(sql)?.query_row(on, |r| r.get(0)).optional()?;
        Ok(found.and_then(|id| Subject::try_from(id.as_slice()).ok()))
    }

    /// Where somebody signed in on the same day so that they cannot have signed in here: with another host, or in another
    /// record of what is this stay.
    fn elsewhere(&self, person: &Subject, day: &str) -> Result<Option<&'static str>, PageError> {
        let sql = "SELECT v.host <> ?3 FROM participation p JOIN activity a ON a.id = p.activity
                     JOIN visit v ON v.id = a.visit
                   WHERE p.person = ?1 AND p.day = ?2 AND p.part = 'attends' AND p.present = 1
                     AND (v.host <> ?3 OR v.from_school = ?4 AND v.id <> ?5) ORDER BY 1 DESC LIMIT 1";
        let About { host, from, .. } = &self.about;
        let on = params![person.as_bytes(), day, host.as_bytes(), from.as_bytes(), self.visit.as_bytes()];
        let far: Option<bool> = self.conn().prepare_cached(sql)?.query_row(on, |r| r.get(0)).optional()?;
        Ok(far.map(|far| if far { "rule-participation-two-places" } else { "rule-participation-same-stay" }))
    }
}

/// What the activity of a visit takes from it.
pub(crate) struct About {
    purpose: String,
    pub from: Subject,
    pub host: Subject,
    place: String,
}

pub(crate) fn about(conn: &Connection, visit: &Subject) -> Result<About, PageError> {
    let sql = "SELECT v.purpose, v.from_school, v.host, coalesce(h.title, '')
               FROM visit v LEFT JOIN organisation h ON h.id = v.host WHERE v.id = ?1";
    let row: (Option<String>, Vec<u8>, Vec<u8>, String) = conn
        .prepare_cached(sql)?
        .query_row([visit.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
        .optional()?
        .ok_or(PageError::NotFound)?;
    let id = |bytes: &[u8]| Subject::try_from(bytes).map_err(|_| PageError::NotFound);
    Ok(About { purpose: row.0.unwrap_or_default(), from: id(&row.1)?, host: id(&row.2)?, place: row.3 })
}

/// A person's code, by which they sign in where their name is not on the phone.
pub(crate) fn code_of(person: &Subject) -> String {
    let id = person.to_string();
    id.get(id.len().saturating_sub(CODE)..).unwrap_or_default().to_owned()
}

/// Everybody's codes. A code that two share is nobody's.
fn codes(conn: &Connection) -> Result<BTreeMap<String, Subject>, PageError> {
    let mut all = BTreeMap::new();
    let mut twice = Vec::new();
    let mut stmt = conn.prepare_cached("SELECT id FROM person")?;
    let mut rows = stmt.query([])?;
    while let Some(row) = rows.next()? {
        let id: Vec<u8> = row.get(0)?;
        let Ok(id) = Subject::try_from(id.as_slice()) else { continue };
        if all.insert(code_of(&id), id).is_some() {
            twice.push(code_of(&id));
        }
    }
    all.retain(|code, _| !twice.contains(code));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_on_a_visit_has_one_mark_of_its_own() {
        let (one, other) = (Subject([7; 16]), Subject([8; 16]));
        assert_eq!(mark_of(&one, "a"), mark_of(&one, "a"));
        assert_ne!(mark_of(&one, "a"), mark_of(&one, "b"));
        assert_ne!(mark_of(&one, "a"), mark_of(&other, "a"));
        assert_eq!(mark_of(&one, "a").0, one.made_ms());
    }
}
