//! What files say leads to records: the index beside the log knows which words stand in which file, the tables of the
//! records whose file it is, and who may see it.

use std::collections::BTreeSet;
use std::io::Read;

use base::{Hash, Subject};
use records::{Kind, Reader};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::{Leads, PageError, Site};

use crate::look::id_at;

/// Records to which files lead in one search, those whose files came last first: who finds more than that types another
/// word. Only records that the reader may see count, so that nobody misses one for the sake of others.
const MOST: usize = 50;
/// Bytes of a text in which the line that is shown is looked for.
const MAX_SAID: u64 = 256 << 10;

fn leads(site: &Site, kind: &Kind) -> Option<Leads> {
    site.leads.iter().find(|l| l.kind == kind.name).copied()
}

/// Records of a kind to which the files lead in which the words stand, of those that fit: a condition on `t` whose
/// values are numbered, and `?{query}` the words. The index is walked file by file until enough are found.
pub(crate) fn records(
    site: &Site,
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    fits: &str,
    values: &[Value],
    query: usize,
) -> Result<Vec<Subject>, PageError> {
    let Some(leads) = leads(site, kind) else { return Ok(Vec::new()) };
    let through = leads.through.and_then(|(name, table)| Some((site.kinds.get(name)?, table)));
    let through = through.map_or_else(|| "1".to_owned(), |(through, table)| reader.sees(through, table));
    let sql = format!(
        "SELECT t.id FROM said.words w CROSS JOIN said.file f ON f.doc = w.rowid {}
         WHERE w.words MATCH ?{query} AND ({fits}) AND ({through}) ORDER BY w.rowid DESC",
        leads.way
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut rows = stmt.query(params_from_iter(values))?;
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        let id = id_at(row, 0)?;
        if seen.insert(id) {
            out.push(id);
        }
        if out.len() == MOST {
            break;
        }
    }
    Ok(out)
}

/// Records as one value: SQL has their ids of it by [`AMONG`].
pub(crate) fn list(ids: &[Subject]) -> Value {
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{}\"", hex(id))).collect();
    Value::Text(format!("[{}]", ids.join(",")))
}

fn hex(id: &Subject) -> String {
    id.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}

/// SQL that gives the ids of a [`list`], which is the value that follows.
pub(crate) const AMONG: &str = "SELECT unhex(value) FROM json_each";

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
