//! What a node keeps of a peer until they meet again, over a connection or by a stick: how far the peer was, and what
//! it said that it lacks.

use std::collections::BTreeSet;

use base::{Hash, NodeId};
use minicbor::bytes::ByteVec;

use crate::Host;
use crate::chains::{Known, Positions};

/// Blobs that a node says it lacks: what is beyond, its next bundle says.
pub(crate) const MAX_WANTS: usize = 4096;
const VERSION: u8 = 1;
const HASH: usize = 32;

/// What is known of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// When it was so: by the peer's clock, or this node's own where that is behind.
    pub at_ms: u64,
    /// How far the peer has each chain.
    pub known: Known,
    /// What its last bundle told.
    pub told: Option<Told>,
}

/// What a node tells of itself in a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How far it has each chain.
    pub known: Known,
    /// Blobs that it lacks of those that it has been told of.
    pub wants: BTreeSet<Hash>,
}

impl Memory {
    pub fn of(host: &dyn Host, peer: NodeId) -> Self {
        host.remembered(peer).and_then(|bytes| Self::decode(&bytes)).unwrap_or_default()
    }

    pub fn keep(&self, host: &dyn Host, peer: NodeId) {
        host.remember(peer, &self.encode());
    }

    fn encode(&self) -> Vec<u8> {
        let positions = |known| ByteVec::from(Positions::of_known(known).encode());
        let wants = |told: &Told| ByteVec::from(join(told.wants.iter()));
        let told = self.told.as_ref().map(|told| (positions(&told.known), wants(told)));
        // Writing to memory cannot fail, and no bytes are no memory.
        minicbor::to_vec((VERSION, self.at_ms, positions(&self.known), told)).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        type Kept = (u8, u64, ByteVec, Option<(ByteVec, ByteVec)>);
        let (version, at_ms, known, told): Kept = minicbor::decode(bytes).ok()?;
        let positions = |bytes: &[u8]| Positions::decode(bytes).map(|positions| positions.known());
        let told = match told {
            Some((known, wants)) => Some(Told { known: positions(&known)?, wants: split(&wants)?.collect() }),
            None => None,
        };
        (version == VERSION).then_some(Self { at_ms, known: positions(&known)?, told })
    }
}

/// Hashes as they travel: one after the other.
pub(crate) fn join<'a>(hashes: impl Iterator<Item = &'a Hash>) -> Vec<u8> {
    hashes.flat_map(|hash| hash.0).collect()
}

/// Reads hashes; `None` if one is cut off or there are too many.
pub(crate) fn split(bytes: &[u8]) -> Option<impl Iterator<Item = Hash>> {
    let (hashes, []) = bytes.as_chunks::<HASH>() else { return None };
    (hashes.len() <= MAX_WANTS).then(|| hashes.iter().map(|hash| Hash(*hash)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Scope, Subject};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_is_read_back(
            at_ms: u64, chains in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u64>()), 0..20),
            wants in prop::option::of(prop::collection::btree_set(any::<u8>(), 0..9)),
        ) {
            let chain = |(s, n, seq): &(u8, u8, u64)| ((Scope::Person(Subject([*s; 16])), NodeId([*n; 16])), *seq);
            let known: Known = chains.iter().map(chain).collect();
            let told = wants
                .map(|wants| Told { known: known.clone(), wants: wants.iter().map(|n| Hash([*n; 32])).collect() });
            let memory = Memory { at_ms, known, told };
            prop_assert_eq!(Memory::decode(&memory.encode()), Some(memory));
        }

        #[test]
        fn any_bytes_are_no_memory_and_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Memory::decode(&bytes), split(&bytes).map(Iterator::count));
        }
    }
}
