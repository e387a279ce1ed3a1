use std::collections::BTreeMap;

use base::{Hash, Hlc, NodeId, Scope, Subject};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::append::{Ids, sign_tips};
use crate::packed::Unpacker;
use crate::store::{Store, Tx};
use crate::{Context, Entry, Frontier, Header, LogError, Segment, own};

/// How far a node has each chain: what another lacks follows from it.
pub type Vector = BTreeMap<(Scope, NodeId), Head>;

/// The end of a chain as one node has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

const ENTRY: &str = "SELECT s.scope, n.node, e.seq, e.clock, e.author, e.subject, k.kind, e.base, e.salt,
        e.payload, e.commitment, e.effective, e.size
     FROM entry e JOIN log_scope s ON s.id = e.scope JOIN log_node n ON n.id = e.node
     JOIN log_kind k ON k.id = e.kind";

/// The entries of a subject in the order of folding; those held for their clock are left out.
pub fn entries_of(conn: &Connection, subject: &Subject) -> Result<Vec<Entry>, LogError> {
    let sql = const_format_entry("WHERE e.subject = ?1 AND e.held = 0");
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut unpacker = Unpacker::default();
    let rows = stmt.query_map([subject.as_bytes()], |r| Ok(entry_of_row(r, &mut unpacker)))?;
    let mut out = rows.map(|r| r?).collect::<Result<Vec<_>, LogError>>()?;
    out.sort_by_key(Entry::order);
    Ok(out)
}

/// Calls back with each subject of the log and its entries in the order of folding, subjects in order.
pub fn each_subject<E: From<LogError>>(
    conn: &Connection,
    mut f: impl FnMut(Subject, &[Entry]) -> Result<(), E>,
) -> Result<(), E> {
    let sql = const_format_entry("WHERE e.held = 0 ORDER BY e.subject");
    let mut stmt = conn.prepare(&sql).map_err(LogError::from)?;
    let mut rows = stmt.query([]).map_err(LogError::from)?;
    let mut unpacker = Unpacker::default();
    let mut batch: Vec<Entry> = Vec::new();
    while let Some(row) = rows.next().map_err(LogError::from)? {
        let entry = entry_of_row(row, &mut unpacker)?;
        if batch.first().is_some_and(|first| first.header.subject != entry.header.subject) {
            flush(&mut batch, &mut f)?;
        }
        batch.push(entry);
    }
    flush(&mut batch, &mut f)
}

/// Calls back with each entry of a kind whose payload is here, withdrawn or not, in no order.
pub fn each_of_kind<E: From<LogError>>(
    conn: &Connection,
    kind: &str,
    mut f: impl FnMut(&Entry) -> Result<(), E>,
) -> Result<(), E> {
    let sql = const_format_entry("WHERE k.kind = ?1 AND e.payload IS NOT NULL");
    let mut stmt = conn.prepare(&sql).map_err(LogError::from)?;
    let mut rows = stmt.query([kind]).map_err(LogError::from)?;
    let mut unpacker = Unpacker::default();
    while let Some(row) = rows.next().map_err(LogError::from)? {
        f(&entry_of_row(row, &mut unpacker)?)?;
    }
    Ok(())
}

fn flush<E>(batch: &mut Vec<Entry>, f: &mut impl FnMut(Subject, &[Entry]) -> Result<(), E>) -> Result<(), E> {
    batch.sort_by_key(Entry::order);
    if let Some(first) = batch.first() {
        f(first.header.subject, batch)?;
    }
    batch.clear();
    Ok(())
}

/// What this node has seen of a subject.
pub fn frontier(conn: &Connection, subject: &Subject) -> Result<Frontier, LogError> {
    let mut stmt = conn.prepare_cached(
        "SELECT n.node, max(e.seq) FROM entry e JOIN log_node n ON n.id = e.node
         WHERE e.subject = ?1 AND e.held = 0 GROUP BY e.node ORDER BY n.node",
    )?;
    let rows = stmt.query_map([subject.as_bytes()], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, i64>(1)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (node, seq) = row?;
        out.push((NodeId::try_from(node.as_slice())?, seq.cast_unsigned()));
    }
    Ok(Frontier(out))
}

