//! Who is nominated for a cohort, and which needs are open, read once for the page, the part and the notices.

use std::collections::BTreeSet;

use base::Subject;
use records::Reader;
use rusqlite::Connection;
use web::PageError;

use crate::facts::NOMINATION;
use crate::fit::{Offer, Wanted};

/// Nominations of a cohort that are read.
const MOST: i64 = 1000;
/// Needs that are shown beside.
const NEEDS: i64 = 200;

/// A nomination.
pub(crate) struct Nominee {
    pub id: Subject,
    pub person: Subject,
    pub unit: Subject,
    pub cohort: Subject,
    pub state: String,
    pub available: bool,
    pub wishes: String,
    /// The need that the person was chosen for, while chosen.
    pub need: Option<Subject>,
    /// The posting that came of it.
    pub posting: Option<Subject>,
    pub keep_with: Vec<Subject>,
    pub offer: Offer,
}

impl Nominee {
    /// Whether the office has chosen the person.
    pub fn is_chosen(&self) -> bool {
        matches!(&*self.state, "selected" | "notified")
    }
}

/// A need that is approved and not filled.
pub(crate) struct Open {
    pub id: Subject,
    pub school: Subject,
    pub title: String,
    pub hours: Option<i64>,
    pub wanted: Wanted,
    /// A posting of somebody else fills it, or is to.
    pub posted: bool,
}

pub(crate) fn id(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

fn words(conn: &Connection, table: &str, id: &Subject) -> Result<BTreeSet<String>, PageError> {
    let mut stmt = conn.prepare_cached(&format!("SELECT value FROM {table} WHERE id = ?1"))?;
    let rows = stmt.query_map([id.as_bytes()], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is said in the nomination, or else on the person's own page.
fn said(conn: &Connection, field: &str, nomination: &Subject, person: &Subject) -> Result<BTreeSet<String>, PageError> {
    let here = words(conn, &format!("nomination_{field}"), nomination)?;
    if here.is_empty() { words(conn, &format!("person_{field}"), person) } else { Ok(here) }
}

/// The nominations that a reader sees, by unit: those for which this condition on `n` holds, of which `?1` is an id.
pub(crate) fn nominees(
    conn: &Connection,
    reader: &Reader,
    condition: &str,
    of: &Subject,
) -> Result<Vec<Nominee>, PageError> {
    let sees = reader.sees(&NOMINATION, "n");
    let mut stmt = conn.prepare(&format!(
        "SELECT n.id, n.person, n.unit, n.cohort, coalesce(n.state, 'offered'), coalesce(n.available, 0),
                coalesce(n.wishes, ''), CASE WHEN n.state IN ('selected', 'notified') THEN n.need END,
                (SELECT p.id FROM posting p WHERE p.person = n.person AND p.cohort = n.cohort AND p.sender = n.unit
                   AND p.state <> 'declined' ORDER BY p.made DESC LIMIT 1)
         FROM nomination n LEFT JOIN organisation u ON u.id = n.unit
         WHERE {condition} AND {sees} ORDER BY u.title_key, n.unit, n.made, n.id LIMIT {MOST}"
    ))?;
    let mut rows = stmt.query([of.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let nomination = id(row.get(0)?).unwrap_or_default();
        let person = id(row.get(1)?).unwrap_or_default();
        let mut keep = conn.prepare_cached("SELECT value FROM nomination_keep_with WHERE id = ?1 ORDER BY value")?;
        let keep = keep.query_map([nomination.as_bytes()], |r| r.get::<_, Option<Vec<u8>>>(0))?;
        let keep_with = keep.filter_map(|k| k.map(id).transpose()).collect::<Result<_, _>>()?;
        out.push(Nominee {
            unit: id(row.get(2)?).unwrap_or_default(),
            cohort: id(row.get(3)?).unwrap_or_default(),
            state: row.get(4)?,
            available: row.get(5)?,
            wishes: row.get(6)?,
            need: id(row.get(7)?),
            posting: id(row.get(8)?),
            keep_with,
            offer: Offer {
                roles: words(conn, "nomination_roles", &nomination)?,
                subjects: said(conn, "subjects", &nomination, &person)?,
                stages: said(conn, "stages", &nomination, &person)?,
                languages: said(conn, "teaching_languages", &nomination, &person)?,
            },
            id: nomination,
            person,
        });
    }
    Ok(out)
}

/// The needs that are open, by school; of one school or subject where one is asked for.
pub(crate) fn needs(conn: &Connection, school: Option<Subject>, subject: Option<&str>) -> Result<Vec<Open>, PageError> {
    let mut stmt = conn.prepare_cached(&format!(
        "SELECT n.id, n.school, coalesce(n.title, ''), n.hours, coalesce(n.role, ''), n.subject, n.stage,
                EXISTS (SELECT 1 FROM posting p WHERE p.need = n.id AND p.state IN ('proposed', 'accepted', 'arrived'))
         FROM need n LEFT JOIN organisation o ON o.id = n.school
         WHERE n.state = 'approved' AND n.home IS NULL AND (?1 IS NULL OR n.school = ?1) AND (?2 IS NULL OR n.subject = ?2)
         ORDER BY o.title_key, n.title_key, n.id LIMIT {NEEDS}"
    ))?;
    let school = school.map(|s| s.0.to_vec());
    let mut rows = stmt.query(rusqlite::params![school, subject])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let need = id(row.get(0)?).unwrap_or_default();
        out.push(Open {
            school: id(row.get(1)?).unwrap_or_default(),
            title: row.get(2)?,
            hours: row.get(3)?,
            wanted: Wanted {
                role: row.get(4)?,
                subject: row.get(5)?,
                stage: row.get(6)?,
                languages: words(conn, "need_teaching_languages", &need)?,
            },
            posted: row.get(7)?,
            id: need,
        });
    }
    Ok(out)
}
