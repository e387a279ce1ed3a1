//! What this room shows on the pages of its records: of a partnership and a commitment what arrived, of a need who carried it.

use askama::Template;
use base::Subject;
use records::Kind;
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Shell, Site};

use crate::facts::{COMMITMENT, NEED, PARTNERSHIP};
use crate::years::{self, Periods};

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    s: Shell<'a>,
    href: String,
}

#[derive(Template)]
#[template(path = "need.html")]
struct Carried<'a> {
    s: Shell<'a>,
    href: Option<String>,
    periods: Vec<(String, String)>,
}

/// The part of a record's page.
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
    let signed = if kind.name == PARTNERSHIP.name {
        "SELECT id FROM partnership WHERE id = ?1 AND signed_on IS NOT NULL"
    } else if kind.name == COMMITMENT.name {
        "SELECT p.id FROM commitment c JOIN partnership p ON p.id = c.partnership
         WHERE c.id = ?1 AND p.signed_on IS NOT NULL"
    } else if kind.name == NEED.name {
        return need(site, request, conn, of);
    } else {
        return Ok(None);
    };
    let found: Option<Vec<u8>> = conn.prepare_cached(signed)?.query_row([of.as_bytes()], |r| r.get(0)).optional()?;
    let Some(deal) = found.and_then(|b| Subject::try_from(b.as_slice()).ok()) else { return Ok(None) };
    let place = if kind.name == COMMITMENT.name { format!("#c-{of}") } else { String::new() };
    Ok(Some(Account { href: format!("/promises/{deal}{place}"), s: Shell::new(site, request, "") }.render()?))
}

fn need(site: &Site, request: &Request, conn: &Connection, of: &Subject) -> Result<Option<String>, PageError> {
    let look = Look::new(site, request, conn);
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let periods: Periods = years::periods(site, conn, of)?;
    let shown = periods.iter().map(|(from, to, who)| {
        let to = to.map_or_else(|| look.words.get("years-goes-on").into_owned(), |d| look.words.date(d));
        let who = who.as_ref().map(|w| look.title(person, w)).transpose()?.unwrap_or_default();
        Ok::<_, PageError>((who, format!("{} – {to}", look.words.date(*from))))
    });
    let periods = shown.collect::<Result<Vec<_>, _>>()?;
    let line: Option<(Option<Vec<u8>>, Option<String>)> = conn
        .prepare_cached(
            "SELECT CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END, n.subject
             FROM need n JOIN organisation s ON s.id = n.school WHERE n.id = ?1",
        )?
        .query_row([of.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (school, subject) = line.unwrap_or_default();
    let school = school.and_then(|b| Subject::try_from(b.as_slice()).ok());
    let href = school.zip(subject).map(|(school, subject)| format!("/needs/years?school={school}&subject={subject}"));
    if href.is_none() && periods.is_empty() {
        return Ok(None);
    }
    Ok(Some(Carried { href, periods, s: Shell::new(site, request, "") }.render()?))
}
