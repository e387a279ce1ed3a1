//! Whom to call for a pupil. It is sealed as it is written, under a key that only this node can make again; from the day of
//! leaving until the day after the end the tour's leader opens it, and each opening is a fact that the school's head sees;
//! when the tour is over it is destroyed. What sealing protects from is said in [`crate::sealed`].

use base::{Date, Subject};
use jiff::ToSpan;
use log::{Context, Tx, erase_draft};
use records::{Change, Value};
use rusqlite::{Connection, OptionalExtension, params};
use web::{PageError, Site};

use crate::held::{TOUR_CONTACT, TOUR_OPENING};
use crate::sealed::About;
use crate::tour::{Tour, id_at};

/// Letters of a contact.
pub(crate) const MOST: usize = 200;
/// Days after the end on which contacts that nobody closed are destroyed.
const KEPT_DAYS: i64 = 14;

/// Of which contact a sealed text is.
fn about(tour: &Subject, pupil: &Subject) -> About {
    About { label: "zampa tour contacts 1", under: *tour, of: *pupil }
}

/// The record of a pupil's contact that is not destroyed.
fn record(conn: &Connection, tour: &Subject, pupil: &Subject) -> Result<Option<Subject>, PageError> {
    let sql = "SELECT id FROM tour_contact WHERE tour = ?1 AND pupil = ?2 AND erased = 0 ORDER BY id LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row(params![tour.as_bytes(), pupil.as_bytes()], |r| id_at(r, 0)).optional()?)
}

/// Whether there is one.
pub(crate) fn is_there(conn: &Connection, tour: &Subject, pupil: &Subject) -> Result<bool, PageError> {
    Ok(record(conn, tour, pupil)?.is_some())
}

/// Keeps one; the one before is destroyed.
pub(crate) fn keep(tx: &Tx<'_>, site: &Site, tour: &Tour, pupil: Subject, text: &str) -> Result<(), PageError> {
    if let Some(before) = record(tx.conn(), &tour.id, &pupil)? {
        erase(tx, tour, before)?;
    }
    let change = Change::new()
        .with_link("tour", tour.id)
        .with_link("pupil", pupil)
        .with("sealed", Value::Bytes(about(&tour.id, &pupil).seal(site, text)?));
    tour.hold(tx, &TOUR_CONTACT, change).map(|_| ())
}

fn erase(tx: &Tx<'_>, tour: &Tour, contact: Subject) -> Result<(), PageError> {
    tx.append(&erase_draft(tour.private(), contact, &[&TOUR_CONTACT.identity()])?)?;
    Ok(tx.fold()?)
}

/// Destroys a pupil's contact.
pub(crate) fn erase_of(tx: &Tx<'_>, tour: &Tour, pupil: &Subject) -> Result<(), PageError> {
    record(tx.conn(), &tour.id, pupil)?.map_or(Ok(()), |contact| erase(tx, tour, contact))
}

/// Destroys all contacts of a tour.
pub(crate) fn erase_all(tx: &Tx<'_>, tour: &Tour) -> Result<(), PageError> {
    let all = tx
        .conn()
        .prepare_cached("SELECT id FROM tour_contact WHERE tour = ?1 AND erased = 0")?
        .query_map([tour.id.as_bytes()], |r| id_at(r, 0))?
        .collect::<Result<Vec<_>, _>>()?;
    all.into_iter().try_for_each(|contact| erase(tx, tour, contact))
}

/// The day after a date.
pub(crate) fn day_after(date: &str) -> String {
    date.parse::<Date>().ok().and_then(|d| d.tomorrow().ok()).map_or_else(|| date.to_owned(), |d| d.to_string())
}

/// Whether contacts are released on a day: on the way, until the day after the end that both tiers approved.
pub(crate) fn released(tour: &Tour, today: &str) -> bool {
    tour.state == "under_way" && *tour.left_on <= *today && *today <= *day_after(&tour.until)
}

/// What somebody opened.
#[derive(Clone, Copy)]
pub(crate) struct Opening {
    pub person: Subject,
    /// None: of all.
    pub pupil: Option<Subject>,
    pub what: &'static str,
}

