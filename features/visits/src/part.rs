//! What a visit and a trip show on their pages: the advice that was given there last, before all else, and the hosts on
//! the way.

use askama::Template;
use base::Subject;
use records::Kind;
use register::Look;
use rusqlite::{Connection, OptionalExtension, Row};
use web::{PageError, Request, Shell, Site};

use crate::facts::{TRIP, VISIT};

/// Advice that a visit left.
struct Last {
    id: String,
    day: String,
    advice: String,
    follow_up: String,
}

#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPart<'a> {
    s: Shell<'a>,
    last: Option<Last>,
}

struct Stop {
    id: String,
    host: String,
    day: String,
    asked: String,
    state: String,
    last: Option<Last>,
}

#[derive(Template)]
#[template(path = "trip.html")]
struct TripPart<'a> {
    s: Shell<'a>,
    id: String,
    from: String,
    starts: String,
    adds: bool,
    stops: Vec<Stop>,
}

/// The part of a visit's or a trip's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
) -> Result<Option<String>, PageError> {
    let look = Look::new(site, request, conn);
    if kind.name == VISIT.name {
        let last = before(&look, request, id)?;
        return Ok(Some(VisitPart { last, s: Shell::new(site, request, "") }.render()?));
    }
    if kind.name == TRIP.name { Ok(Some(trip(site, request, &look, id)?)) } else { Ok(None) }
}

fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(at)?.unwrap_or_default())
}

fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<Subject> {
    Ok(Subject::try_from(row.get::<_, Vec<u8>>(at)?.as_slice()).unwrap_or_default())
}

fn day(look: &Look<'_>, date: &str) -> String {
    date.parse().map(|day| look.words.date(day)).unwrap_or_default()
}

/// The advice of the visit to the same host before this one.
fn before(look: &Look<'_>, request: &Request, visit: &Subject) -> Result<Option<Last>, PageError> {
    let sees = request.reader()?.sees(&VISIT, "v");
    let sql = format!(
        "SELECT v.id, v.held_on, v.advice, v.follow_up FROM visit v, visit this
         WHERE this.id = ?1 AND v.host = this.host AND v.id <> this.id AND v.state IN ('held', 'followed_up')
           AND v.advice IS NOT NULL AND v.held_on <= coalesce(this.held_on, this.starts_on) AND {sees}
         ORDER BY v.held_on DESC, v.id DESC LIMIT 1"
    );
    let found = look
        .conn
        .prepare(&sql)?
        .query_row([visit.as_bytes()], |r| Ok((id(r, 0)?, text(r, 1)?, text(r, 2)?, text(r, 3)?)))
        .optional()?;
    let last = |(id, held, advice, follow_up): (Subject, String, String, String)| Last {
        id: id.to_string(),
        day: day(look, &held),
        advice,
        follow_up,
    };
    Ok(found.map(last))
}

fn trip(site: &Site, request: &Request, look: &Look<'_>, trip: &Subject) -> Result<String, PageError> {
    let reader = request.reader()?;
    let sees = reader.sees(&VISIT, "v");
    let sql = format!(
        "SELECT v.id, h.title, v.starts_on, v.asked, coalesce(v.state, 'planned') FROM visit v
         LEFT JOIN organisation h ON h.id = v.host WHERE v.trip = ?1 AND {sees} ORDER BY v.starts_on, v.id LIMIT 100"
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([trip.as_bytes()])?;
    let mut stops = Vec::new();
    while let Some(row) = rows.next()? {
        let visit = id(row, 0)?;
        stops.push(Stop {
            id: visit.to_string(),
            host: text(row, 1)?,
            day: day(look, &text(row, 2)?),
            asked: text(row, 3)?,
            state: look.words.get(&format!("state-{}", text(row, 4)?)).into_owned(),
            last: before(look, request, &visit)?,
        });
    }
    let (from, starts, state): (Vec<u8>, String, String) = look
        .conn
        .prepare_cached("SELECT from_school, starts_on, coalesce(state, 'planned') FROM trip WHERE id = ?1")?
        .query_row([trip.as_bytes()], |r| Ok((r.get(0)?, text(r, 1)?, r.get(2)?)))?;
    let page = TripPart {
        id: trip.to_string(),
        from: Subject::try_from(from.as_slice()).unwrap_or_default().to_string(),
        starts,
        adds: state == "planned" && reader.may_make(&VISIT),
        stops,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}
