//! What was typed into a form, read into a change of facts.

use std::collections::{BTreeMap, BTreeSet};

use base::Subject;
use records::{Change, Field, Kind, Reader, Shape, Value};
use web::{PageError, Request, Site};

use crate::look::Look;

/// Records of a name that are looked at for the one that is meant.
const MOST_CALLED: usize = 400;
/// What stands between the parts of a label.
const BETWEEN: &str = " · ";

/// Languages in which a name can be given.
pub(crate) const NAME_LANGS: [(&str, &str); 3] = [("zh", "中文"), ("bo", "བོད་ཡིག"), ("en", "English")];

/// What a form holds: by field, the values as they stand in its controls.
pub(crate) type Typed = BTreeMap<String, Vec<String>>;

/// Fields that could not be read, with the keys of what is wrong with them.
pub(crate) type Wrong = Vec<(String, &'static str)>;

pub(crate) fn as_typed(shape: Shape, value: &Value) -> String {
    match value {
        Value::Int(n) if shape == Shape::Amount => format!("{}.{:02}", n / 100, n % 100),
        Value::Text(t) => t.clone(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => if *b { "yes" } else { "" }.to_owned(),
        Value::Bytes(b) => Subject::try_from(b.as_slice()).map(|s| s.to_string()).unwrap_or_default(),
        Value::Null | Value::Names(_) => String::new(),
    }
}

pub(crate) fn differing(kind: &Kind, change: Change, seen: Option<&records::Folded>) -> Change {
    let mut out = Change::new();
    for (field, value) in change.set {
        let before = seen.and_then(|s| s.get(&field)).cloned().unwrap_or(Value::Null);
        if before != value {
            out.set.insert(field, value);
        }
    }
    for field in kind.fields.iter().filter(|f| f.shape.is_set() && !f.set_by_move) {
        let none = BTreeSet::new();
        let before = seen.and_then(|s| s.sets.get(field.name)).unwrap_or(&none);
        let after = change.add.get(field.name).unwrap_or(&none);
        let added: BTreeSet<Value> = after.difference(before).cloned().collect();
        let removed: BTreeSet<Value> = before.difference(after).cloned().collect();
        if !added.is_empty() {
            out.add.insert(field.name.to_owned(), added);
        }
        if !removed.is_empty() {
            out.remove.insert(field.name.to_owned(), removed);
        }
    }
    out
}

pub(crate) fn typed(request: &Request) -> Typed {
    let mut typed = Typed::new();
    for (name, value) in &request.form {
        typed.entry(name.clone()).or_default().push(value.clone());
    }
    typed
}

/// Reads what was typed into a change; a field that cannot be read is named with what is wrong with it.
pub(crate) fn read(
    site: &Site,
    request: &Request,
    fields: impl Iterator<Item = &'static Field>,
    typed: &Typed,
) -> Result<(Change, Wrong), PageError> {
    let mut change = Change::new();
    let mut wrong = Vec::new();
    for field in fields {
        let empty = Vec::new();
        let values = typed.get(field.name).unwrap_or(&empty);
        if field.shape == Shape::Names {
            let mut names = BTreeMap::new();
            for (lang, _) in NAME_LANGS {
                let value = typed.get(&format!("{}.{lang}", field.name)).and_then(|v| v.first());
                match text::clean_line(value.map_or("", String::as_str), 120) {
                    Ok(name) if !name.is_empty() => drop(names.insert(lang.to_owned(), name)),
                    Ok(_) => {}
                    Err(_) => wrong.push((field.name.to_owned(), "error-too-long")),
                }
            }
            let value = if names.is_empty() { Value::Null } else { Value::Names(names) };
            change.set.insert(field.name.to_owned(), value);
            continue;
        }
        if field.shape.is_set() {
            for value in values.iter().filter(|v| !v.trim().is_empty()) {
                match one(site, request, field, value)? {
                    Ok(value) => drop(change.add.entry(field.name.to_owned()).or_default().insert(value)),
                    Err(key) => wrong.push((field.name.to_owned(), key)),
                }
            }
            continue;
        }
        match one(site, request, field, values.first().map_or("", String::as_str))? {
            Ok(value) => drop(change.set.insert(field.name.to_owned(), value)),
            Err(key) => wrong.push((field.name.to_owned(), key)),
        }
    }
    Ok((change, wrong))
}

fn one(site: &Site, request: &Request, field: &Field, typed: &str) -> Result<Result<Value, &'static str>, PageError> {
    let trimmed = typed.trim();
    if trimmed.is_empty() {
        return Ok(Ok(Value::Null));
    }
    Ok(match field.shape {
        Shape::Line(most) => clean(text::clean_line(typed, most)),
        Shape::Text(most) => clean(text::clean_text(typed, most)),
        Shape::Int(..) => trimmed.replace([',', ' '], "").parse().map(Value::Int).map_err(|_| "error-not-understood"),
        Shape::Amount => amount(trimmed).ok_or("error-not-understood"),
        Shape::Yes => Ok(if trimmed == "yes" { Value::Bool(true) } else { Value::Null }),
        Shape::Link(kind) | Shape::Links(kind) => link(site, request, kind, trimmed)?.ok_or("error-no-such"),
        Shape::Date => {
            trimmed.parse::<base::Date>().map(|d| Value::Text(d.to_string())).map_err(|_| "error-not-understood")
        }
        // What is no time is refused where every value is checked.
        Shape::Choice(_) | Shape::Tags(_) | Shape::Time => Ok(Value::text(trimmed)),
        Shape::Names | Shape::Blob | Shape::Bytes | Shape::Document => Err("error-not-understood"),
    })
}

fn clean(result: Result<String, text::TextError>) -> Result<Value, &'static str> {
    match result {
        Ok(text) => Ok(Value::Text(text)),
        Err(text::TextError::TooLong { .. }) => Err("error-too-long"),
        Err(_) => Err("error-unseen"),
    }
}

