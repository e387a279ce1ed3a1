use base::{Hash, Hlc, NodeId, Scope, Subject};
use rusqlite::{Connection, OptionalExtension, params};

use crate::entry::check_header;
use crate::store::Tx;
use crate::{Entry, Frontier, Header, LogError, MAX_PAYLOAD, commit, header_hash, read};

/// A head is signed at least this often, so that what is sent between two heads stays small.
pub(crate) const HEAD_EVERY: u64 = 256;

/// A fact to be appended.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which nodes will hold it.
    pub scope: Scope,
    /// What it is about.
    pub subject: Subject,
    /// What kind of fact it is.
    pub kind: String,
    /// Deterministic CBOR, at most [`MAX_PAYLOAD`] bytes.
    pub payload: Vec<u8>,
    /// What the author had seen of the subject; `None` if all that this node has, because the command
    /// itself has just read it.
    pub base: Option<Frontier>,
}

pub(crate) fn append(tx: &Tx<'_>, draft: &Draft) -> Result<Entry, LogError> {
    if draft.payload.len() > MAX_PAYLOAD {
        return Err(LogError::TooLarge { what: "a fact", size: draft.payload.len(), limit: MAX_PAYLOAD });
    }
    let conn = tx.conn();
    let key = &tx.store.key;
    let node = key.id();
    let ids = Ids::take(conn, &draft.scope, node)?;
    let (seq, previous) = tip(conn, ids)?;
    let salt = tx.store.env.bytes::<16>();
    let header = Header {
        node,
        scope: draft.scope,
        seq: seq + 1,
        clock: tx.store.clock.tick(tx.now_ms()),
        author: tx.author(),
        subject: draft.subject,
        kind: draft.kind.clone(),
        base: match &draft.base {
            Some(base) => base.clone(),
            None => read::frontier(conn, &draft.subject)?,
        },
        commitment: commit(&salt, &draft.payload),
    };
    check_header(&header)?;
    let hash = header_hash(&previous, &header);
    let entry = Entry { effective: header.clock, content: Some((salt, draft.payload.clone())), header };
    insert(tx, ids, &entry, &hash, false)?;
    set_tip(conn, ids, entry.header.seq, &hash)?;
    if entry.header.seq.is_multiple_of(HEAD_EVERY) {
        sign(tx, ids, &draft.scope, entry.header.seq, &hash)?;
    }
    Ok(entry)
}

/// Signs the ends of this node's own chains, so that all it has can be sent. Called before sending.
pub(crate) fn sign_tips(tx: &Tx<'_>) -> Result<(), LogError> {
    let own = tx.store.key.id();
    let unsigned = {
        let mut stmt = tx.conn().prepare_cached(
            "SELECT t.scope, t.node, t.seq, t.hash, s.scope FROM tip t
             JOIN log_node n ON n.id = t.node AND n.node = ?1
             JOIN log_scope s ON s.id = t.scope
             WHERE NOT EXISTS (SELECT 1 FROM head h WHERE h.scope = t.scope AND h.node = t.node AND h.seq = t.seq)",
        )?;
        let rows = stmt.query_map([own.as_bytes()], |r| {
            let ids = Ids { scope: r.get(0)?, node: r.get(1)? };
            Ok((ids, r.get::<_, i64>(2)?, r.get::<_, Vec<u8>>(3)?, r.get::<_, Vec<u8>>(4)?))
        })?;
        rows.collect::<Result<Vec<_>, _>>()?
    };
    for (ids, seq, hash, scope) in unsigned {
        let scope = Scope::from_bytes(&scope)?;
        sign(tx, ids, &scope, seq.cast_unsigned(), &Hash::try_from(hash.as_slice())?)?;
    }
    Ok(())
}

fn sign(tx: &Tx<'_>, ids: Ids, scope: &Scope, seq: u64, hash: &Hash) -> Result<(), LogError> {
    let signature = tx.store.key.sign_head(scope, seq, hash);
    set_head(tx.conn(), ids, seq, &signature)
}

/// The numbers of a scope and a node in this database.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub scope: i64,
    pub node: i64,
}

impl Ids {
    pub fn take(conn: &Connection, scope: &Scope, node: NodeId) -> Result<Self, LogError> {
        Ok(Self {
            scope: number(conn, Table::Scope, &scope.to_bytes())?,
            node: number(conn, Table::Node, node.as_bytes())?,
        })
    }

