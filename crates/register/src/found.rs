//! What files say leads to records: the index beside the log knows which words stand in which file, the tables of the
//! records whose file it is, and who may see it.

use std::io::Read;

use base::{Hash, Subject};
use records::{Kind, Reader};
use rusqlite::Connection;
use web::{Leads, PageError, Site};

/// Files that are looked at for one search, those that came last first: who finds more than that types another word.
const MOST: usize = 150;
/// Bytes of a text in which the line that is shown is looked for.
const MAX_SAID: u64 = 256 << 10;

fn leads(site: &Site, kind: &Kind) -> Option<Leads> {
    site.leads.iter().find(|l| l.kind == kind.name).copied()
}

/// SQL that gives the ids of records of a kind to which files lead; `{query}` in it is the number of the value searched.
/// None where files lead to none of this kind.
pub(crate) fn ids(site: &Site, reader: &Reader, kind: &Kind, query: usize) -> Option<String> {
    let leads = leads(site, kind)?;
    let sees = match leads.through.and_then(|(name, table)| Some((site.kinds.get(name)?, table))) {
        Some((through, table)) => reader.sees(through, table),
        None => "1".to_owned(),
    };
    Some(format!("{} {}", hit(query), leads.ids.replace("{query}", &format!("?{query}")).replace("{sees}", &sees)))
}

fn hit(query: usize) -> String {
    format!(
        "WITH hit(source) AS MATERIALIZED (SELECT f.source FROM said.words w CROSS JOIN said.file f ON f.doc = w.rowid
           WHERE w.words MATCH ?{query} ORDER BY w.rowid DESC LIMIT {MOST})"
    )
}

/// Whether the words stand in any file.
pub(crate) fn any(site: &Site, conn: &Connection, query: &str) -> Result<bool, PageError> {
    if site.leads.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM said.words w WHERE w.words MATCH ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([query], |r| r.get(0))?)
}

/// The line of a record's files in which the words stand, where its text is here.
pub(crate) fn line(
    site: &Site,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
    query: &str,
    typed: &str,
) -> Result<Option<String>, PageError> {
    let Some(leads) = leads(site, kind).filter(|l| !l.sources.is_empty()) else { return Ok(None) };
    let sql = format!(
        "SELECT f.text FROM said.file f WHERE f.source IN ({}) AND EXISTS
           (SELECT 1 FROM said.words w WHERE w.words MATCH ?2 AND w.rowid = f.doc) LIMIT 4",
        leads.sources
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let texts = stmt.query_map(rusqlite::params![id.as_bytes(), query], |r| r.get::<_, Vec<u8>>(0))?;
    for text in texts {
        let Some(hash) = Hash::try_from(text?.as_slice()).ok() else { continue };
        let Ok(Some(file)) = site.blobs.open_blob(&hash) else { continue };
        let mut bytes = Vec::new();
        if file.take(MAX_SAID).read_to_end(&mut bytes).is_err() {
            continue;
        }
        if let Some(line) = text::passage(&String::from_utf8_lossy(&bytes), typed) {
            return Ok(Some(line));
        }
    }
    Ok(None)
}