/// How far this node has each chain, for the scopes that a peer may hold.
pub fn vector(conn: &Connection, may: &dyn Fn(&Scope) -> bool) -> Result<Vector, LogError> {
    let mut stmt = conn.prepare_cached(
        "SELECT s.scope, n.node, t.seq, t.hash FROM tip t JOIN log_scope s ON s.id = t.scope
         JOIN log_node n ON n.id = t.node",
    )?;
    let mut rows = stmt.query([])?;
    let mut out = Vector::new();
    while let Some(row) = rows.next()? {
        let scope = Scope::from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        if may(&scope) {
            let node = NodeId::try_from(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            let hash = Hash::try_from(row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)?;
            out.insert((scope, node), Head { seq: row.get::<_, i64>(2)?.cast_unsigned(), hash });
        }
    }
    Ok(out)
}

/// A short digest of a vector: two nodes with the same digest have the same entries.
pub fn digest(vector: &Vector) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for ((scope, node), head) in vector {
        hasher.update(&scope.to_bytes()).update(node.as_bytes());
        hasher.update(&head.seq.to_be_bytes()).update(head.hash.as_bytes());
    }
    Hash(*hasher.finalize().as_bytes())
}

/// The hash of an entry by its place in a chain, if it is here.
pub fn hash_at(conn: &Connection, scope: &Scope, node: NodeId, seq: u64) -> Result<Option<Hash>, LogError> {
    let Some(ids) = Ids::find(conn, scope, node)? else { return Ok(None) };
    let found: Option<Vec<u8>> = conn
        .prepare_cached("SELECT hash FROM entry WHERE scope = ?1 AND node = ?2 AND seq = ?3")?
        .query_row(params![ids.scope, ids.node, seq.cast_signed()], |r| r.get(0))
        .optional()?;
    found.map(|h| Ok(Hash::try_from(h.as_slice())?)).transpose()
}

/// The next segment of a chain after a number, ending at a signed head and as large as is good to send; `None`
/// when there is no more.
pub fn since(conn: &Connection, scope: &Scope, node: NodeId, after: u64) -> Result<Option<Segment>, LogError> {
    let Some(ids) = Ids::find(conn, scope, node)? else { return Ok(None) };
    let mut heads = conn.prepare_cached(
        "SELECT h.seq, h.signature,
           (SELECT coalesce(sum(coalesce(e.size, length(e.payload))), 0) + 64 * count(*) FROM entry e
             WHERE e.scope = ?1 AND e.node = ?2 AND e.seq > coalesce(lag, ?3) AND e.seq <= h.seq)
         FROM (SELECT seq, signature, lag(seq) OVER (ORDER BY seq) AS lag FROM head
                WHERE scope = ?1 AND node = ?2 AND seq > ?3) h ORDER BY h.seq",
    )?;
    let mut rows = heads.query(params![ids.scope, ids.node, after.cast_signed()])?;
    let mut end: Option<(i64, Vec<u8>)> = None;
    let mut size = 0;
    while let Some(row) = rows.next()? {
        size += row.get::<_, i64>(2)?;
        if end.is_some() && size > crate::segment::GOOD_RAW {
            break;
        }
        end = Some((row.get(0)?, row.get(1)?));
        if size > crate::segment::GOOD_RAW {
            break;
        }
    }
    let Some((last, signature)) = end else { return Ok(None) };
    let sql = const_format_entry("WHERE e.scope = ?1 AND e.node = ?2 AND e.seq > ?3 AND e.seq <= ?4 ORDER BY e.seq");
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut unpacker = Unpacker::default();
    let rows = stmt
        .query_map(params![ids.scope, ids.node, after.cast_signed(), last], |r| Ok(entry_of_row(r, &mut unpacker)))?;
    let entries = rows.map(|r| r?).collect::<Result<Vec<_>, LogError>>()?;
    Ok(Some(Segment { scope: *scope, node, entries, signature }))
}

/// How many entries of the chains a peer lacks, by its vector: what waits.
pub fn lacking(own: &Vector, peer: &Vector) -> u64 {
    own.iter().map(|(chain, head)| head.seq.saturating_sub(peer.get(chain).map_or(0, |p| p.seq))).sum()
}

/// An entry by its place in a chain.
pub fn entry_at(conn: &Connection, scope: &Scope, node: NodeId, seq: u64) -> Result<Option<Entry>, LogError> {
    let Some(ids) = Ids::find(conn, scope, node)? else { return Ok(None) };
    let sql = const_format_entry("WHERE e.scope = ?1 AND e.node = ?2 AND e.seq = ?3");
    let mut unpacker = Unpacker::default();
    conn.prepare_cached(&sql)?
        .query_row(params![ids.scope, ids.node, seq.cast_signed()], |r| Ok(entry_of_row(r, &mut unpacker)))
        .optional()?
        .transpose()
}

