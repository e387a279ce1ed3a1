//! The log's own kinds of fact: rulings on clocks, erasures, and their acknowledgements.

use base::{Hash, Hlc, NodeId, Scope, Subject};
use rusqlite::{OptionalExtension, params};

use crate::append::{Ids, clock_column};
use crate::packed::Unpacker;
use crate::store::Tx;
use crate::{Draft, Entry, LogError, commit};

/// A ruling of the hub: an entry's clock lay in the future; this is the clock that counts.
pub const RULING: &str = "log.ruling";
/// An erasure: salt and payload of some kinds of entry of this subject are destroyed on every node.
pub const ERASE: &str = "log.erase";
/// A node's acknowledgement that it has erased.
pub const ERASED: &str = "log.erased";

/// How far ahead of a node's clock an entry may be and still be folded, in milliseconds.
pub(crate) const AHEAD_MS: u64 = 10 * 60 * 1000;

/// The fact that erases entries of a subject. `kinds` must name at least one.
///
/// # Errors
/// [`LogError::Malformed`] without a kind.
pub fn erase_draft(scope: Scope, subject: Subject, kinds: &[&str]) -> Result<Draft, LogError> {
    if kinds.is_empty() || kinds.iter().any(|k| k.starts_with("log.")) {
        return Err(LogError::malformed("an erasure", "it names no kind that can be erased"));
    }
    let payload = minicbor::to_vec(kinds).map_err(|e| LogError::malformed("an erasure", e))?;
    Ok(Draft { scope, subject, kind: ERASE.to_owned(), payload, base: None })
}

/// Does what an entry of the log's own kinds says. `binding`: the hub or this node itself wrote it, so a
/// ruling counts. Of another node's erasures only those count that concern what is personal, in a scope that is not
/// everybody's: a stolen box must not empty the programme.
pub(crate) fn apply(tx: &Tx<'_>, entry: &Entry, binding: bool) -> Result<(), LogError> {
    let Some(payload) = entry.payload() else { return Ok(()) };
    match entry.header.kind.as_str() {
        RULING if binding => rule(tx, entry, payload),
        ERASE => erase(tx, entry, payload, binding),
        ERASED => {
            tx.conn()
                .prepare_cached("INSERT OR IGNORE INTO erasure_seen VALUES (?1, ?2)")?
                .execute(params![entry.header.subject.as_bytes(), entry.header.node.as_bytes()])?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What stands in a ruling.
pub(crate) struct Ruling {
    pub node: NodeId,
    pub seq: u64,
    pub effective: Hlc,
}

impl Ruling {
    fn encode(&self) -> Result<Vec<u8>, LogError> {
        let node = minicbor::bytes::ByteVec::from(self.node.as_bytes().to_vec());
        minicbor::to_vec((node, self.seq, self.effective.0)).map_err(|e| LogError::malformed("a ruling", e))
    }

    fn decode(bytes: &[u8]) -> Result<Self, LogError> {
        let (node, seq, effective): (minicbor::bytes::ByteVec, u64, u64) =
            minicbor::decode(bytes).map_err(|e| LogError::malformed("a ruling", e))?;
        if effective > i64::MAX.cast_unsigned() || seq > i64::MAX.cast_unsigned() {
            return Err(LogError::malformed("a ruling", "a number out of range"));
        }
        Ok(Self { node: NodeId::try_from(node.as_slice())?, seq, effective: Hlc(effective) })
    }
}

fn rule(tx: &Tx<'_>, entry: &Entry, payload: &[u8]) -> Result<(), LogError> {
    // Bytes that are no ruling rule nothing; the entry itself is kept and passed on.
    let Ok(ruling) = Ruling::decode(payload) else { return Ok(()) };
    let scope = entry.header.scope;
    let conn = tx.conn();
    conn.prepare_cached("INSERT OR IGNORE INTO ruling VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        scope.to_bytes(),
        ruling.node.as_bytes(),
        ruling.seq.cast_signed(),
        clock_column(ruling.effective)
    ])?;
    if let Some(ids) = Ids::find(conn, &scope, ruling.node)? {
        let subject: Option<Vec<u8>> = conn
            .prepare_cached(
                "UPDATE entry SET held = 0, effective = ?4 WHERE scope = ?1 AND node = ?2 AND seq = ?3
                 RETURNING subject",
            )?
            .query_row(params![ids.scope, ids.node, ruling.seq.cast_signed(), clock_column(ruling.effective)], |r| {
                r.get(0)
            })
            .optional()?;
        if let Some(subject) = subject {
            tx.touch(Subject::try_from(subject.as_slice())?);
        }
    }
    if ruling.node == tx.store.key().id() {
        // Our own clock ran ahead: what we write from now on must not be ahead again.
        tx.store.clock.reset(ruling.effective);
    }
    Ok(())
}

/// The clock that a ruling has already given to an entry which comes only now.
pub(crate) fn ruled(tx: &Tx<'_>, scope: &Scope, node: NodeId, seq: u64) -> Result<Option<Hlc>, LogError> {
    let found: Option<i64> = tx
        .conn()
        .prepare_cached("SELECT effective FROM ruling WHERE scope = ?1 AND node = ?2 AND seq = ?3")?
        .query_row(params![scope.to_bytes(), node.as_bytes(), seq.cast_signed()], |r| r.get(0))
        .optional()?;
    Ok(found.map(|e| Hlc(e.cast_unsigned())))
}

/// The end of the names of kinds that hold what is personal.
const PERSONAL: &str = ".identity";

fn erase(tx: &Tx<'_>, entry: &Entry, payload: &[u8], binding: bool) -> Result<(), LogError> {
    let kinds: Vec<&str> = match minicbor::decode(payload) {
        Ok(kinds) => kinds,
        Err(_) => return Ok(()),
    };
    let everybodys = matches!(entry.header.scope, Scope::Programme(_));
    if !binding && (everybodys || kinds.iter().any(|k| !k.ends_with(PERSONAL))) {
        return Ok(());
    }
    let subject = entry.header.subject;
    let conn = tx.conn();
    let mut unpacker = Unpacker::default();
    for kind in kinds.into_iter().filter(|k| !k.starts_with("log.")) {
        conn.prepare_cached("INSERT OR IGNORE INTO erasure VALUES (?1, ?2)")?
            .execute(params![subject.as_bytes(), kind])?;
        let rows: Vec<(i64, Hash)> = conn
            .prepare_cached(
                "SELECT e.id, e.salt, e.payload, e.size FROM entry e JOIN log_kind k ON k.id = e.kind
                 WHERE e.subject = ?1 AND k.kind = ?2 AND e.salt IS NOT NULL",
            )?
            .query_map(params![subject.as_bytes(), kind], |r| {
                let payload = unpacker.unpack(r.get_ref(2)?.as_blob()?, r.get(3)?);
                Ok((r.get(0)?, commit(&r.get(1)?, &payload)))
            })?
            .collect::<Result<_, _>>()?;
        for (id, commitment) in rows {
            conn.prepare_cached(
                "UPDATE entry SET salt = NULL, payload = NULL, size = NULL, commitment = ?2 WHERE id = ?1",
            )?
            .execute(params![id, commitment.as_bytes()])?;
        }
    }
    tx.erased.set(true);
    tx.touch(subject);
    acknowledge(tx, entry.header.scope, subject)
}

fn acknowledge(tx: &Tx<'_>, scope: Scope, subject: Subject) -> Result<(), LogError> {
    let done: bool = tx
        .conn()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erasure_seen WHERE subject = ?1 AND node = ?2)")?
        .query_row(params![subject.as_bytes(), tx.store.key().id().as_bytes()], |r| r.get(0))?;
    if done {
        return Ok(());
    }
    let draft = Draft { scope, subject, kind: ERASED.to_owned(), payload: vec![0x80], base: None };
    tx.append(&draft).map(|_| ())
}

/// Whether entries of this kind and subject are to be without payload, whenever they come.
pub(crate) fn is_erased(tx: &Tx<'_>, subject: &Subject, kind: &str) -> Result<bool, LogError> {
    Ok(tx
        .conn()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erasure WHERE subject = ?1 AND kind = ?2)")?
        .query_row(params![subject.as_bytes(), kind], |r| r.get(0))?)
}

