use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base::{Hash, Lang, NodeId, Scope, Subject};
use documents::Live;
use log::{Entry, LogError, Projector};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::fold::{Folded, REMOVED, STATE, fold};
use crate::schema;
use crate::value::document_update;
use crate::{Change, Kind, Kinds, Reader, Shape, Value};

/// Keeps a table for each kind of record, the conflicts, and the search index.
#[derive(Debug)]
pub struct Records {
    kinds: Kinds,
    hub: NodeId,
}

impl Records {
    /// A projection of these kinds in a programme whose hub is known.
    pub fn new(kinds: Kinds, hub: NodeId) -> Self {
        Self { kinds, hub }
    }
}

impl Projector for Records {
    fn shape(&self) -> String {
        // The hub is part of it: what counts depends on who the hub is.
        let sql = schema::tables(&self.kinds, text::FTS_TOKENIZER) + &schema::indexes(&self.kinds);
        format!("{}-{}", self.hub, Hash::of(sql.as_bytes()))
    }

    fn create(&self, conn: &Connection) -> Result<(), LogError> {
        conn.execute_batch(&schema::tables(&self.kinds, text::FTS_TOKENIZER))?;
        conn.execute_batch(&schema::indexes(&self.kinds))?;
        Ok(())
    }

    fn clear(&self, conn: &Connection) -> Result<(), LogError> {
        for name in schema::table_names(&self.kinds) {
            conn.execute_batch(&format!("DROP TABLE IF EXISTS {name}"))?;
        }
        Ok(())
    }

    fn fold(&self, conn: &Connection, subjects: &BTreeSet<Subject>) -> Result<(), LogError> {
        let sql = Statements::of(&self.kinds);
        let mut forget = false;
        for subject in subjects {
            let entries = log::entries_of(conn, subject)?;
            // Whatever its entries have called it, now and before: what it is may change with a late entry.
            let called: BTreeSet<&str> = entries.iter().filter_map(|e| e.header.kind.split('.').next()).collect();
            for gone in called.iter().filter_map(|name| sql.0.get(name)) {
                for statement in &gone.clear {
                    conn.prepare_cached(statement)?.execute([subject.as_bytes()])?;
                }
            }
            conn.prepare_cached("DELETE FROM conflict WHERE id = ?1")?.execute([subject.as_bytes()])?;
            conn.prepare_cached("DELETE FROM withdrawn WHERE id = ?1")?.execute([subject.as_bytes()])?;
            let Some(folded) = fold(&self.kinds, self.hub, &entries) else { continue };
            forget |= folded.erased && !erased_before(conn, subject)?;
            if folded.is_removed() {
                withdrawn(conn, subject, &folded, &entries)?;
            } else {
                put(conn, sql.get(&folded)?, subject, &folded)?;
            }
            search(conn, subject, &folded)?;
        }
        if forget {
            // A deletion from the search index leaves its words in the file until segments merge: it is made anew.
            conn.execute_batch(&format!(
                "DROP TABLE search; DELETE FROM search_doc; {}",
                schema::search(text::FTS_TOKENIZER)
            ))?;
            rebuild_search(conn, &self.kinds)?;
        }
        Ok(())
    }

    /// In bulk: tables first, then indexes, then the search index.
    fn rebuild(&self, conn: &Connection) -> Result<(), LogError> {
        self.clear(conn)?;
        conn.execute_batch(&schema::tables(&self.kinds, text::FTS_TOKENIZER))?;
        let sql = Statements::of(&self.kinds);
        log::each_subject(conn, |subject, entries: &[Entry]| {
            let Some(folded) = fold(&self.kinds, self.hub, entries) else { return Ok::<_, LogError>(()) };
            if folded.erased {
                erased_before(conn, &subject)?;
            }
            if folded.is_removed() {
                withdrawn(conn, &subject, &folded, entries)?;
            } else {
                put(conn, sql.get(&folded)?, &subject, &folded)?;
            }
            Ok::<_, LogError>(())
        })?;
        conn.execute_batch(&schema::indexes(&self.kinds))?;
        rebuild_search(conn, &self.kinds)
    }
}

