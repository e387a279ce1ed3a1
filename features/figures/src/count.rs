//! Counting: rows of evidence by a rule, narrowed by dimensions; the number and the hash that follow from them.

use std::collections::BTreeSet;

use base::{Date, Hash, Subject};
use minicbor::Encoder;
use records::RecordError;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use crate::rules::{CountingRule, Measure};

/// What narrows a count. Empty: everything that this node holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// These cohorts' rows.
    pub cohorts: BTreeSet<Subject>,
    /// This sending region's.
    pub region: Option<String>,
    /// This unit's.
    pub unit: Option<Subject>,
    /// This supported school's.
    pub school: Option<Subject>,
    /// This subject's.
    pub subject: Option<String>,
    /// From this day on.
    pub from: Option<Date>,
    /// To this day.
    pub to: Option<Date>,
}

impl Scope {
    /// The dimension that this is narrowed by and that the rule's rows do not have: its number would be of nothing, and no
    /// number is told.
    pub fn undivided(&self, rule: &CountingRule) -> Option<&'static str> {
        [
            ("cohort", !self.cohorts.is_empty()),
            ("region", self.region.is_some()),
            ("unit", self.unit.is_some()),
            ("school", self.school.is_some()),
            ("subject", self.subject.is_some()),
        ]
        .into_iter()
        .find_map(|(name, narrowed)| (narrowed && !rule.has(name)).then_some(name))
    }
}

/// A row of evidence. It names records by id and holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The record.
    pub id: Subject,
    /// What is counted once.
    pub key: Vec<u8>,
    /// What is summed.
    pub n: i64,
    /// The day that decides the period.
    pub day: Option<String>,
    /// The cohort.
    pub cohort: Option<Subject>,
    /// The sending region.
    pub region: Option<String>,
    /// The unit.
    pub unit: Option<Subject>,
    /// The supported school.
    pub school: Option<Subject>,
    /// The subject.
    pub subject: Option<String>,
    /// The kind.
    pub kind: Option<String>,
}

/// A number with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The rule.
    pub rule: &'static str,
    /// The rule's version.
    pub version: u32,
    /// The number.
    pub value: i64,
    /// How many rows it comes from.
    pub rows: usize,
    /// BLAKE3 over the rows as CBOR, sorted.
    pub hash: Hash,
    /// Why the number is not told, where it is of pupils.
    pub untold: Option<Untold>,
}

/// Why a number of pupils is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untold {
    /// It is too small.
    Few,
    /// It is of a part of a school in a school year.
    Part,
    /// It is neither; set beside others that are told, it would tell one that is small.
    Beside,
}

impl Figure {
    /// Whether the number is told.
    pub fn is_told(&self) -> bool {
        self.untold.is_none()
    }
}

/// The rows of a rule within a scope, as they stand on a day.
///
/// # Errors
/// What the database says.
pub fn evidence(
    conn: &Connection,
    rule: &CountingRule,
    scope: &Scope,
    today: Date,
) -> Result<Vec<Evidence>, RecordError> {
    let mut values = vec![Value::Text(today.to_string())];
    let blob = |id: &Subject| Value::Blob(id.0.to_vec());
    let chosen: Vec<String> = scope
        .cohorts
        .iter()
        .map(|c| {
            values.push(blob(c));
            format!("(?{})", values.len())
        })
        .collect();
    let chosen =
        if chosen.is_empty() { "SELECT NULL WHERE 0".to_owned() } else { format!("VALUES {}", chosen.join(", ")) };
    let mut sql = format!(
        "WITH chosen(cohort) AS ({chosen})
         SELECT id, key, n, day, cohort, region, unit, school, subject, kind FROM ({}) WHERE (day IS NULL OR day <= ?1)",
        rule.sql
    );
    if !scope.cohorts.is_empty() && !rule.asks_chosen() {
        sql.push_str(" AND cohort IN (SELECT cohort FROM chosen)");
    }
    let mut narrow = |column: &str, comparison: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {column} {comparison} ?{}", values.len()));
    };
    if let Some(region) = &scope.region {
        narrow("region", "=", Value::Text(region.clone()));
    }
    if let Some(unit) = &scope.unit {
        narrow("unit", "=", blob(unit));
    }
    if let Some(school) = &scope.school {
        narrow("school", "=", blob(school));
    }
    if let Some(subject) = &scope.subject {
        narrow("subject", "=", Value::Text(subject.clone()));
    }
    if let Some(from) = scope.from {
        narrow("day", ">=", Value::Text(from.to_string()));
    }
    if let Some(to) = scope.to {
        narrow("day", "<=", Value::Text(to.to_string()));
    }
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut rows = stmt.query(params_from_iter(values))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

