//! What a pairing's page shows of observations, to its two people alone.

use askama::Template;
use base::Subject;
use records::{Kind, literal};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Shell, Site};

use crate::instruments::title;
use crate::page::{of_reader, state};
use crate::two::id;

struct Line {
    href: String,
    said: String,
    state: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "pairing_observations.html")]
struct PairingPart<'a> {
    s: Shell<'a>,
    other: String,
    asks: bool,
    shared: bool,
    lines: Vec<Line>,
}

/// Lines that a pairing shows.
const SHOWN: usize = 8;

/// The part of a pairing's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    which: &Subject,
) -> Result<Option<String>, PageError> {
    if kind.name != "pairing" {
        return Ok(None);
    }
    let me = request.reader()?.person;
    let found = conn
        .prepare_cached("SELECT master, apprentice, coalesce(state, '') FROM pairing WHERE id = ?1")?
        .query_row([which.as_bytes()], |r| Ok((id(r.get(0)?), id(r.get(1)?), r.get::<_, String>(2)?)))
        .optional()?;
    let Some((Some(master), Some(apprentice), pairing)) = found else { return Ok(None) };
    if me == Subject::default() || (me != master && me != apprentice) {
        return Ok(None);
    }
    let other = if me == master { apprentice } else { master };
    let look = Look::new(site, request, conn);
    let all = of_reader(conn, &me, &format!("{} IN (o.teacher, o.observer)", literal(&other)))?;
    let asks = pairing == "active";
    if all.is_empty() && !asks {
        return Ok(None);
    }
    let page = PairingPart {
        other: other.to_string(),
        asks,
        shared: all.iter().any(crate::two::Two::is_shared),
        lines: all
            .iter()
            .take(SHOWN)
            .map(|two| Line {
                href: format!("/observations/{}", two.id),
                said: format!(
                    "{} · {}",
                    look.date(two.held_on.as_ref().unwrap_or(&two.day)),
                    title(&look, &two.instrument)
                ),
                state: state(&look, two),
                tone: register::tone(&two.state),
            })
            .collect(),
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}
