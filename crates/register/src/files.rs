//! Files that belong to records: sent with a form, kept by their content, shown and saved again.

use std::collections::BTreeSet;

use base::{Hash, Scope, Subject};
use log::{Context, LogError, Tx};
use records::{
    Access, Change, FILES, Field, Home, Kind, Kinds, RecordError, Role, Shape, Value, append, check, record_scope,
};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Sent, Site};

use crate::command::{may_change, visible};
use crate::history::done;
use crate::look::{Look, id_at};

/// The largest number of bytes that a fact may say a file has.
const MOST: i64 = 1 << 42;

/// A file: what it is called, what it is, and the hash of its content. The content travels as a blob.
pub static FILE: Kind = Kind {
    name: "file",
    route: "files",
    icon: "file-text",
    home: Home::Elsewhere,
    title: &["name"],
    fields: &[
        // People put names of people into names of files.
        Field::line("name").required().personal().column().searched(),
        Field::line("media").required().by_move().column(),
        Field::int("bytes", 0, MOST).required().by_move().column(),
        Field::blob("content").required().personal().secret().by_move(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(&[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local], &[]),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// Refuses who may not add files to the record: asked before the files are read.
pub(crate) fn may_add(site: &Site, request: &Request, kind: &'static Kind) -> Result<(), PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.read(|conn| {
        visible(conn, reader, kind, &id)?;
        may_change(conn, reader, kind, &id)
    })
}

/// Adds the files that came to the record.
pub(crate) fn add(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    if request.files.is_empty() {
        return Err(PageError::Rule("no-file".to_owned()));
    }
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        attach(tx, site, kind, &id, &request.files)?;
        check(tx, kind, &id)
    })?;
    Ok(done(kind, id, "done-saved"))
}

/// Puts files that were sent beside a record; gives the files, in order.
///
/// # Errors
/// What the log says.
pub fn attach(
    tx: &Tx<'_>,
    site: &Site,
    kind: &Kind,
    id: &Subject,
    files: &[Sent],
) -> Result<Vec<Subject>, RecordError> {
    let scope = record_scope(tx.conn(), site.programme, kind, id)?;
    let mut added = Change::new();
    let mut made = Vec::new();
    for sent in files {
        let file = tx.subject(&scope);
        append(tx, &FILE, scope, file, said_of(sent), None)?;
        added = added.with_added(FILES, Value::link(&file));
        made.push(file);
    }
    append(tx, kind, scope, *id, added, None)?;
    Ok(made)
}

/// Puts one file beside a record under an id by its time and its chance; nothing where that file is here already, so that
/// what comes twice is added once. Asks whether the reader may, first.
///
/// # Errors
/// [`PageError`].
pub fn attach_as(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    id: &Subject,
    sent: &Sent,
    (ms, chance): (u64, u32),
) -> Result<(), PageError> {
    let reader = request.reader()?;
    visible(tx.conn(), reader, kind, id)?;
    may_change(tx.conn(), reader, kind, id)?;
    let scope = record_scope(tx.conn(), site.programme, kind, id)?;
    let file = Subject::new(&scope, ms, chance);
    if !log::entries_of(tx.conn(), &file)?.is_empty() {
        return Ok(());
    }
    append(tx, &FILE, scope, file, said_of(sent), None)?;
    append(tx, kind, scope, *id, Change::new().with_added(FILES, Value::link(&file)), None)?;
    Ok(check(tx, kind, id)?)
}

fn said_of(sent: &Sent) -> Change {
    let name = if sent.name.is_empty() { sent.hash.to_string() } else { sent.name.clone() };
    Change::new()
        .with_text("name", name)
        .with_text("media", sent.media)
        .with("bytes", Value::Int(i64::try_from(sent.len).unwrap_or(MOST)))
        .with("content", Value::Bytes(sent.hash.0.to_vec()))
}

