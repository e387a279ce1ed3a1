//! Organisations as other systems take them, and tables as they are written.

use std::collections::BTreeMap;

use base::{Lang, Subject};
use csv::WriterBuilder;
use rusqlite::Connection;
use serde_json::Value as Json;
use web::{PageError, Site};

/// An organisation.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub names: Vec<(Lang, String)>,
    pub kind: String,
    pub parent: Option<Subject>,
    pub region: String,
}

impl Place {
    /// Its name in a language, or else its own.
    pub fn name(&self, lang: Lang) -> &str {
        let own = self.names.iter().find(|(l, _)| *l == lang).or(self.names.first());
        own.map_or("", |(_, name)| name)
    }
}

/// What a region is called in a language: a unit of no province is a region of its own.
pub(crate) fn region(places: &BTreeMap<Subject, Place>, lang: Lang, region: &str) -> String {
    let unit = || places.values().find(|p| p.names.first().is_some_and(|(_, name)| name == region));
    let said = text::region_in(lang, region).or_else(|| unit().map(|unit| unit.name(lang)));
    said.unwrap_or(region).to_owned()
}

/// A text with what it is in other languages, of which each is said once.
pub(crate) fn in_languages(text: &str, others: &str) -> Vec<(Lang, String)> {
    let others: BTreeMap<String, Json> = serde_json::from_str(others).unwrap_or_default();
    let mut out = vec![(Lang::of_text(text), text.to_owned())];
    for lang in Lang::ALL {
        let said = others.get(lang.code()).and_then(Json::as_str);
        if let Some(said) = said.filter(|s| !s.is_empty() && out.iter().all(|(l, _)| *l != lang)) {
            out.push((lang, said.to_owned()));
        }
    }
    out
}

/// The organisations that were not merged into others.
pub(crate) fn places(conn: &Connection) -> Result<BTreeMap<Subject, Place>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, coalesce(name, ''), coalesce(names, ''), coalesce(kind, ''), parent, coalesce(region, place, '')
         FROM organisation WHERE coalesce(state, '') <> 'merged' AND name IS NOT NULL ORDER BY id",
    )?;
    let mut rows = stmt.query([])?;
    let mut out = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (name, names): (String, String) = (row.get(1)?, row.get(2)?);
        let place =
            Place { names: in_languages(&name, &names), kind: row.get(3)?, parent: id(row, 4)?, region: row.get(5)? };
        out.extend(id(row, 0)?.map(|id| (id, place)));
    }
    Ok(out)
}

/// An id in a column, where there is one.
pub(crate) fn id(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<Subject>, PageError> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    Ok(bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()))
}

/// A table as systems read it (RFC 4180): every cell as it is.
pub(crate) fn table<'a, R: AsRef<[String]> + 'a>(rows: impl IntoIterator<Item = &'a R>) -> Result<Vec<u8>, PageError> {
    let broken = |e: csv::Error| PageError::Internal(e.to_string());
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.as_ref()).map_err(broken)?;
    }
    writer.into_inner().map_err(|e| PageError::Internal(e.to_string()))
}

/// That the rows are invented, where they are: in English, for systems.
pub(crate) fn invented(site: &Site) -> Option<String> {
    site.demonstration.then(|| site.words(Lang::En, None).get("demonstration-strip").into_owned())
}
