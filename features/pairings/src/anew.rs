//! Another pairing in the place of one that does not fit: where the officer looks for it, and how the school's head is asked
//! to propose it, without a word of who wishes it or that anybody does.

use base::Subject;
use records::{Change, Role};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site, set_cookie};

use crate::facts::{PAIR_SEARCH, PAIRING, PROPOSERS};
use crate::notes::{Fits, fits, keep, refuse};
use crate::two::{Two, id};

/// Pairings that are listed.
const MOST: i64 = 200;

/// Where offers are narrowed to those in the place of a pairing.
pub(crate) fn place(pairing: &Subject) -> String {
    format!("/pairings/choice?for={pairing}")
}

/// The pairing in whose place another is looked for, where the address names one.
pub(crate) fn looked_for(conn: &Connection, request: &Request) -> Result<Option<Two>, PageError> {
    let Some(pairing) = request.query("for") else { return Ok(None) };
    let (pairing, reader): (Subject, _) = (pairing.parse().map_err(|_| PageError::NotFound)?, request.reader()?);
    if !reader.is_any(PROPOSERS) {
        return Err(PageError::NotAllowed);
    }
    register::visible(conn, reader, &PAIRING, &pairing)?;
    Two::read(conn, &pairing).map(Some)
}

/// The form of a pairing of somebody who offers and the apprentice, who keeps their school, their sort and their subject.
pub(crate) fn form(two: &Two, master: &Subject) -> String {
    let school = two.school.map(|s| format!("&school={s}")).unwrap_or_default();
    let subject = two.subject.as_ref().map(|s| format!("&subject={s}")).unwrap_or_default();
    format!("/pairings/new?kind={}&master={master}&apprentice={}{school}{subject}", two.sort, two.apprentice)
}

/// The officer asks the school's head to propose another pairing. Once is enough.
pub(crate) fn ask(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (pairing, reader) = (request.id("id")?, request.reader()?);
    let asked = site.store.read(|conn| {
        register::visible(conn, reader, &PAIRING, &pairing)?;
        let two = Two::read(conn, &pairing)?;
        if two.part(&reader.person).is_some() {
            return Err(PageError::NotAllowed);
        }
        if !two.goes_on() || fits(conn, &two)? != Some(Fits::Another) {
            return Err(refuse("pairing-not-active"));
        }
        asked(conn, &format!("p.id = {}", records::literal(&pairing)))
    })?;
    if asked.is_empty() {
        let change = Change::new().with_link("pairing", pairing).with_text("asked_on", site.today().to_string());
        keep(site, request, &PAIR_SEARCH, change)?;
    }
    Ok(Reply::ToWith("/pairings/due#wished".to_owned(), vec![set_cookie("zampa_note", "pair-done-asked", 60)]))
}

/// Pairings in whose place the head is asked to propose another, with the day; until one is proposed for the apprentice, or
/// the pairing ends. `narrowed` is a condition on the pairing `p` and the asking `f`.
pub(crate) fn asked(conn: &Connection, narrowed: &str) -> Result<Vec<(Subject, String)>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT p.id, max(f.asked_on) FROM pair_search f JOIN pairing p ON p.id = f.pairing
         WHERE p.state IN ('active', 'paused') AND ({narrowed})
           AND NOT EXISTS (SELECT 1 FROM pairing q WHERE q.apprentice = p.apprentice AND q.kind = p.kind AND q.id <> p.id
                           AND q.made > f.made AND coalesce(q.state, 'invited') <> 'declined')
         GROUP BY p.id ORDER BY 2, p.id LIMIT {MOST}"
    ))?;
    let rows = stmt.query_map([], |r| Ok((id(r.get(0)?).unwrap_or_default(), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a head is asked of it, and nobody who is one of the two.
pub(crate) fn asked_of(conn: &Connection, request: &Request) -> Result<Vec<(Subject, String)>, PageError> {
    let reader = request.reader()?;
    if !reader.is(Role::Head) {
        return Ok(Vec::new());
    }
    asked(conn, &format!("{} AND {}", reader.sees(&PAIR_SEARCH, "f"), reader.sees(&PAIRING, "p")))
}
