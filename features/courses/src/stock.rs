//! What a node keeps of the library, and what comes first over a link that carries little: the lessons that somebody has
//! planned, by their day; then what is small; the large pictures of films last.

use std::collections::{BTreeMap, BTreeSet};

use assets::{Shelf, TREE};
use base::{Hash, NodeId, Subject};
use rusqlite::{Connection, params};
use web::{Local, PageError, Site};

/// The setting that names the courses which this node has let go.
const LET_GO: &str = "courses-let-go";
/// The recipe whose result a bad link leaves for last.
const LARGE: &str = "large-1";

/// When a content is fetched: a lower place first, then an earlier day.
pub type Place = (u8, String);

/// Where contents that are not the library's stand: behind the planned lessons, before all others.
pub const OTHERS: u8 = 1;

/// How a node keeps the library.
#[derive(Debug, Default)]
pub struct Stock {
    /// When each content of the library is fetched.
    pub places: BTreeMap<Hash, Place>,
    /// What this node has let go: it is not fetched, and swept away.
    pub let_go: BTreeSet<Hash>,
}

/// A content of a course: a file of it, or what was made of one.
pub(crate) struct Part {
    pub course: Subject,
    resource: Subject,
    pub content: Hash,
    pub bytes: u64,
    /// Everything plays without it, only not as finely.
    heavy: bool,
}

/// The courses that this node has let go.
pub(crate) fn let_go(local: &Local) -> rusqlite::Result<BTreeSet<Subject>> {
    let kept = local.setting(LET_GO)?.unwrap_or_default();
    Ok(kept.split_whitespace().filter_map(|id| id.parse().ok()).collect())
}

/// Notes that a course is let go, or kept.
pub(crate) fn set_let_go(local: &Local, course: Subject, goes: bool) -> rusqlite::Result<()> {
    let mut all = let_go(local)?;
    if goes {
        all.insert(course);
    } else {
        all.remove(&course);
    }
    let text = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    local.set(LET_GO, (!text.is_empty()).then_some(text.as_str()))
}

/// The contents of all courses that stand.
pub(crate) fn parts(conn: &Connection, shelf: &Shelf) -> Result<Vec<Part>, PageError> {
    parts_of(conn, shelf, None)
}

/// The contents of a course, or of all.
fn parts_of(conn: &Connection, shelf: &Shelf, course: Option<&Subject>) -> Result<Vec<Part>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT r.course, r.id, r.content, coalesce(r.bytes, 0), coalesce(r.media, '') LIKE 'video/%',
           coalesce(r.media, '') = ?2
         FROM resource r WHERE r.content IS NOT NULL AND r.course IS NOT NULL AND (?3 IS NULL OR r.course = ?3)
         UNION ALL
         SELECT r.course, r.id, d.content, coalesce(d.bytes, 0), d.recipe = ?1, 1
         FROM resource r JOIN rendition d ON d.source = r.content WHERE d.content IS NOT NULL AND r.course IS NOT NULL
           AND (?3 IS NULL OR r.course = ?3)",
    )?;
    let mut rows = stmt.query(params![LARGE, TREE, course.map(Subject::as_bytes)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |n| -> Result<Subject, PageError> {
            Ok(Subject::try_from(row.get_ref(n)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default())
        };
        let content = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let Ok(content) = Hash::try_from(content) else { continue };
        let (course, resource, heavy) = (id(0)?, id(1)?, row.get(4)?);
        let part = |content, bytes, heavy| Part { course, resource, content, bytes, heavy };
        // A tree itself is small, and says what is to be fetched.
        let tree: bool = row.get(5)?;
        out.push(part(content, u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0), heavy && !tree));
        if tree {
            let leaves = shelf.leaves(&content).map_err(|e| PageError::Internal(e.to_string()))?;
            out.extend(leaves.into_iter().map(|(leaf, bytes)| part(leaf, bytes, heavy)));
        }
    }
    Ok(out)
}

/// How a node keeps the library: `own` is the node itself, `since` the first day on which a planned lesson is still to
/// come (`YYYY-MM-DD`).
///
/// # Errors
/// What the databases say.
pub fn stock(conn: &Connection, shelf: &Shelf, local: &Local, own: NodeId, since: &str) -> Result<Stock, PageError> {
    let goes = let_go(local)?;
    let planned = planned(conn, since)?;
    let good = good(conn)?;
    let (mut out, mut kept) = (Stock::default(), BTreeSet::new());
    for part in parts(conn, shelf)? {
        if goes.contains(&part.course) && !is_own(conn, &part.resource, own)? {
            out.let_go.insert(part.content);
            continue;
        }
        kept.insert(part.content);
        let day = planned.get(&part.course);
        let place = match (part.heavy, day.is_some(), good.contains(&part.course)) {
            (false, true, _) => OTHERS - 1,
            (false, false, true) => OTHERS + 1,
            (false, false, false) => OTHERS + 2,
            (true, true, _) => OTHERS + 3,
            (true, false, true) => OTHERS + 4,
            (true, false, false) => OTHERS + 5,
        };
        let place = (place, day.cloned().unwrap_or_default());
        let known = out.places.entry(part.content).or_insert_with(|| place.clone());
        if place < *known {
            *known = place;
        }
    }
    // What another record names too is not let go with the course.
    let mut elsewhere = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE content = ?1)")?;
    let mut stays = Vec::new();
    for content in &out.let_go {
        if kept.contains(content) || elsewhere.query_row([content.0.as_slice()], |r| r.get(0))? {
            stays.push(*content);
        }
    }
    for content in stays {
        out.let_go.remove(&content);
    }
    Ok(out)
}

/// Whether all of a course is here, and stays, that a class needs: its files and what pages show of them; what only makes a
/// film finer may still come. What is still to be made of them is not asked here.
///
/// # Errors
/// What the databases say.
pub fn is_here(site: &Site, conn: &Connection, shelf: &Shelf, course: &Subject) -> Result<bool, PageError> {
    let goes = let_go(&site.local)?.contains(course);
    let own = site.store.key().id();
    for part in parts_of(conn, shelf, Some(course))?.iter().filter(|p| !p.heavy) {
        if !site.blobs.has(&part.content) || (goes && !is_own(conn, &part.resource, own)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Courses that are planned, each with its first day to come.
fn planned(conn: &Connection, since: &str) -> Result<BTreeMap<Subject, String>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT course, min(day) FROM (
           SELECT course, used_on AS day FROM course_use WHERE state = 'planned'
           UNION ALL SELECT course, starts_on FROM live_class WHERE state IN ('planned', 'live'))
         WHERE day >= ?1 AND course IS NOT NULL GROUP BY course",
    )?;
    let rows = stmt.query_map([since], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?;
    let mut out = BTreeMap::new();
    for row in rows {
        let (course, day) = row?;
        out.extend(Subject::try_from(course.as_slice()).ok().map(|c| (c, day)));
    }
    Ok(out)
}

/// Courses of good quality.
fn good(conn: &Connection) -> Result<BTreeSet<Subject>, PageError> {
    let mut stmt = conn.prepare_cached("SELECT id FROM course WHERE state = 'published'")?;
    let rows = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
    let mut out = BTreeSet::new();
    for row in rows {
        out.extend(Subject::try_from(row?.as_slice()).ok());
    }
    Ok(out)
}

/// Whether the record was made at this node: it may be the only one that has the file, and lets nothing of it go.
pub(crate) fn is_own(conn: &Connection, resource: &Subject, own: NodeId) -> Result<bool, PageError> {
    Ok(log::entries_of(conn, resource)?.first().is_some_and(|e| e.header.node == own))
}
