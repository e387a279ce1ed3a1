use base::{Hash, NodeId, Scope};
use rusqlite::{Connection, params};

use crate::append::{Ids, tip};
use crate::entry::header_hash;
use crate::key::verify_head;
use crate::read::{entry_at, vector};
use crate::{Authority, LogError};

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The chain's scope.
    pub scope: Scope,
    /// The chain's node.
    pub node: NodeId,
    /// The number of the entry.
    pub seq: u64,
    /// What is wrong with it.
    pub what: What,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The entry cannot be read, or is not there.
    Unreadable,
    /// Its bytes do not give the hash that was kept.
    Changed,
    /// A signed head does not fit.
    Signature,
    /// The chain's end is not where it was noted.
    End,
}

impl What {
    /// The word for it, as machines read it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Changed => "changed",
            Self::Signature => "signature",
            Self::End => "end",
        }
    }
}

/// Walks every chain: each entry's payload, its place and its hash, and every signed head. Returns how many
/// entries were read, and what was found.
///
/// # Errors
/// [`LogError::Sql`] if the database cannot be read at all.
pub fn verify(conn: &Connection, authority: &dyn Authority) -> Result<(u64, Vec<Finding>), LogError> {
    let mut findings = Vec::new();
    let mut read = 0;
    for ((scope, node), head) in vector(conn, &|_| true)? {
        let Some(ids) = Ids::find(conn, &scope, node)? else { continue };
        let mut previous = Hash([0; 32]);
        let mut find = |seq, what| findings.push(Finding { scope, node, seq, what });
        for seq in 1..=head.seq {
            read += 1;
            let kept = kept_hash(conn, ids, seq)?;
            match entry_at(conn, &scope, node, seq) {
                Ok(Some(entry)) => {
                    let hash = header_hash(&previous, &entry.header);
                    if kept != Some(hash) {
                        find(seq, What::Changed);
                    }
                }
                Ok(None) | Err(_) => find(seq, What::Unreadable),
            }
            // Going on from the hash that was kept keeps one damaged entry from accusing all that follow.
            previous = kept.unwrap_or_default();
        }
        if tip(conn, ids)?.1 != previous {
            find(head.seq, What::End);
        }
        let Some(key) = authority.key_of(conn, node) else { continue };
        for (seq, signature) in heads(conn, ids)? {
            let fits =
                kept_hash(conn, ids, seq)?.is_some_and(|hash| verify_head(&key, node, &scope, seq, &hash, &signature));
            if !fits {
                find(seq, What::Signature);
            }
        }
    }
    Ok((read, findings))
}

fn kept_hash(conn: &Connection, ids: Ids, seq: u64) -> Result<Option<Hash>, LogError> {
    let mut stmt = conn.prepare_cached("SELECT hash FROM entry WHERE scope = ?1 AND node = ?2 AND seq = ?3")?;
    let mut rows = stmt.query(params![ids.scope, ids.node, seq.cast_signed()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(row.get::<_, Vec<u8>>(0).ok().and_then(|bytes| Hash::try_from(bytes.as_slice()).ok()))
}

fn heads(conn: &Connection, ids: Ids) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
    let mut stmt = conn.prepare_cached("SELECT seq, signature FROM head WHERE scope = ?1 AND node = ?2")?;
    let rows = stmt.query_map([ids.scope, ids.node], |r| Ok((r.get::<_, i64>(0)?.cast_unsigned(), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
