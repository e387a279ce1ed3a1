//! What a nomination and a reverse posting show on their pages: the next step with all that is known, the notice, and what
//! was brought home.

use askama::Template;
use base::Subject;
use records::Kind;
use register::Look;
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site};

use crate::choose::propose;
use crate::facts::{CHOOSERS, NOMINATION, REVERSE_POSTING, REVERSE_REPORT};
use crate::nominee::{self, id};
use crate::report;

#[derive(Template)]
#[template(path = "nomination.html")]
struct NominationPart<'a> {
    s: Shell<'a>,
    id: String,
    cohort: String,
    notice: bool,
    posting: Option<String>,
    propose: Option<String>,
}

#[derive(Template)]
#[template(path = "reverse.html")]
struct ReversePart<'a> {
    s: Shell<'a>,
    id: String,
    notice: bool,
    /// Whether the reader may write what they brought home.
    own: bool,
    said: String,
    shared: bool,
    has: bool,
}

/// The part of a nomination's or a reverse posting's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    of: &Subject,
) -> Result<Option<String>, PageError> {
    if kind.name == NOMINATION.name {
        return nomination(site, request, conn, of).map(Some);
    }
    if kind.name == REVERSE_POSTING.name { reverse(site, request, conn, of) } else { Ok(None) }
}

fn nomination(site: &Site, request: &Request, conn: &Connection, of: &Subject) -> Result<String, PageError> {
    let reader = request.reader()?;
    let found = nominee::nominees(conn, reader, "n.id = ?1", of)?;
    let nominee = found.first().ok_or(PageError::NotFound)?;
    let proposes = nominee.is_chosen() && nominee.posting.is_none() && reader.is_any(CHOOSERS);
    let page = NominationPart {
        id: of.to_string(),
        cohort: nominee.cohort.to_string(),
        notice: nominee.is_chosen() || nominee.state == "reserve",
        posting: nominee.posting.map(|p| p.to_string()),
        propose: proposes.then(|| propose(conn, nominee)).transpose()?,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

fn reverse(site: &Site, request: &Request, conn: &Connection, of: &Subject) -> Result<Option<String>, PageError> {
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let (state, person, begun): (String, Option<Vec<u8>>, bool) = look
        .conn
        .prepare_cached(
            "SELECT coalesce(state, 'proposed'), person, arrived_on IS NOT NULL FROM reverse_posting WHERE id = ?1",
        )?
        .query_row([of.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let own = begun && id(person) == Some(reader.person) && reader.may_make(&REVERSE_REPORT);
    let report = report::of(conn, &reader.sees(&REVERSE_REPORT, "n"), of)?;
    let notice = !matches!(&*state, "proposed" | "declined");
    if !notice && !own && report.is_none() {
        return Ok(None);
    }
    let page = ReversePart {
        id: of.to_string(),
        notice,
        own,
        has: report.is_some(),
        shared: report.as_ref().is_some_and(|r| r.shared),
        said: report.map(|r| r.said).unwrap_or_default(),
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}
