use base::{Hash, Hlc, NodeId, Scope, Subject};

use crate::LogError;

/// Bytes that a payload may have.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// Bytes that the name of a kind may have.
pub const MAX_KIND: usize = 64;
/// Nodes that a frontier may name.
pub const MAX_FRONTIER: usize = 256;

/// What an author had seen of a subject: the last entry of each node that wrote about it, sorted by node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frontier(pub Vec<(NodeId, u64)>);

impl Frontier {
    /// Whether an author with this frontier had seen the entry.
    pub fn covers(&self, node: NodeId, seq: u64) -> bool {
        self.0.iter().any(|(n, s)| *n == node && *s >= seq)
    }

    /// The frontier as a column and a form's hidden field hold it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * 24);
        for (node, seq) in &self.0 {
            out.extend(node.as_bytes());
            out.extend(seq.to_be_bytes());
        }
        out
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`LogError::Malformed`] if the bytes are cut off, not sorted, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        let (parts, rest) = bytes.as_chunks::<24>();
        if !rest.is_empty() || parts.len() > MAX_FRONTIER {
            return Err(LogError::malformed("a frontier", "length"));
        }
        let mut out: Vec<(NodeId, u64)> = Vec::with_capacity(parts.len());
        for part in parts {
            let (node, seq) = part.split_at(16);
            let node = NodeId::try_from(node)?;
            let seq = u64::from_be_bytes(seq.try_into().unwrap_or_default());
            if out.last().is_some_and(|(last, _)| *last >= node) {
                return Err(LogError::malformed("a frontier", "not sorted"));
            }
            out.push((node, seq));
        }
        Ok(Self(out))
    }
}

/// Everything of an entry that its chain covers, but the previous hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The node that wrote it.
    pub node: NodeId,
    /// Which nodes hold it.
    pub scope: Scope,
    /// Its number in the node's chain of this scope, from 1, without holes.
    pub seq: u64,
    /// When it was written, by the node's hybrid clock.
    pub clock: Hlc,
    /// The person who acted; all zeros when the node itself did.
    pub author: Subject,
    /// What it is about.
    pub subject: Subject,
    /// What kind of fact it is, e.g. `visit`.
    pub kind: String,
    /// What the author had seen of the subject.
    pub base: Frontier,
    /// BLAKE3 of salt and payload. It stays when both are erased.
    pub commitment: Hash,
}

/// An entry: a header, and the salt and payload that an erasure destroys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header.
    pub header: Header,
    /// Salt and payload; `None` once erased.
    pub content: Option<([u8; 16], Vec<u8>)>,
    /// The clock that counts in folding: the header's own, or a ruling's.
    pub effective: Hlc,
}

impl Entry {
    /// The payload, unless erased.
    pub fn payload(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|(_, payload)| payload.as_slice())
    }

    /// The order of folding: clock, then node, then number.
    pub fn order(&self) -> (Hlc, NodeId, u64) {
        (self.effective, self.header.node, self.header.seq)
    }
}

/// The commitment to a payload.
pub fn commit(salt: &[u8; 16], payload: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt).update(payload);
    Hash(*hasher.finalize().as_bytes())
}

/// The hash of a header chained to the one before it (all zeros before the first). Every part has a fixed
/// length or is preceded by it, so no two headers share bytes.
pub fn header_hash(previous: &Hash, h: &Header) -> Hash {
    let base = h.base.to_bytes();
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(b"zampa entry 1")
        .update(previous.as_bytes())
        .update(h.node.as_bytes())
        .update(&h.scope.to_bytes())
        .update(&h.seq.to_be_bytes())
        .update(&h.clock.0.to_be_bytes())
        .update(h.author.as_bytes())
        .update(h.subject.as_bytes())
        .update(&(h.kind.len() as u64).to_be_bytes())
        .update(h.kind.as_bytes())
        .update(&(base.len() as u64).to_be_bytes())
        .update(&base)
        .update(h.commitment.as_bytes());
    Hash(*hasher.finalize().as_bytes())
}

/// Checks what no entry may break, whoever wrote it.
pub(crate) fn check_header(h: &Header) -> Result<(), LogError> {
    if h.kind.is_empty() || h.kind.len() > MAX_KIND || !h.kind.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(LogError::malformed("an entry", "its kind"));
    }
    if !h.subject.is_in(&h.scope) {
        return Err(LogError::WrongScope(h.scope));
    }
    if h.seq == 0 || h.seq >= 1 << 62 || h.clock.0 >= 1 << 63 || h.base.0.len() > MAX_FRONTIER {
        return Err(LogError::malformed("an entry", "its number or base"));
    }
    Ok(())
}