fn amount(text: &str) -> Option<Value> {
    let plain = text.replace([',', ' '], "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    if part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hundredths: i64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(hundredths).map(Value::Int)
}

/// The record that somebody picked, by its id, by the end of an offered label, or by its title where only one has it.
///
/// # Errors
/// What the database says.
pub fn picked(site: &Site, request: &Request, kind: &str, typed: &str) -> Result<Option<Subject>, PageError> {
    Ok(link(site, request, kind, typed.trim())?.and_then(|v| v.as_link()))
}

/// A record by its id, by the end of an offered label, or by its title, in the reader's language, too, where only one has it.
fn link(site: &Site, request: &Request, kind: &str, typed: &str) -> Result<Option<Value>, PageError> {
    let id = typed.rsplit('·').next().map(str::trim).and_then(|id| id.parse::<Subject>().ok());
    if let Some(id) = id {
        return Ok(Some(Value::link(&id)));
    }
    let Some(kind) = site.kinds.get(kind) else { return Ok(None) };
    let sees = request.reader()?.sees(kind, kind.name);
    site.store
        .read(|conn| {
            let sql = format!("SELECT id FROM {} WHERE title = ?1 AND {sees} LIMIT 2", kind.name);
            let mut stmt = conn.prepare(&sql)?;
            let found = stmt.query_map([typed], |r| crate::look::id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(match found.as_slice() {
                [only] => Some(*only),
                [] => called(&Look::new(site, request, conn), request.reader()?, kind, typed)?,
                _ => None,
            })
        })
        .map(|found| found.as_ref().map(Value::link))
}

/// The record that is called so in the reader's language, where only one is; or that an offered label says.
fn called(look: &Look<'_>, reader: &Reader, kind: &'static Kind, typed: &str) -> Result<Option<Subject>, PageError> {
    let (typed, mut named, mut placed) = (typed.to_lowercase(), Vec::new(), Vec::new());
    for id in alike(look, reader, kind, &typed)? {
        if look.title(kind, &id)?.to_lowercase() == typed {
            named.push(id);
        } else if look.placed(kind, &id)?.to_lowercase() == typed {
            placed.push(id);
        }
    }
    let found = if named.is_empty() { placed } else { named };
    Ok(if let [only] = found.as_slice() { Some(*only) } else { None })
}

/// Records whose words are those of a name; behind it may stand where they belong.
fn alike(look: &Look<'_>, reader: &Reader, kind: &'static Kind, typed: &str) -> Result<Vec<Subject>, PageError> {
    let Some(query) = text::match_query(typed.split(BETWEEN).next().unwrap_or_default()) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT d.id FROM search f JOIN search_doc d ON d.doc = f.rowid
         WHERE f.search MATCH ?1 AND d.kind = '{}' AND {} ORDER BY f.rank LIMIT {MOST_CALLED}",
        kind.name,
        reader.sees(kind, "d")
    );
    let mut stmt = look.conn.prepare_cached(&sql)?;
    let ids = stmt.query_map([&query], |r| crate::look::id_at(r, 0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Labels of records as controls offer them: what a record is called and where it belongs, and its id only where another is
/// called the same.
pub(crate) struct Labels<'a> {
    look: &'a Look<'a>,
    reader: &'a Reader,
    kind: &'static Kind,
    /// By the name that a label begins with: the labels that do, and how many there are of each.
    known: BTreeMap<String, BTreeMap<String, usize>>,
}

impl<'a> Labels<'a> {
    pub fn new(look: &'a Look<'a>, reader: &'a Reader, kind: &'static Kind) -> Self {
        Self { look, reader, kind, known: BTreeMap::new() }
    }

    /// The label of a record, as it is typed.
    pub fn of(&mut self, id: &Subject) -> Result<String, PageError> {
        let label = self.look.placed(self.kind, id)?;
        let name = label.split(BETWEEN).next().unwrap_or_default().to_lowercase();
        if !self.known.contains_key(&name) {
            let mut labels = BTreeMap::new();
            for other in alike(self.look, self.reader, self.kind, &name)? {
                *labels.entry(self.look.placed(self.kind, &other)?.to_lowercase()).or_default() += 1;
                // Who is called by a name alone is meant by it.
                *labels.entry(self.look.title(self.kind, &other)?.to_lowercase()).or_default() += 1;
            }
            self.known.insert(name.clone(), labels);
        }
        let alone = self.known.get(&name).and_then(|labels| labels.get(&label.to_lowercase())).copied();
        // A name without a place counts as both.
        let most = if label == self.look.title(self.kind, id)? { 2 } else { 1 };
        Ok(if alone.is_some_and(|n| n <= most) { label } else { format!("{label}{BETWEEN}{id}") })
    }
}

/// The condition that narrows what a link offers, by what the form or the record says of its other links.
///
/// # Errors
/// What the database says.
pub(crate) fn among(
    look: &Look<'_>,
    kind: &Kind,
    id: Option<Subject>,
    typed: &Typed,
    field: &Field,
) -> Result<String, PageError> {
    if field.among.is_empty() {
        return Ok("1".to_owned());
    }
    let mut said = field.among.replace("{t}", "t");
    for other in kind.fields.iter().filter(|f| matches!(f.shape, Shape::Link(_))) {
        let mark = format!("{{{}}}", other.name);
        if !said.contains(&mark) {
            continue;
        }
        let said_so = typed.get(other.name).and_then(|v| v.first()).and_then(|v| v.parse::<Subject>().ok());
        let held = match (said_so, id) {
            (None, Some(id)) => {
                let sql = format!("SELECT {} FROM {} WHERE id = ?1", other.name, kind.name);
                let found: Option<Vec<u8>> = look.conn.query_row(&sql, [id.as_bytes()], |r| r.get(0))?;
                found.and_then(|b| Subject::try_from(b.as_slice()).ok())
            }
            (said_so, _) => said_so,
        };
        said = said.replace(&mark, &held.map_or_else(|| "NULL".to_owned(), |id| records::literal(&id)));
    }
    Ok(said)
}