/// Notes that somebody looked. `at` is the date and the time of the day.
pub(crate) fn note(
    tx: &Tx<'_>,
    tour: &Tour,
    opening: Opening,
    (date, time): (&str, &str),
    id: Option<Subject>,
) -> Result<(), PageError> {
    let mut change = Change::new()
        .with_link("tour", tour.id)
        .with_link("person", opening.person)
        .with_text("what", opening.what)
        .with_text("opened_on", date)
        .with_text("opened_at", time);
    if let Some(pupil) = opening.pupil {
        change = change.with_link("pupil", pupil);
    }
    tour.hold_as(tx, &TOUR_OPENING, id.unwrap_or_else(|| tx.subject(&tour.private())), change)
}

/// Whether that was noted on this day already.
pub(crate) fn was_noted(conn: &Connection, tour: &Tour, opening: Opening, date: &str) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tour_opening
                 WHERE tour = ?1 AND person = ?2 AND what = ?3 AND opened_on = ?4 AND pupil IS ?5)";
    let pupil = opening.pupil.map(|p| p.as_bytes().to_vec());
    let args = params![tour.id.as_bytes(), opening.person.as_bytes(), opening.what, date, pupil];
    Ok(conn.prepare_cached(sql)?.query_row(args, |r| r.get(0))?)
}

/// Opens a pupil's contact for the leader, while contacts are released. The fact that it was opened is written first.
pub(crate) fn open_one(
    tx: &Tx<'_>,
    site: &Site,
    tour: &Tour,
    opening: Opening,
    now: (&str, &str),
) -> Result<Option<String>, PageError> {
    let Some(pupil) = opening.pupil else { return Ok(None) };
    if tour.leader(tx.conn())? != Some(opening.person) {
        return Err(PageError::NotAllowed);
    }
    if !released(tour, now.0) {
        return Err(PageError::Rule("tour-not-released".to_owned()));
    }
    note(tx, tour, opening, now, None)?;
    read(tx.conn(), site, tour, &pupil)
}

/// A contact as it was written.
pub(crate) fn read(conn: &Connection, site: &Site, tour: &Tour, pupil: &Subject) -> Result<Option<String>, PageError> {
    let sql = "SELECT sealed FROM tour_contact WHERE tour = ?1 AND pupil = ?2 AND erased = 0 ORDER BY id LIMIT 1";
    let sealed: Option<Option<Vec<u8>>> =
        conn.prepare_cached(sql)?.query_row(params![tour.id.as_bytes(), pupil.as_bytes()], |r| r.get(0)).optional()?;
    sealed.flatten().map_or(Ok(None), |sealed| about(&tour.id, pupil).open(site, &sealed))
}

/// Destroys the contacts of tours that are over: closed or cancelled at any node, withdrawn, or ended two weeks ago and
/// closed by nobody. Gives how many tours that were.
///
/// # Errors
/// What the database says.
pub fn tidy(site: &Site) -> Result<usize, PageError> {
    let limit = site.today().checked_sub(KEPT_DAYS.days()).map(|d| d.to_string()).unwrap_or_default();
    let sql = "SELECT DISTINCT tour, school FROM tour_contact WHERE erased = 0";
    let over = site.store.read(|conn| {
        let mut stmt = conn.prepare_cached(sql)?;
        let kept = stmt.query_map([], |r| Ok((id_at(r, 0)?, id_at(r, 1)?)))?.collect::<Result<Vec<_>, _>>()?;
        let mut over = Vec::new();
        for (id, school) in kept {
            match Tour::read(conn, &id) {
                Ok(tour) if !matches!(&*tour.state, "closed" | "cancelled") && tour.until >= limit => {}
                Ok(_) | Err(PageError::NotFound) => over.push((id, school)),
                Err(e) => return Err(e),
            }
        }
        Ok::<_, PageError>(over)
    })?;
    for (id, school) in &over {
        let tour = Tour::gone(*id, *school);
        site.store.write(Context::NODE, |tx| erase_all(tx, &tour))?;
    }
    Ok(over.len())
}
