//! What files say leads to records: the index beside the log knows which words stand in which file, the tables of the
//! records whose file it is, and who may see it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use base::{Hash, Subject};
use records::{Kind, Reader};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::{Leads, PageError, Site};

use crate::look::id_at;

/// Files in a row that lead only to records which were found before, after which a search through files stops: it does
/// not walk a whole library to find nothing. Files of records that the reader may not see do not count, so that nobody
/// misses a record for the sake of others.
const AGAIN: usize = 2000;
/// Bytes of a text in which the line that is shown is looked for.
const MAX_SAID: u64 = 256 << 10;

fn leads(site: &Site, kind: &Kind) -> Option<Leads> {
    site.leads.iter().find(|l| l.kind == kind.name).copied()
}

/// The records of a kind to which files lead, those whose files came last first.
#[derive(Debug, Default)]
pub(crate) struct Led {
    pub ids: Vec<Subject>,
    /// Whether there may be more.
    pub more: bool,
}

/// Records of a kind to which the files lead in which the words stand, and no more than `most`: those that fit (a
/// condition on `t` whose values are numbered, `?{query}` the words) and are not `known`. The index is walked file by
/// file, and what a reader may see is asked of each record once.
pub(crate) fn records(
    site: &Site,
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    fits: &Fits<'_>,
    known: BTreeSet<Subject>,
    most: usize,
) -> Result<Led, PageError> {
    let Some(leads) = leads(site, kind) else { return Ok(Led::default()) };
    let through = leads.through.and_then(|(name, table)| Some((site.kinds.get(name)?, table)));
    let way = through.map_or("t.id".to_owned(), |(_, table)| format!("{table}.id"));
    let mut files = conn.prepare_cached(&format!(
        "SELECT t.id, {way} FROM said.words w CROSS JOIN said.file f ON f.doc = w.rowid {}
         WHERE w.words MATCH ?1 ORDER BY w.rowid DESC",
        leads.way
    ))?;
    let id = fits.values.len() + 1;
    let mut fit = conn.prepare(&format!("SELECT 1 FROM {} t WHERE t.id = ?{id} AND ({})", kind.name, fits.sql))?;
    let mut passes = through
        .map(|(through, _)| {
            let sees = reader.sees(through, "t");
            conn.prepare(&format!("SELECT 1 FROM {} t WHERE t.id = ?1 AND ({sees})", through.name))
        })
        .transpose()?;
    let mut rows = files.query([fits.query])?;
    let (mut led, mut found, mut unfit, mut again) = (Led::default(), known, BTreeSet::new(), 0);
    while let Some(row) = rows.next()? {
        let (id, way) = (id_at(row, 0)?, id_at(row, 1)?);
        if found.contains(&id) {
            again += 1;
        } else if !unfit.contains(&id) && passes.as_mut().map_or(Ok(true), |p| p.exists([way.as_bytes()]))? {
            let values = fits.values.iter().cloned().chain([Value::Blob(id.0.to_vec())]);
            if !fit.exists(params_from_iter(values))? {
                unfit.insert(id);
                continue;
            }
            if led.ids.len() == most {
                led.more = true;
                break;
            }
            found.insert(id);
            led.ids.push(id);
            again = 0;
        }
        if again == AGAIN {
            led.more = true;
            break;
        }
    }
    Ok(led)
}

/// What a record must be to be found.
pub(crate) struct Fits<'a> {
    /// A condition on `t`.
    pub sql: &'a str,
    /// The values that it numbers.
    pub values: &'a [Value],
    /// The words, as the index asks for them.
    pub query: &'a str,
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

/// The lines of records' files in which the words stand, where their texts are here.
pub(crate) fn lines(
    site: &Site,
    conn: &Connection,
    kind: &Kind,
    ids: &[Subject],
    query: &str,
    typed: &str,
) -> Result<BTreeMap<Subject, String>, PageError> {
    let Some(leads) = leads(site, kind).filter(|l| !l.sources.is_empty()) else { return Ok(BTreeMap::new()) };
    let mut stmt =
        conn.prepare_cached(&format!("SELECT f.doc, f.text FROM said.file f WHERE f.source IN ({})", leads.sources))?;
    let mut texts: Vec<(Subject, i64, Hash)> = Vec::new();
    for id in ids {
        let rows = stmt.query_map([id.as_bytes()], |r| Ok((r.get(0)?, r.get::<_, Vec<u8>>(1)?)))?;
        for row in rows {
            let (doc, text): (i64, Vec<u8>) = row?;
            texts.extend(Hash::try_from(text.as_slice()).ok().map(|text| (*id, doc, text)));
        }
    }
    // The words are looked up once for all of them: for a word's beginning, that alone costs most.
    let docs = || texts.iter().map(|(_, doc, _)| *doc);
    let (Some(first), Some(last)) = (docs().min(), docs().max()) else { return Ok(BTreeMap::new()) };
    let wanted: BTreeSet<i64> = docs().collect();
    let mut stmt = conn.prepare_cached(
        "SELECT w.rowid FROM said.words w WHERE w.words MATCH ?1 AND w.rowid >= ?2 AND w.rowid <= ?3",
    )?;
    let mut rows = stmt.query(rusqlite::params![query, first, last])?;
    let mut have = BTreeSet::new();
    while let Some(row) = rows.next()? {
        have.extend(Some(row.get::<_, i64>(0)?).filter(|doc| wanted.contains(doc)));
    }
    let mut out = BTreeMap::new();
    for (id, doc, text) in &texts {
        if out.contains_key(id) || !have.contains(doc) {
            continue;
        }
        let Ok(Some(file)) = site.blobs.open_blob(text) else { continue };
        let mut bytes = Vec::new();
        if file.take(MAX_SAID).read_to_end(&mut bytes).is_err() {
            continue;
        }
        out.extend(text::passage(&String::from_utf8_lossy(&bytes), typed).map(|line| (*id, line)));
    }
    Ok(out)
}