/// The content of a file.
pub(crate) fn content(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    site.store.read(|conn| {
        visible(conn, request.reader()?, &FILE, &id)?;
        let found: (Option<String>, Option<String>, Option<Vec<u8>>) = conn
            .prepare_cached("SELECT name, media, content FROM file WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let (name, media, Some(hash)) = found else { return Err(PageError::NotFound) };
        let hash = Hash::try_from(hash.as_slice()).map_err(|_| PageError::NotFound)?;
        let media = media.unwrap_or_else(|| media::UNKNOWN.to_owned());
        Ok(Reply::File { hash, media, name: name.unwrap_or_default() })
    })
}

/// A file as a record's page shows it.
pub(crate) struct Shown {
    pub id: Subject,
    pub name: String,
    pub size: String,
    /// Whether its content has come to this node.
    pub here: bool,
    pub is_picture: bool,
}

/// The files of a record that the reader sees.
pub(crate) fn of_record(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    kind: &Kind,
    id: &Subject,
) -> Result<Vec<Shown>, PageError> {
    if kind.name == FILE.name {
        return shown(site, look, request, "f.id = ?1", id);
    }
    if kind.field(FILES).is_none() {
        return Ok(Vec::new());
    }
    shown(site, look, request, &format!("f.id IN (SELECT value FROM {}_{FILES} WHERE id = ?1)", kind.name), id)
}

fn shown(site: &Site, look: &Look<'_>, request: &Request, which: &str, id: &Subject) -> Result<Vec<Shown>, PageError> {
    let sees = request.reader()?.sees(&FILE, "f");
    let sql = format!(
        "SELECT f.id, f.name, coalesce(f.media, ''), coalesce(f.bytes, 0), f.content FROM file f
         WHERE {which} AND f.content IS NOT NULL AND {sees} ORDER BY f.name, f.id"
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let media: String = row.get(2)?;
        let hash: Vec<u8> = row.get(4)?;
        out.push(Shown {
            id: id_at(row, 0)?,
            name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            size: look.words.bytes(u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0)),
            here: Hash::try_from(hash.as_slice()).is_ok_and(|hash| site.blobs.has(&hash)),
            is_picture: media::is_picture(&media),
        });
    }
    Ok(out)
}

/// The name of the field that holds what a record's file contains, and of that with its length.
const CONTENT: &str = "content";

/// The kinds of record that have a file's content: files beside records, and those that rooms keep otherwise.
fn with_content(kinds: &Kinds) -> impl Iterator<Item = &'static Kind> {
    kinds.all().filter(|k| k.field(CONTENT).is_some_and(|f| f.shape == Shape::Blob))
}

/// A content that this node would like to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The kind of the record that names it.
    pub kind: &'static str,
    /// The record.
    pub record: Subject,
    /// The content.
    pub content: Hash,
    /// Its length, as the record says.
    pub bytes: u64,
}

/// The contents that records name which stand.
///
/// # Errors
/// What the database says.
pub fn wanted(conn: &Connection, kinds: &Kinds) -> rusqlite::Result<Vec<Wanted>> {
    let mut out = Vec::new();
    for kind in with_content(kinds) {
        let sql = format!("SELECT id, content, bytes FROM {} WHERE content IS NOT NULL", kind.name);
        let mut stmt = conn.prepare_cached(&sql)?;
        let mut rows = stmt.query([])?;
        while let Some(row) = rows.next()? {
            let content = Hash::try_from(row.get_ref(1)?.as_blob()?);
            let bytes = u64::try_from(row.get::<_, Option<i64>>(2)?.unwrap_or(0));
            out.extend(content.ok().zip(bytes.ok()).zip(id_at(row, 0).ok()).map(|((content, bytes), record)| Wanted {
                kind: kind.name,
                record,
                content,
                bytes,
            }));
        }
    }
    Ok(out)
}

/// The contents that any fact names that was not erased: what a sweep leaves. A file that was withdrawn can be
/// brought back, so its content stays.
///
/// # Errors
/// What the log says.
pub fn named(conn: &Connection, kinds: &Kinds) -> Result<BTreeSet<Hash>, LogError> {
    let mut out = BTreeSet::new();
    for kind in with_content(kinds) {
        let personal = kind.field(CONTENT).is_some_and(|f| f.personal);
        let entries = if personal { kind.identity() } else { kind.name.to_owned() };
        log::each_of_kind(conn, &entries, |entry| {
            let said = entry.payload().and_then(|p| Change::decode(p).ok());
            if let Some(Value::Bytes(hash)) = said.as_ref().and_then(|c| c.set.get(CONTENT)) {
                out.extend(Hash::try_from(hash.as_slice()).ok());
            }
            Ok::<_, LogError>(())
        })?;
    }
    Ok(out)
}

/// Whether a record with this content lies in a scope that passes.
///
/// # Errors
/// What the database says.
pub fn lies_in(
    conn: &Connection,
    kinds: &Kinds,
    programme: [u8; 16],
    content: &Hash,
    passes: &dyn Fn(&Scope) -> bool,
) -> Result<bool, RecordError> {
    for kind in with_content(kinds) {
        let mut stmt = conn.prepare_cached(&format!("SELECT id FROM {} WHERE content = ?1", kind.name))?;
        let ids = stmt.query_map([content.0.as_slice()], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        for id in ids {
            if passes(&record_scope(conn, programme, kind, &id)?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
