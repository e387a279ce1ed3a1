use std::collections::BTreeSet;

use base::{Scope, Subject};
use log::{Draft, Frontier, Tx};
use rusqlite::{Connection, OptionalExtension};

use crate::{Change, Home, Kind, Kinds, RecordError, Rule, Shape, Value};

/// How many organisations stand above one another at most.
const MAX_DEPTH: usize = 6;

/// The scope in which a new record is made.
///
/// # Errors
/// [`RecordError::NotFound`] where the record it hangs on is not here.
pub fn scope_of(
    conn: &Connection,
    kinds: &Kinds,
    programme: [u8; 16],
    kind: &Kind,
    change: &Change,
) -> Result<Scope, RecordError> {
    let link = |field: &str| change.set.get(field).and_then(Value::as_link);
    match kind.home {
        Home::Programme => Ok(Scope::Programme(programme)),
        Home::School(field) => {
            let school = match link(field) {
                Some(org) => school_of(conn, &org)?,
                None => None,
            };
            Ok(school.map_or(Scope::Programme(programme), Scope::School))
        }
        Home::With(field, other) => {
            let id = link(field).ok_or(RecordError::NotFound)?;
            let other = kinds.get(other).ok_or(RecordError::NotFound)?;
            record_scope(conn, programme, other, &id)
        }
        Home::Elsewhere => Err(RecordError::NotFound),
        Home::Person(field) => link(field).map(Scope::Person).ok_or(RecordError::NotFound),
        Home::Pair(field) => link(field).map(Scope::Pair).ok_or(RecordError::NotFound),
        Home::Private(field) => link(field).map(Scope::Private).ok_or(RecordError::NotFound),
    }
}

/// The scope of a record that is here.
///
/// # Errors
/// [`RecordError::NotFound`].
pub fn record_scope(conn: &Connection, programme: [u8; 16], kind: &Kind, id: &Subject) -> Result<Scope, RecordError> {
    let home: Option<Vec<u8>> = conn
        .prepare_cached(&format!("SELECT home FROM {} WHERE id = ?1", kind.name))?
        .query_row([id.as_bytes()], |r| r.get(0))
        .optional()?
        .ok_or(RecordError::NotFound)?;
    let Some(home) = home else { return Ok(Scope::Programme(programme)) };
    let home = Subject::try_from(home.as_slice()).map_err(|_| RecordError::NotFound)?;
    let found = [Scope::School(home), Scope::Person(home), Scope::Private(home), Scope::Pair(home)]
        .into_iter()
        .find(|s| id.is_in(s));
    found.ok_or(RecordError::NotFound)
}

