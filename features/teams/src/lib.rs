//! Teaching studios, research teams and associations: who belongs, what a term was to bring and brought, and lessons that are
//! taught again until they are good.

mod cycle;
mod facts;
mod team;

pub use facts::KINDS;

use base::{Lang, Subject};
use records::Kind;
use rusqlite::Connection;
use web::{PageError, Request, Site};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "teams", include_str!("../words/zh.ftl")),
    (Lang::Bo, "teams", include_str!("../words/bo.ftl")),
    (Lang::En, "teams", include_str!("../words/en.ftl")),
];

/// The part of a team's or a cycle's page.
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
    if kind.name == facts::TEAM.name {
        return Ok(Some(team::part(site, request, conn, id)?));
    }
    if kind.name == facts::RESEARCH_CYCLE.name { Ok(Some(cycle::part(site, request, conn, id)?)) } else { Ok(None) }
}

/// An id that a column holds.
fn id_in(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}