/// What a log holds, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entries.
    pub entries: u64,
    /// Bytes of payload.
    pub payload_bytes: u64,
    /// Scopes.
    pub scopes: u64,
    /// Nodes that wrote.
    pub nodes: u64,
    /// Entries whose payload is erased.
    pub erased: u64,
    /// Entries held because their clock lies in the future.
    pub held: u64,
}

/// Counts what the log holds.
pub fn stats(conn: &Connection) -> Result<Stats, LogError> {
    Ok(conn.query_row(
        "SELECT count(*), coalesce(sum(coalesce(size, length(payload))), 0), (SELECT count(*) FROM log_scope),
                (SELECT count(DISTINCT node) FROM tip), coalesce(sum(payload IS NULL), 0),
                (SELECT count(*) FROM entry WHERE held = 1) FROM entry",
        [],
        |r| {
            let n = |i: usize| r.get::<_, i64>(i).map(i64::cast_unsigned);
            Ok(Stats { entries: n(0)?, payload_bytes: n(1)?, scopes: n(2)?, nodes: n(3)?, erased: n(4)?, held: n(5)? })
        },
    )?)
}

/// The nodes that have acknowledged the erasure of a subject.
pub fn erased_by(conn: &Connection, subject: &Subject) -> Result<Vec<NodeId>, LogError> {
    let mut stmt = conn.prepare_cached("SELECT node FROM erasure_seen WHERE subject = ?1 ORDER BY node")?;
    let rows = stmt.query_map([subject.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
    rows.map(|r| Ok(NodeId::try_from(r?.as_slice())?)).collect()
}

impl Store {
    /// Signs the ends of this node's chains, so that all it wrote can be sent.
    ///
    /// # Errors
    /// [`LogError::Sql`].
    pub fn sign(&self) -> Result<(), LogError> {
        self.write(Context::NODE, |tx: &Tx<'_>| sign_tips(tx))
    }

    /// Folds what was held for its clock and is due now. On the hub (`ruling`) what is still ahead is ruled
    /// upon; the number of rulings is returned.
    ///
    /// # Errors
    /// [`LogError::Sql`].
    pub fn settle_clocks(&self, ruling: bool) -> Result<usize, LogError> {
        let held = self.read(|conn| Ok::<_, LogError>(stats(conn)?.held))?;
        if held == 0 {
            return Ok(0);
        }
        self.write(Context::NODE, |tx: &Tx<'_>| {
            own::release(tx)?;
            if ruling { own::rule_on_held(tx) } else { Ok(0) }
        })
    }
}

fn const_format_entry(rest: &str) -> String {
    format!("{ENTRY} {rest}")
}

fn entry_of_row(row: &Row<'_>, unpacker: &mut Unpacker) -> Result<Entry, LogError> {
    let blob = |i: usize| -> Result<&[u8], LogError> { Ok(row.get_ref(i)?.as_blob().map_err(rusqlite::Error::from)?) };
    let optional = |i: usize| -> Result<Option<&[u8]>, LogError> {
        Ok(row.get_ref(i)?.as_blob_or_null().map_err(rusqlite::Error::from)?)
    };
    let clock = Hlc(row.get::<_, i64>(3)?.cast_unsigned());
    let effective = row.get::<_, Option<i64>>(11)?.map_or(clock, |e| Hlc(e.cast_unsigned()));
    let content = match (optional(8)?, optional(9)?) {
        (Some(salt), Some(payload)) => {
            let salt = salt.try_into().map_err(|_| LogError::malformed("an entry", "its salt"))?;
            Some((salt, unpacker.unpack(payload, row.get(12)?)))
        }
        _ => None,
    };
    let commitment = match (&content, optional(10)?) {
        (Some((salt, payload)), _) => crate::commit(salt, payload),
        (None, Some(kept)) => Hash::try_from(kept)?,
        (None, None) => return Err(LogError::malformed("an entry", "it has neither payload nor commitment")),
    };
    Ok(Entry {
        header: Header {
            scope: Scope::from_bytes(blob(0)?)?,
            node: NodeId::try_from(blob(1)?)?,
            seq: row.get::<_, i64>(2)?.cast_unsigned(),
            clock,
            author: Subject::try_from(blob(4)?)?,
            subject: Subject::try_from(blob(5)?)?,
            kind: row.get(6)?,
            base: optional(7)?.map_or_else(|| Ok(Frontier::default()), Frontier::from_bytes)?,
            commitment,
        },
        content,
        effective,
    })
}
