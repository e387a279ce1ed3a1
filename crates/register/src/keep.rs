//! Who answers for a record: of those who only teach, whom it names and who made it.

use base::Subject;
use log::Entry;
use records::{Change, Folded, Kind, REMOVED, Reader, Roles, Value};
use rusqlite::Connection;
use web::PageError;

use crate::command::held;
use crate::look::Look;

/// Whether a record that is here is the reader's to keep as one who teaches.
pub(crate) fn keeps(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<bool, PageError> {
    match reader.keeps(kind, "t") {
        Some(keeps) => is_so(conn, &keeps, id),
        None => Ok(true),
    }
}

fn is_so(conn: &Connection, condition: &str, id: &Subject) -> Result<bool, PageError> {
    let sql = format!("SELECT coalesce({condition}, 0) FROM (SELECT ?1 AS id) AS t");
    Ok(conn.prepare(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?)
}

/// Whether the reader may bring a withdrawn record back. No row says any more whom it named: of those who only teach, who
/// made it and who withdrew it do.
pub(crate) fn may_restore(
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    folded: &Folded,
    entries: &[Entry],
) -> Result<bool, PageError> {
    if let Some(held) = held(conn, reader, kind, id)? {
        return Ok(held && reader.is_any(kind.access.write));
    }
    let home = records::home_column(&folded.scope);
    let link = |field: &str| folded.get(field).and_then(Value::as_link).into_iter().collect();
    let concerned = records::concerns(conn, kind, home, &link)?;
    if kind.access.kept.is_empty() || reader.reaches(kind.access.write.but(Roles::TEACHING), &concerned) {
        return Ok(reader.may_write(kind, &concerned));
    }
    let theirs = withdrawal(entries).is_some_and(|e| e.header.author == reader.person)
        || entries.first().is_some_and(|e| e.header.author == reader.person);
    Ok(theirs && reader.may_write(kind, &concerned))
}

/// The entry by which a record was withdrawn last.
pub(crate) fn withdrawal(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().rev().find(|e| removes(e) == Some(true))
}

/// What an entry says of whether its record is withdrawn.
pub(crate) fn removes(entry: &Entry) -> Option<bool> {
    match Change::decode(entry.payload()?).ok()?.set.get(REMOVED) {
        Some(Value::Bool(removed)) => Some(*removed),
        _ => None,
    }
}

/// How a record is called that was withdrawn: no row says it any more.
///
/// # Errors
/// What the database says.
pub(crate) fn title_of_gone(look: &Look<'_>, kind: &Kind, folded: &Folded) -> Result<String, PageError> {
    let mut said = Vec::new();
    for name in kind.title {
        let (Some(field), Some(value)) = (kind.field(name), folded.get(name)) else { continue };
        let own = match folded.get(&format!("{name}s")) {
            Some(Value::Names(names)) => names.get(look.words.lang().code()).cloned(),
            _ => None,
        };
        said.push(own.map_or_else(|| look.value(kind, field, value), Ok)?);
    }
    said.retain(|part| !part.is_empty());
    Ok(if said.is_empty() { look.unnamed() } else { said.join(" · ") })
}