/// The statements that write a kind's rows, made once.
struct Writes {
    insert: String,
    clear: Vec<String>,
    sets: Vec<(&'static str, String)>,
}

struct Statements(BTreeMap<&'static str, Writes>);

impl Statements {
    fn of(kinds: &Kinds) -> Self {
        let one = |kind: &'static Kind| {
            let columns: Vec<&str> = schema::columns(kind).map(|f| f.name).collect();
            let mut insert = format!(
                "INSERT INTO {} (id, home, state, title, title_key, made, changed, changed_node, erased",
                kind.name
            );
            columns.iter().for_each(|c| {
                let _ = write!(insert, ", {c}");
            });
            let marks = vec!["?"; 9 + columns.len()].join(", ");
            let _ = write!(insert, ") VALUES ({marks})");
            let mut clear = vec![format!("DELETE FROM {} WHERE id = ?1", kind.name)];
            let mut sets = Vec::new();
            for field in schema::set_fields(kind) {
                clear.push(format!("DELETE FROM {}_{} WHERE id = ?1", kind.name, field.name));
                sets.push((field.name, format!("INSERT OR IGNORE INTO {}_{} VALUES (?1, ?2)", kind.name, field.name)));
            }
            (kind.name, Writes { insert, clear, sets })
        };
        Self(kinds.all().map(one).collect())
    }

    fn get(&self, folded: &Folded) -> Result<&Writes, LogError> {
        self.0.get(folded.kind.name).ok_or_else(|| LogError::Projection(folded.kind.name.to_owned()))
    }
}

/// A record's row, run through what is done with it.
fn with_row<T>(
    subject: &Subject,
    folded: &Folded,
    act: impl FnOnce(Vec<ToSqlOutput<'_>>) -> Result<T, LogError>,
) -> Result<T, LogError> {
    let kind = folded.kind;
    let title = title(folded);
    let key = title.as_deref().map(sort_key);
    let home = home_column(&folded.scope);
    let state = folded.get(STATE).and_then(Value::as_text).or(kind.first_state());
    let mut values: Vec<ToSqlOutput<'_>> = vec![
        subject.as_bytes().into_output()?,
        home.as_ref().map(Subject::as_bytes).into_output()?,
        state.into_output()?,
        title.as_deref().into_output()?,
        key.as_deref().into_output()?,
        folded.made.0.cast_signed().into_output()?,
        folded.changed.0.0.cast_signed().into_output()?,
        folded.changed.1.as_bytes().into_output()?,
        folded.erased.into_output()?,
    ];
    for field in schema::columns(kind) {
        values.push(column(folded.get(field.name), field.shape)?);
    }
    act(values)
}

/// Whether a reader sees a record that was withdrawn: by the same condition as before, asked of what it last was, since no
/// table holds it any more. What the condition would read of its sets, it does not find.
///
/// # Errors
/// What the database says.
pub fn sees_withdrawn(
    conn: &Connection,
    reader: &Reader,
    subject: &Subject,
    folded: &Folded,
) -> Result<bool, LogError> {
    let kind = folded.kind;
    let own = ["id", "home", "state", "title", "title_key", "made", "changed", "changed_node", "erased"];
    let names: Vec<&str> = own.into_iter().chain(schema::columns(kind).map(|f| f.name)).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "WITH {kind}({names}) AS (SELECT {marks}) SELECT EXISTS (SELECT 1 FROM {kind} WHERE {sees})",
        kind = kind.name,
        names = names.join(", "),
        sees = reader.sees(kind, kind.name),
    );
    with_row(subject, folded, |row| Ok(conn.prepare(&sql)?.query_row(params_from_iter(row), |r| r.get(0))?))
}

/// Notes a record that somebody else than who made it withdrew: its maker is told.
fn withdrawn(conn: &Connection, subject: &Subject, folded: &Folded, entries: &[Entry]) -> Result<(), LogError> {
    let (Some(first), Some(last)) = (entries.first(), entries.iter().rev().find(|e| removes(e))) else { return Ok(()) };
    let (maker, by) = (first.header.author, last.header.author);
    if [maker, by].contains(&Subject::default()) || maker == by {
        return Ok(());
    }
    conn.prepare_cached("INSERT OR REPLACE INTO withdrawn VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        subject.as_bytes(),
        folded.kind.name,
        maker.as_bytes(),
        last.effective.0.cast_signed()
    ])?;
    Ok(())
}

/// Whether an entry withdraws its record.
fn removes(entry: &Entry) -> bool {
    let says = |payload: &[u8]| Change::decode(payload).is_ok_and(|c| c.set.get(REMOVED) == Some(&Value::Bool(true)));
    entry.payload().is_some_and(says)
}

