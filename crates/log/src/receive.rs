use std::collections::BTreeSet;

use base::{Hash, Hlc, NodeId, Scope};
use rusqlite::Connection;

use crate::append::{Ids, insert, set_head, set_tip, tip};
use crate::entry::header_hash;
use crate::key::verify_head;
use crate::own::{self, AHEAD_MS};
use crate::read::hash_at;
use crate::store::{Store, Tx};
use crate::{Context, LogError, Segment};

/// Who is known and who may write where: asked in the same transaction as the entries are written, so that a
/// node whose enrolment came just before is known.
pub trait Authority: Send + Sync {
    /// The public key of a node that is or was enrolled.
    fn key_of(&self, conn: &Connection, node: NodeId) -> Option<Vec<u8>>;
    /// Whether the node may write in the scope.
    fn may_write(&self, conn: &Connection, node: NodeId, scope: &Scope) -> bool;
    /// The programme's hub.
    fn hub(&self, conn: &Connection) -> Option<NodeId>;
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Entries that were new.
    pub new: u64,
    /// Entries that were here already.
    pub known: u64,
    /// Entries of the new ones whose clock lies in the future.
    pub held: u64,
}

/// Takes a segment in: all of it, or nothing.
///
/// # Errors
/// [`LogError::NotAllowed`] for a node unknown or without right; [`LogError::Signature`]; [`LogError::Gap`] when
/// entries before it are missing; [`LogError::Fork`] when the node has written a number twice.
pub fn receive(store: &Store, authority: &dyn Authority, segment: &Segment) -> Result<Received, LogError> {
    store.write(Context::NODE, |tx| take(tx, authority, segment))
}

fn take(tx: &Tx<'_>, authority: &dyn Authority, segment: &Segment) -> Result<Received, LogError> {
    let conn = tx.conn();
    let (node, scope) = (segment.node, segment.scope);
    let not_allowed = || LogError::NotAllowed { node, scope };
    let key = authority.key_of(conn, node).ok_or_else(not_allowed)?;
    if !authority.may_write(conn, node, &scope) {
        return Err(not_allowed());
    }
    let ids = Ids::take(conn, &scope, node)?;
    let (have, mut previous) = tip(conn, ids)?;
    let first = segment.entries.first().map_or(0, |e| e.header.seq);
    if first == 0 || first > have + 1 {
        return Err(LogError::Gap { node, scope, expected: have + 1, got: first });
    }
    if first <= have {
        previous = match first {
            1 => Hash([0; 32]),
            _ => hash_at(conn, &scope, node, first - 1)?.ok_or(LogError::Gap {
                node,
                scope,
                expected: first - 1,
                got: first,
            })?,
        };
    }
    // The whole chain is walked before anything is believed: one signature at its end covers it.
    let mut hashes = Vec::with_capacity(segment.entries.len());
    for entry in &segment.entries {
        previous = header_hash(&previous, &entry.header);
        hashes.push(previous);
    }
    let last = segment.entries.last().map_or(0, |e| e.header.seq);
    if !verify_head(&key, node, &scope, last, &previous, &segment.signature) {
        return Err(LogError::Signature(node));
    }
    let now = tx.now_ms();
    let binding = authority.hub(conn) == Some(node);
    let mut received = Received::default();
    let mut latest = Hlc(0);
    let mut own_kinds = BTreeSet::new();
    for (i, (entry, hash)) in segment.entries.iter().zip(&hashes).enumerate() {
        let seq = entry.header.seq;
        if seq <= have {
            if hash_at(conn, &scope, node, seq)? != Some(*hash) {
                return Err(LogError::Fork { node, scope, seq });
            }
            received.known += 1;
            continue;
        }
        let mut entry = entry.clone();
        if own::is_erased(tx, &entry.header.subject, &entry.header.kind)? {
            entry.content = None;
        }
        let ruled = own::ruled(tx, &scope, node, seq)?;
        entry.effective = ruled.unwrap_or(entry.header.clock);
        let held = ruled.is_none() && entry.header.clock.ms() > now + AHEAD_MS;
        if held {
            received.held += 1;
        } else {
            latest = latest.max(entry.effective);
        }
        insert(tx, ids, &entry, hash, held)?;
        tx.touch(entry.header.subject);
        received.new += 1;
        if entry.header.kind.starts_with("log.") {
            own_kinds.insert(i);
        }
    }
    if received.new > 0 {
        set_tip(conn, ids, last, &previous)?;
    }
    set_head(conn, ids, last, &segment.signature)?;
    tx.store.clock.saw(latest);
    // After the tip is set, since an erasure appends its acknowledgement.
    for entry in own_kinds.into_iter().filter_map(|i| segment.entries.get(i)) {
        own::apply(tx, entry, binding)?;
    }
    Ok(received)
}

/// Tells whether a peer's end of a chain belongs to another history than ours.
///
/// # Errors
/// [`LogError::Fork`] if so.
pub fn check_fork(conn: &Connection, scope: Scope, node: NodeId, peer: &crate::read::Head) -> Result<(), LogError> {
    match hash_at(conn, &scope, node, peer.seq)? {
        Some(hash) if hash != peer.hash => Err(LogError::Fork { node, scope, seq: peer.seq }),
        _ => Ok(()),
    }
}