/// The hub's ruling on entries that are held: each counts as of now, in the order of their chain. Returns how
/// many were ruled upon.
pub(crate) fn rule_on_held(tx: &Tx<'_>) -> Result<usize, LogError> {
    let held: Vec<(Vec<u8>, Vec<u8>, i64)> = tx
        .conn()
        .prepare_cached(
            "SELECT s.scope, n.node, e.seq FROM entry e JOIN log_scope s ON s.id = e.scope
             JOIN log_node n ON n.id = e.node WHERE e.held = 1 ORDER BY e.scope, e.node, e.seq",
        )?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (scope, node, seq) in &held {
        let scope = Scope::from_bytes(scope)?;
        let ruling = Ruling {
            node: NodeId::try_from(node.as_slice())?,
            seq: seq.cast_unsigned(),
            effective: tx.store.clock.tick(tx.now_ms()),
        };
        let subject = tx.subject(&scope);
        let draft = Draft { scope, subject, kind: RULING.to_owned(), payload: ruling.encode()?, base: None };
        tx.append(&draft)?;
    }
    Ok(held.len())
}

/// Folds what was held and whose time has come by this node's clock. Every node comes to the same rows in the
/// end, because such an entry counts with its own clock.
pub(crate) fn release(tx: &Tx<'_>) -> Result<(), LogError> {
    let due = clock_column(Hlc::at_ms(tx.now_ms() + AHEAD_MS));
    let freed: Vec<Vec<u8>> = tx
        .conn()
        .prepare_cached("UPDATE entry SET held = 0 WHERE held = 1 AND clock <= ?1 RETURNING subject")?
        .query_map([due], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    for subject in freed {
        tx.touch(Subject::try_from(subject.as_slice())?);
    }
    Ok(())
}