fn put(conn: &Connection, sql: &Writes, subject: &Subject, folded: &Folded) -> Result<(), LogError> {
    let kind = folded.kind;
    let home = home_column(&folded.scope);
    with_row(subject, folded, |row| {
        conn.prepare_cached(&sql.insert)?.execute(params_from_iter(row))?;
        Ok(())
    })?;
    for (name, statement) in &sql.sets {
        let Some(set) = folded.sets.get(*name) else { continue };
        let mut stmt = conn.prepare_cached(statement)?;
        for value in set {
            match value {
                Value::Text(text) => stmt.execute(params![subject.as_bytes(), text])?,
                Value::Bytes(bytes) => stmt.execute(params![subject.as_bytes(), bytes])?,
                _ => 0,
            };
        }
    }
    for field in folded.conflicts.keys() {
        conn.prepare_cached("INSERT OR REPLACE INTO conflict VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            subject.as_bytes(),
            kind.name,
            home.as_ref().map(Subject::as_bytes),
            field
        ])?;
    }
    Ok(())
}

/// A value as its column holds it. What does not fit the column's shape is left out: a fact of another
/// version, kept in the log.
fn column(value: Option<&Value>, shape: Shape) -> Result<ToSqlOutput<'_>, LogError> {
    Ok(match (value, shape) {
        (Some(Value::Int(n)), Shape::Int(..) | Shape::Amount) => (*n).into_output()?,
        (Some(Value::Bool(b)), Shape::Yes) => (*b).into_output()?,
        (Some(Value::Text(s)), Shape::Line(_) | Shape::Text(_) | Shape::Date | Shape::Time | Shape::Choice(_)) => {
            ToSqlOutput::Borrowed(ValueRef::Text(s.as_bytes()))
        }
        (Some(Value::Bytes(b)), Shape::Link(_) | Shape::Blob | Shape::Bytes) => {
            ToSqlOutput::Borrowed(ValueRef::Blob(b))
        }
        (Some(Value::Names(names)), Shape::Names) => {
            ToSqlOutput::Owned(rusqlite::types::Value::Text(names_json(names)))
        }
        _ => ToSqlOutput::Owned(rusqlite::types::Value::Null),
    })
}

/// Names as a JSON object, language tag to text: SQL can read it, and so can a person.
fn names_json(names: &BTreeMap<String, String>) -> String {
    let quoted = |s: &str| {
        let mut out = String::from("\"");
        for c in s.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c < ' ' => {}
                c => out.push(c),
            }
        }
        out.push('"');
        out
    };
    let parts: Vec<String> = names.iter().map(|(l, t)| format!("{}:{}", quoted(l), quoted(t))).collect();
    format!("{{{}}}", parts.join(","))
}

/// The school whose nodes alone hold the scope's records; `None` for the whole programme.
pub fn home_column(scope: &Scope) -> Option<Subject> {
    match scope {
        Scope::Programme(_) => None,
        Scope::School(id) | Scope::Private(id) | Scope::Pair(id) | Scope::Person(id) => Some(*id),
    }
}

/// The record's own words for itself: the first field of its title, where that is text. Titles made of
/// linked records are put together when they are shown.
fn title(folded: &Folded) -> Option<String> {
    let kind = folded.kind;
    let field = kind.title.first().and_then(|f| kind.field(f))?;
    let own = matches!(field.shape, Shape::Line(_) | Shape::Text(_));
    folded.get(field.name).filter(|_| own)?.as_text().map(ToOwned::to_owned)
}

/// Text in its own script's order; scripts one after the other.
fn sort_key(title: &str) -> Vec<u8> {
    let lang = Lang::of_text(title);
    let mut key = vec![match lang {
        Lang::Bo => 2,
        Lang::Zh | Lang::En => 1,
    }];
    let lang = if lang == Lang::Bo { Lang::Bo } else { Lang::Zh };
    key.extend(text::sort_key(lang, title));
    key
}

/// Whether this fold is not the first to find the subject erased.
fn erased_before(conn: &Connection, subject: &Subject) -> Result<bool, LogError> {
    let new = conn.prepare_cached("INSERT OR IGNORE INTO erased_subject VALUES (?1)")?.execute([subject.as_bytes()])?;
    Ok(new == 0)
}

/// A document of a record, put together from its entries.
///
/// # Errors
/// [`LogError`].
pub fn document(conn: &Connection, kind: &Kind, field: &str, id: &Subject) -> Result<Live, LogError> {
    let name = kind.document(field);
    let entries = log::entries_of(conn, id)?;
    let updates = entries.iter().filter(|e| e.header.kind == name).filter_map(|e| document_update(e.payload()?));
    Ok(Live::of(updates))
}

/// What a document says, for the search box.
fn document_text(document: &Live) -> String {
    document.tree().map(|tree| documents::plain(&tree)).unwrap_or_default()
}

