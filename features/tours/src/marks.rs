//! Of what an approval is: a mark of each thing that was approved, so that what has changed since can be named. The marks of
//! route and pupils are hashes: an approval lies at the hub too, and tells nothing there of who goes.

use base::Hash;
use rusqlite::Connection;
use web::PageError;

use crate::tour::{Tour, text_at};

/// What is approved, by the columns of an approval. Those of [`FIRST`] every approval has; the others came later, and an
/// approval without them holds for the first alone.
pub(crate) const WHAT: [&str; 7] = ["dates", "route", "pupils", "host", "plan", "risks", "adults"];
/// How many of them every approval has.
pub(crate) const FIRST: usize = 3;

/// The marks of a tour as it is, in the order of [`WHAT`].
pub(crate) fn marks(conn: &Connection, tour: &Tour) -> Result<[Vec<u8>; 7], PageError> {
    let of = |sql: &str| lines(conn, tour, sql);
    Ok([
        tour.dates().into_bytes(),
        // What an adult on the way or a time of leaving is does not make another way of it.
        of("SELECT day, from_place, to_place, how FROM tour_leg WHERE tour = ?1
            ORDER BY day, leaves_at, from_place, to_place, id")?,
        tour.mark.clone(),
        of("SELECT hex(host) FROM study_tour WHERE id = ?1")?,
        of("SELECT purpose, plan FROM study_tour WHERE id = ?1")?,
        of("SELECT what, measure, hex(who) FROM tour_risk WHERE tour = ?1 ORDER BY what, measure, id")?,
        of("SELECT hex(person), part FROM tour_adult WHERE tour = ?1 ORDER BY hex(person), part, id")?,
    ])
}

/// The hash of the rows of a query about a tour.
fn lines(conn: &Connection, tour: &Tour, sql: &str) -> Result<Vec<u8>, PageError> {
    let mut stmt = conn.prepare_cached(sql)?;
    let columns = stmt.column_count();
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut said = String::new();
    while let Some(row) = rows.next()? {
        for at in 0..columns {
            said.push_str(&text_at(row, at)?);
            said.push('\n');
        }
    }
    Ok(Hash::of(said.as_bytes()).0.to_vec())
}