    /// The numbers, if both are known.
    pub fn find(conn: &Connection, scope: &Scope, node: NodeId) -> Result<Option<Self>, LogError> {
        Ok(conn
            .prepare_cached("SELECT s.id, n.id FROM log_scope s, log_node n WHERE s.scope = ?1 AND n.node = ?2")?
            .query_row(params![scope.to_bytes(), node.as_bytes()], |r| Ok(Self { scope: r.get(0)?, node: r.get(1)? }))
            .optional()?)
    }
}

#[derive(Clone, Copy)]
enum Table {
    Scope,
    Node,
}

fn number(conn: &Connection, table: Table, bytes: &[u8]) -> Result<i64, LogError> {
    let (find, add) = match table {
        Table::Scope => ("SELECT id FROM log_scope WHERE scope = ?1", "INSERT INTO log_scope (scope) VALUES (?1)"),
        Table::Node => ("SELECT id FROM log_node WHERE node = ?1", "INSERT INTO log_node (node) VALUES (?1)"),
    };
    if let Some(id) = conn.prepare_cached(find)?.query_row([bytes], |r| r.get(0)).optional()? {
        return Ok(id);
    }
    conn.prepare_cached(add)?.execute([bytes])?;
    Ok(conn.last_insert_rowid())
}

fn kind_number(conn: &Connection, kind: &str) -> Result<i64, LogError> {
    if let Some(id) =
        conn.prepare_cached("SELECT id FROM log_kind WHERE kind = ?1")?.query_row([kind], |r| r.get(0)).optional()?
    {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO log_kind (kind) VALUES (?1)")?.execute([kind])?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn tip(conn: &Connection, ids: Ids) -> Result<(u64, Hash), LogError> {
    let found: Option<(i64, Vec<u8>)> = conn
        .prepare_cached("SELECT seq, hash FROM tip WHERE scope = ?1 AND node = ?2")?
        .query_row([ids.scope, ids.node], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    match found {
        Some((seq, hash)) => Ok((seq.cast_unsigned(), Hash::try_from(hash.as_slice())?)),
        None => Ok((0, Hash([0; 32]))),
    }
}

pub(crate) fn set_tip(conn: &Connection, ids: Ids, seq: u64, hash: &Hash) -> Result<(), LogError> {
    conn.prepare_cached(
        "INSERT INTO tip VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
    )?
    .execute(params![ids.scope, ids.node, seq.cast_signed(), hash.as_bytes()])?;
    Ok(())
}

pub(crate) fn set_head(conn: &Connection, ids: Ids, seq: u64, signature: &[u8]) -> Result<(), LogError> {
    conn.prepare_cached("INSERT OR IGNORE INTO head VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        ids.scope,
        ids.node,
        seq.cast_signed(),
        signature
    ])?;
    Ok(())
}

pub(crate) fn insert(tx: &Tx<'_>, ids: Ids, entry: &Entry, hash: &Hash, held: bool) -> Result<(), LogError> {
    let conn = tx.conn();
    let h = &entry.header;
    let kind = kind_number(conn, &h.kind)?;
    let base = h.base.to_bytes();
    let (salt, payload) = match &entry.content {
        Some((salt, payload)) => (Some(salt.as_slice()), Some(payload.as_slice())),
        None => (None, None),
    };
    let packed = payload.map(|p| tx.pack(p)).transpose()?.flatten();
    let (stored, size) = match &packed {
        Some((packed, size)) => (Some(packed.as_slice()), Some(*size)),
        None => (payload, None),
    };
    conn.prepare_cached(
        "INSERT INTO entry (scope, node, seq, clock, author, subject, kind, base, salt, payload, commitment,
                            hash, effective, held, size)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        ids.scope,
        ids.node,
        h.seq.cast_signed(),
        clock_column(h.clock),
        h.author.as_bytes(),
        h.subject.as_bytes(),
        kind,
        (!base.is_empty()).then_some(base),
        salt,
        stored,
        payload.is_none().then_some(h.commitment.as_bytes()),
        hash.as_bytes(),
        (entry.effective != h.clock).then_some(clock_column(entry.effective)),
        held,
        size
    ])?;
    Ok(())
}

pub(crate) fn clock_column(clock: Hlc) -> i64 {
    clock.0.cast_signed()
}
