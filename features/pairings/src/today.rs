//! What of pairings waits for a reader: an agreement to sign, somebody who leaves, whether it fits; for the head and the
//! office no more than that something is to be decided.

use base::Subject;
use records::{Role, literal};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Request, Site, TodayItem};

use crate::agreement::Signatures;
use crate::anew;
use crate::choice;
use crate::facts::{PAIR_WISH, PAIRING, PROPOSERS};
use crate::handover;
use crate::notes;
use crate::two::{Two, id};

/// Before what only waits: what has an end, or a person who waits.
const FIRST: i64 = i64::MIN + 1;
/// Pairings of one person that are looked at.
const MOST: i64 = 40;

fn item(icon: &'static str, title: String, detail: String, href: String, order: i64) -> TodayItem {
    TodayItem { part: "waits", icon, title, detail, href, order, when: String::new() }
}

/// The items of Today that come of pairings.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.opens(&PAIRING) {
        return Ok(Vec::new());
    }
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sees = reader.sees(&PAIRING, "p");
        let mut items = own(site, &look, conn, reader.person, &sees)?;
        let today = site.today().to_string();
        if reader.is_any(PROPOSERS) {
            let n = i64::try_from(handover::due(conn, &today, &sees)?.len()).unwrap_or(0);
            if n > 0 {
                let said = look.words.with("pair-due-count", &[("n", n.into())]);
                items.push(item("handshake", said, String::new(), "/pairings/due".to_owned(), FIRST + 1));
            }
            let n = i64::try_from(handover::unfollowed(conn, &today, &sees)?.len()).unwrap_or(0);
            if n > 0 {
                let said = look.words.with("pair-follow-count", &[("n", n.into())]);
                items.push(item("handshake", said, String::new(), "/pairings/due#unfollowed".to_owned(), FIRST + 1));
            }
            let n = i64::try_from(anew::asked_of(conn, request)?.len()).unwrap_or(0);
            if n > 0 {
                let said = look.words.with("pair-asked-count", &[("n", n.into())]);
                items.push(item("rotate-cw", said, String::new(), "/pairings/due#asked".to_owned(), FIRST + 1));
            }
            let wishes = choice::open_wishes(conn, &reader.sees(&PAIR_WISH, "w"))?;
            if wishes > 0 {
                let said = look.words.with("pair-wishes-count", &[("n", wishes.into())]);
                items.push(item("hand-helping", said, String::new(), "/pairings/choice".to_owned(), FIRST + 2));
            }
        }
        if reader.is(Role::Officer) {
            let n = i64::try_from(handover::wished(conn, &sees, &reader.person)?.len()).unwrap_or(0);
            if n > 0 {
                let said = look.words.with("pair-wished-count", &[("n", n.into())]);
                items.push(item("rotate-cw", said, String::new(), "/pairings/due#wished".to_owned(), FIRST + 1));
            }
        }
        Ok(items)
    })
}

/// What a person's own pairings ask.
fn own(site: &Site, look: &Look<'_>, conn: &Connection, me: Subject, sees: &str) -> Result<Vec<TodayItem>, PageError> {
    let mut stmt = conn.prepare_cached(&format!(
        "SELECT id, changed FROM pairing WHERE ?1 IN (master, apprentice)
         AND state IN ('invited', 'signed', 'active', 'paused') ORDER BY changed DESC LIMIT {MOST}"
    ))?;
    let rows = stmt.query_map([me.as_bytes()], |r| Ok((id(r.get(0)?).unwrap_or_default(), r.get::<_, i64>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let narrowed = format!("{} IN (p.master, p.apprentice)", literal(&me));
    let due = handover::due(conn, &site.today().to_string(), &narrowed)?;
    let mut items = Vec::new();
    for pairing in handover::unfollowed(conn, &site.today().to_string(), &narrowed)? {
        let said = look.words.get("pair-follow-title").into_owned();
        items.push(item("handshake", said, look.title(&PAIRING, &pairing)?, format!("/pairings/{pairing}"), FIRST));
    }
    // Who takes one on is told, and what was handed on waits for them as for the two.
    let taken_on = format!("p.handed_to = {} AND ({sees})", literal(&me));
    for pairing in handover::unfollowed(conn, &site.today().to_string(), &taken_on)? {
        let said = look.words.get("pair-today-taken-on").into_owned();
        items.push(item("handshake", said, look.title(&PAIRING, &pairing)?, format!("/pairings/{pairing}"), FIRST));
    }
    for (pairing, changed) in rows {
        let two = Two::read(conn, &pairing)?;
        let Some(part) = two.part(&me) else { continue };
        let href = format!("/pairings/{pairing}");
        let title = || look.title(&PAIRING, &pairing);
        let say = |key: &str| look.words.get(key).into_owned();
        if Signatures::of(conn, &two)?.lacks(part) {
            items.push(item("pencil", say("pair-today-sign"), title()?, href.clone(), -changed));
        }
        if let Some(due) = due.iter().find(|d| d.pairing == pairing) {
            let detail = handover::said(site, look, due)?;
            items.push(item("handshake", say("pair-today-due"), detail, format!("{href}#pair-due"), FIRST));
        }
        let asks = two.state == "active"
            && notes::fit_of(conn, &two, part)?.is_none()
            && notes::count(conn, &two, "session", "")? > 0;
        if asks {
            items.push(item("check", say("pair-today-fit"), title()?, format!("{href}#pair-fit"), -changed));
        }
    }
    Ok(items)
}