/// The supported school that an organisation is, or belongs to.
///
/// # Errors
/// [`RecordError::Sql`].
pub fn school_of(conn: &Connection, organisation: &Subject) -> Result<Option<Subject>, RecordError> {
    let mut at = *organisation;
    let mut stmt = conn.prepare_cached("SELECT kind, parent FROM organisation WHERE id = ?1")?;
    for _ in 0..MAX_DEPTH {
        let found: Option<(String, Option<Vec<u8>>)> =
            stmt.query_row([at.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
        match found {
            Some((kind, _)) if kind == "supported_school" => return Ok(Some(at)),
            Some((_, Some(parent))) => {
                at = Subject::try_from(parent.as_slice()).map_err(|_| RecordError::NotFound)?;
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Appends what a change says, its personal fields in an entry of their own, and checks the rules of the kind.
///
/// # Errors
/// [`RecordError::Rule`] where a rule would be broken: the command must then fail, and nothing is written.
pub fn append(
    tx: &Tx<'_>,
    kind: &Kind,
    scope: Scope,
    subject: Subject,
    change: Change,
    base: Option<&Frontier>,
) -> Result<(), RecordError> {
    let (plain, personal) = split(kind, change);
    // The personal part comes second and has seen the first, whatever the form had seen.
    for (name, part) in [(kind.name.to_owned(), plain), (kind.identity(), personal)] {
        let Some(part) = part else { continue };
        let payload = part.encode()?;
        tx.append(&Draft { scope, subject, kind: name, payload, base: base.cloned() })?;
    }
    Ok(())
}

/// Folds what was appended and checks the rules of a kind for a record.
///
/// # Errors
/// [`RecordError::Rule`].
pub fn check(tx: &Tx<'_>, kind: &Kind, subject: &Subject) -> Result<(), RecordError> {
    tx.fold()?;
    check_rules(tx, kind.rules, subject)
}

/// Checks some rules for a record as it is folded.
///
/// # Errors
/// [`RecordError::Rule`].
pub fn check_rules(tx: &Tx<'_>, rules: &'static [Rule], subject: &Subject) -> Result<(), RecordError> {
    for rule in rules {
        let other: Option<Option<Vec<u8>>> = tx
            .conn()
            .prepare_cached(&format!("{} LIMIT 1", rule.for_one()))?
            .query_row([subject.as_bytes()], |r| r.get(1))
            .optional()?;
        if let Some(other) = other {
            let other = other.and_then(|o| Subject::try_from(o.as_slice()).ok());
            return Err(RecordError::Rule { code: rule.code, other });
        }
    }
    Ok(())
}

fn split(kind: &Kind, change: Change) -> (Option<Change>, Option<Change>) {
    let is_personal = |field: &str| kind.field(field).is_some_and(|f| f.personal);
    let mut plain = Change { why: change.why, ..Change::default() };
    let mut personal = Change::default();
    for (field, value) in change.set {
        let part = if is_personal(&field) { &mut personal } else { &mut plain };
        part.set.insert(field, value);
    }
    for (field, values) in change.add {
        let part = if is_personal(&field) { &mut personal } else { &mut plain };
        part.add.insert(field, values);
    }
    for (field, values) in change.remove {
        let part = if is_personal(&field) { &mut personal } else { &mut plain };
        part.remove.insert(field, values);
    }
    // A change of personal fields alone still leaves a plain entry where it says why.
    let plain = (!plain.is_empty() || plain.why.is_some() || personal.is_empty()).then_some(plain);
    (plain, (!personal.is_empty()).then_some(personal))
}

/// The organisations that a record concerns: its school, and those that the kind's `own` fields name.
///
/// # Errors
/// [`RecordError::Sql`].
pub fn concerns(
    conn: &Connection,
    kind: &Kind,
    home: Option<Subject>,
    link: &dyn Fn(&str) -> Vec<Subject>,
) -> Result<BTreeSet<Subject>, RecordError> {
    let mut out: BTreeSet<Subject> = home.into_iter().collect();
    for field in kind.access.own {
        for org in link(field) {
            out.extend(school_of(conn, &org)?);
            out.insert(org);
        }
    }
    Ok(out)
}

/// The values of a link field of a change, plain or a set.
pub fn links_in(change: &Change, field: &str) -> Vec<Subject> {
    let one = change.set.get(field).and_then(Value::as_link);
    let set = change.add.get(field).into_iter().flatten().filter_map(Value::as_link);
    one.into_iter().chain(set).collect()
}

/// What is wrong with a value for a field, as the key of the words that say so.
pub fn check_value(shape: Shape, value: &Value) -> Result<(), &'static str> {
    let fits = match (shape, value) {
        (_, Value::Null) => true,
        (Shape::Line(most) | Shape::Text(most), Value::Text(s)) => {
            if s.chars().count() > most {
                return Err("error-too-long");
            }
            true
        }
        (Shape::Int(least, most), Value::Int(n)) => {
            if !(least..=most).contains(n) {
                return Err("error-out-of-range");
            }
            true
        }
        (Shape::Amount, Value::Int(n)) => *n >= 0,
        (Shape::Date, Value::Text(s)) => s.parse::<base::Date>().is_ok(),
        (Shape::Time, Value::Text(s)) => is_time(s),
        (Shape::Yes, Value::Bool(_)) => true,
        (Shape::Choice(words) | Shape::Tags(words), Value::Text(s)) => words.contains(&s.as_str()),
        (Shape::Link(_) | Shape::Links(_), Value::Bytes(b)) => b.len() == 16,
        (Shape::Names, Value::Names(names)) => {
            names.len() <= 12 && names.iter().all(|(l, t)| l.len() <= 16 && t.chars().count() <= 120)
        }
        (Shape::Blob, Value::Bytes(b)) => b.len() == 32,
        (Shape::Bytes, Value::Bytes(_)) => true,
        // Documents grow by entries of their own.
        (Shape::Document, _) => false,
        _ => false,
    };
    if fits { Ok(()) } else { Err("error-not-understood") }
}

/// Whether a text is a time of a day, `HH:MM`.
fn is_time(text: &str) -> bool {
    let number = |part: &str, most: u8| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u8>().is_ok_and(|n| n < most)
    };
    text.split_once(':').is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60))
}