fn searched(folded: &Folded) -> String {
    let mut words = String::new();
    for field in folded.kind.fields.iter().filter(|f| f.searched && !f.secret) {
        match folded.get(field.name) {
            Some(Value::Text(text)) => {
                words.push_str(text);
                words.push(' ');
            }
            Some(Value::Names(names)) => names.values().for_each(|name| {
                words.push_str(name);
                words.push(' ');
            }),
            _ => {}
        }
        if let Some(updates) = folded.documents.get(field.name) {
            words.push_str(&document_text(&Live::of(updates.iter().map(Vec::as_slice))));
            words.push(' ');
        }
    }
    text::search_terms(&words)
}

fn search(conn: &Connection, subject: &Subject, folded: &Folded) -> Result<(), LogError> {
    if folded.kind.hidden {
        return Ok(());
    }
    let terms = if folded.is_removed() { String::new() } else { searched(folded) };
    let old: Option<i64> = conn
        .prepare_cached("SELECT doc FROM search_doc WHERE id = ?1")?
        .query_row([subject.as_bytes()], |r| r.get(0))
        .optional()?;
    if let Some(doc) = old {
        conn.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([doc])?;
        conn.prepare_cached("DELETE FROM search_doc WHERE doc = ?1")?.execute([doc])?;
    }
    add_to_search(conn, subject, folded.kind, home_column(&folded.scope), &terms)
}

fn add_to_search(
    conn: &Connection,
    subject: &Subject,
    kind: &Kind,
    home: Option<Subject>,
    terms: &str,
) -> Result<(), LogError> {
    if terms.trim().is_empty() {
        return Ok(());
    }
    conn.prepare_cached("INSERT INTO search_doc (id, kind, home) VALUES (?1, ?2, ?3)")?.execute(params![
        subject.as_bytes(),
        kind.name,
        home.as_ref().map(Subject::as_bytes)
    ])?;
    let doc = conn.last_insert_rowid();
    conn.prepare_cached("INSERT INTO search (rowid, terms) VALUES (?1, ?2)")?.execute(params![doc, terms])?;
    Ok(())
}

fn is_words(shape: Shape) -> bool {
    !shape.is_set() && shape != Shape::Document
}

fn rebuild_search(conn: &Connection, kinds: &Kinds) -> Result<(), LogError> {
    for kind in kinds.all().filter(|k| !k.hidden) {
        let fields: Vec<&str> =
            kind.fields.iter().filter(|f| f.searched && !f.secret && is_words(f.shape)).map(|f| f.name).collect();
        if fields.is_empty() {
            continue;
        }
        let documents: Vec<&str> =
            kind.fields.iter().filter(|f| f.searched && f.shape == Shape::Document).map(|f| f.name).collect();
        let words = fields.iter().map(|f| {
            let names = kind.field(f).is_some_and(|f| f.shape == Shape::Names);
            if names {
                format!("coalesce((SELECT group_concat(value, ' ') FROM json_each({f})), '')")
            } else {
                format!("coalesce({f}, '')")
            }
        });
        let sql = format!(
            "SELECT id, home, {} FROM {} ORDER BY id",
            words.collect::<Vec<_>>().join(" || ' ' || "),
            kind.name
        );
        let mut stmt = conn.prepare(&sql)?;
        let mut rows = stmt.query([])?;
        while let Some(row) = rows.next()? {
            let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
            let home: Option<Vec<u8>> = row.get(1)?;
            let home = home.map(|h| Subject::try_from(h.as_slice())).transpose()?;
            let mut said = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?.to_owned();
            for field in &documents {
                said.push(' ');
                said.push_str(&document_text(&document(conn, kind, field, &id)?));
            }
            add_to_search(conn, &id, kind, home, &text::search_terms(&said))?;
        }
    }
    Ok(())
}

/// So that a row's values of different types can stand in one list.
trait IntoOutput<'a> {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError>;
}

impl<'a> IntoOutput<'a> for &'a [u8] {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self)))
    }
}
impl<'a> IntoOutput<'a> for &'a str {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes())))
    }
}
impl<'a> IntoOutput<'a> for i64 {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError> {
        Ok(ToSqlOutput::Owned(rusqlite::types::Value::Integer(self)))
    }
}
impl<'a> IntoOutput<'a> for bool {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError> {
        i64::from(self).into_output()
    }
}
impl<'a, T: IntoOutput<'a>> IntoOutput<'a> for Option<T> {
    fn into_output(self) -> Result<ToSqlOutput<'a>, LogError> {
        match self {
            Some(value) => value.into_output(),
            None => Ok(ToSqlOutput::Owned(rusqlite::types::Value::Null)),
        }
    }
}
