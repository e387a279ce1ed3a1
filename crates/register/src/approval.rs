//! One's own approval is none: who takes a move, beside what their roles let them, and what opens an approval again.

use base::Subject;
use log::Entry;
use records::{Change, Grant, Kind, Move, REMOVED, Reader, Role, STATE, Value, literal, school_of};
use rusqlite::{Connection, params};
use web::{NodeKind, PageError, Site};

use crate::command::{concerned, held};

/// Whether a reader may take a move of a record.
///
/// # Errors
/// What the database says.
pub fn may_move(
    site: &Site,
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    way: &Move,
) -> Result<bool, PageError> {
    let (itself, wrote) = (is_named(conn, reader, kind, id, way)?, wrote(conn, reader, id, way)?);
    let reaches = reaches(conn, reader, kind, id, way)?;
    if reaches && !itself && !wrote {
        return Ok(true);
    }
    // There is always a way. Only the hub knows of everybody who could.
    if site.node_kind != NodeKind::Hub || itself {
        return Ok(false);
    }
    if reaches && wrote {
        let me = format!("g.person <> {}", literal(&reader.person));
        return Ok(!somebody(site, conn, kind, id, way, &me)?);
    }
    if !reader.is_any(way.instead) {
        return Ok(false);
    }
    let others = way.not_by.iter().map(|f| format!("g.person IS NOT (SELECT {f} FROM {} WHERE id = ?1)", kind.name));
    let others = others.collect::<Vec<_>>().join(" AND ");
    let not_others = format!("NOT ({others})");
    Ok(somebody(site, conn, kind, id, way, &not_others)? && !somebody(site, conn, kind, id, way, &others)?)
}

/// Whether a reader could take a move, were it not their own, or another organisation's word: what the page then says.
pub(crate) fn is_for_another(
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    way: &Move,
) -> Result<bool, PageError> {
    crate::command::in_reach(conn, reader, kind, id, way.who)
}

/// Whether the reader's roles reach a record so that they take a move of it.
fn reaches(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject, way: &Move) -> Result<bool, PageError> {
    if way.word_of.is_empty() {
        // What is one's own one also moves when no role is in force any more, as who teaches would.
        let teaches = [Role::Posted, Role::Local].into_iter().any(|role| way.who.has(role));
        let own = teaches && reader.comes_as_party(kind) && held(conn, reader, kind, id)? == Some(true);
        return Ok(own || crate::command::in_reach(conn, reader, kind, id, way.who)?);
    }
    let whose = one(conn, kind, id, way.word_of)?;
    let own = |g: &Grant| g.role.is_programme_wide() || g.organisation.is_some() && g.organisation == whose;
    let by_role = reader.grants.iter().any(|g| way.who.has(g.role) && own(g));
    // That word a school gives by any of its people.
    Ok(by_role && held(conn, reader, kind, id)?.unwrap_or(true))
}

fn one(conn: &Connection, kind: &Kind, id: &Subject, link: &str) -> Result<Option<Subject>, PageError> {
    let sql = format!("SELECT {link} FROM {} WHERE id = ?1", kind.name);
    let found: Option<Vec<u8>> = conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?;
    Ok(found.and_then(|b| Subject::try_from(b.as_slice()).ok()))
}

/// Whether the reader is one of those whom the move is about.
fn is_named(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject, way: &Move) -> Result<bool, PageError> {
    for link in way.not_by {
        if one(conn, kind, id, link)? == Some(reader.person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the reader wrote something of what the move approves.
fn wrote(conn: &Connection, reader: &Reader, id: &Subject, way: &Move) -> Result<bool, PageError> {
    if !way.by_another {
        return Ok(false);
    }
    let says = |e: &Entry| e.payload().and_then(|p| Change::decode(p).ok()).is_some_and(|c| touches(&c, way.approves));
    Ok(log::entries_of(conn, id)?.iter().any(|e| e.header.author == reader.person && says(e)))
}

fn touches(change: &Change, fields: &[&str]) -> bool {
    fields.iter().any(|f| change.set.contains_key(*f) || change.add.contains_key(*f) || change.remove.contains_key(*f))
}

/// Whether somebody of whom a condition on `g` holds has a role in force that takes the move.
fn somebody(
    site: &Site,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
    way: &Move,
    condition: &str,
) -> Result<bool, PageError> {
    let concerned = concerned(conn, kind, id)?;
    let sql = format!(
        "SELECT DISTINCT g.role, g.organisation FROM grant_of_role g
         WHERE coalesce(g.state, 'given') = 'given' AND g.from_on <= ?2 AND (g.until_on IS NULL OR g.until_on >= ?2)
           AND ?1 IS NOT NULL AND {condition}"
    );
    let mut stmt = conn.prepare(&sql)?;
    let mut rows = stmt.query(params![id.as_bytes(), site.today().to_string()])?;
    while let Some(row) = rows.next()? {
        let Ok(role) = row.get::<_, String>(0)?.parse::<Role>() else { continue };
        let organisation = row.get::<_, Option<Vec<u8>>>(1)?.and_then(|o| Subject::try_from(o.as_slice()).ok());
        let school = match &organisation {
            Some(org) => school_of(conn, org)?,
            None => None,
        };
        let other = Reader { grants: vec![Grant { role, organisation, school }], ..Reader::default() };
        if other.reaches(way.who, &concerned) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The state to which a record returns when a change touches what was approved in it.
pub(crate) fn opened(kind: &Kind, state: &str, change: &Change) -> Option<Change> {
    if change.set.contains_key(REMOVED) || change.set.contains_key(STATE) {
        return None;
    }
    let way = kind.moves.iter().find(|m| m.stands.contains(&state) && touches(change, m.approves))?;
    let before = way.from.first()?;
    Some(Change::new().with(STATE, Value::text(*before)))
}

/// Refuses a change of what is asked of a new record alone; back to what it began with leads a way.
pub(crate) fn is_born(conn: &Connection, kind: &Kind, id: &Subject, change: &Change) -> Result<bool, PageError> {
    let mut fields = kind.fields.iter().filter(|f| f.at_birth && change.set.contains_key(f.name)).peekable();
    if fields.peek().is_none() {
        return Ok(true);
    }
    let entries = log::entries_of(conn, id)?;
    let first = entries.first().and_then(|e| Change::decode(e.payload()?).ok()).unwrap_or_default();
    Ok(fields.all(|f| change.set.get(f.name) == first.set.get(f.name)))
}