fn read(row: &Row<'_>) -> Result<Evidence, RecordError> {
    let id = |i: usize| -> Result<Option<Subject>, RecordError> {
        Ok(match row.get_ref(i)? {
            ValueRef::Blob(b) => Subject::try_from(b).ok(),
            _ => None,
        })
    };
    let key = match row.get_ref(1)? {
        ValueRef::Blob(b) | ValueRef::Text(b) => b.to_vec(),
        _ => Vec::new(),
    };
    Ok(Evidence {
        id: id(0)?.unwrap_or_default(),
        key,
        n: row.get::<_, Option<i64>>(2)?.unwrap_or(0),
        day: row.get(3)?,
        cohort: id(4)?,
        region: row.get(5)?,
        unit: id(6)?,
        school: id(7)?,
        subject: row.get(8)?,
        kind: row.get(9)?,
    })
}

/// The number that follows from rows. Of pupils, [`Cells`](crate::Cells) says which are told publicly.
pub fn figure(rule: &'static CountingRule, rows: &[Evidence]) -> Figure {
    let value = match rule.measure {
        Measure::Distinct => {
            let keys: BTreeSet<&[u8]> = rows.iter().map(|r| r.key.as_slice()).filter(|k| !k.is_empty()).collect();
            i64::try_from(keys.len()).unwrap_or(i64::MAX)
        }
        Measure::Sum => rows.iter().map(|r| r.n).sum(),
    };
    let mut encoded: Vec<Vec<u8>> = rows.iter().map(cbor).collect();
    encoded.sort();
    let mut hasher = blake3::Hasher::new();
    encoded.iter().for_each(|row| {
        hasher.update(row);
    });
    Figure {
        rule: rule.name,
        version: rule.version,
        value,
        rows: rows.len(),
        hash: Hash(*hasher.finalize().as_bytes()),
        untold: (rule.about_pupils && register::is_few(value)).then_some(Untold::Few),
    }
}

/// Counts by a rule.
///
/// # Errors
/// What the database says.
pub fn count(
    conn: &Connection,
    rule: &'static CountingRule,
    scope: &Scope,
    today: Date,
) -> Result<Figure, RecordError> {
    Ok(figure(rule, &evidence(conn, rule, scope, today)?))
}

/// A row as a CBOR array of ten (RFC 8949).
fn cbor(row: &Evidence) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    // Writing to a vector cannot fail.
    let _ = encode(row, &mut out);
    out
}

fn encode(row: &Evidence, out: &mut Vec<u8>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    let mut e = Encoder::new(out);
    e.array(10)?.bytes(row.id.as_bytes())?.bytes(&row.key)?.i64(row.n)?;
    for text in [&row.day, &row.region, &row.subject, &row.kind] {
        match text {
            Some(text) => e.str(text)?,
            None => e.null()?,
        };
    }
    for id in [&row.cohort, &row.unit, &row.school] {
        match id {
            Some(id) => e.bytes(id.as_bytes())?,
            None => e.null()?,
        };
    }
    Ok(())
}

/// An indicator of the programme.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Its record.
    pub id: Subject,
    /// Its code, in addresses.
    pub code: String,
    /// Its title, and those in other languages as JSON.
    pub title: String,
    /// The same in other languages, a JSON object.
    pub titles: Option<String>,
    /// Its rule.
    pub rule: &'static CountingRule,
    /// Its cohorts.
    pub scope: Scope,
}

/// The programme's indicators in their order: those that are published, and drafts for who keeps them.
///
/// # Errors
/// What the database says.
pub fn indicators(conn: &Connection, drafts: bool) -> Result<Vec<Indicator>, RecordError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, code, title, titles, rule FROM indicator WHERE ?1 OR state = 'published' ORDER BY place, id",
    )?;
    let mut rows = stmt.query([drafts])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id = Subject::try_from(row.get::<_, Vec<u8>>(0)?.as_slice()).unwrap_or_default();
        let Some(rule) = crate::rules::rule(&row.get::<_, String>(4)?) else { continue };
        let mut cohorts = conn.prepare_cached("SELECT value FROM indicator_cohorts WHERE id = ?1")?;
        let cohorts = cohorts
            .query_map([id.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?
            .map(|c| Ok(Subject::try_from(c?.as_slice()).unwrap_or_default()))
            .collect::<Result<_, rusqlite::Error>>()?;
        out.push(Indicator {
            id,
            code: row.get(1)?,
            title: row.get(2)?,
            titles: row.get(3)?,
            rule,
            scope: Scope { cohorts, ..Scope::default() },
        });
    }
    Ok(out)
}

impl Indicator {
    /// Its title in a language, by the tag.
    ///
    /// # Errors
    /// What the database says.
    pub fn title_in(&self, conn: &Connection, lang: &str) -> Result<String, RecordError> {
        let Some(titles) = &self.titles else { return Ok(self.title.clone()) };
        let found: Option<String> = conn
            .prepare_cached("SELECT value FROM json_each(?1) WHERE key = ?2")?
            .query_row([titles.as_str(), lang], |r| r.get(0))
            .unwrap_or(None);
        Ok(found.unwrap_or_else(|| self.title.clone()))
    }
}

/// The digest of what the node holds: a figure is as of it.
///
/// # Errors
/// What the database says.
pub fn as_of(conn: &Connection) -> Result<Hash, RecordError> {
    Ok(log::digest(&log::vector(conn, &|_| true)?))
}
