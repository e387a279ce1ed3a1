//! How far each chain is, compared and sent in few bytes.

use std::collections::BTreeMap;

use base::{Hash, NodeId, Scope};
use log::{Head, Vector};
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decoder, Encoder};

/// One node's entries in one scope.
pub(crate) type Chain = (Scope, NodeId);
/// How far a node has each chain.
pub(crate) type Known = BTreeMap<Chain, u64>;

const BUCKETS: usize = 32;
const DIGEST: usize = 8;

/// In which bucket a chain is compared. When one chain is ahead, only the chains of its bucket need be told.
fn bucket(chain: &Chain) -> usize {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&chain.0.to_bytes()).update(chain.1.as_bytes());
    usize::from(hasher.finalize().as_bytes()[0]) % BUCKETS
}

/// A short digest of each bucket of a vector, one after the other.
pub(crate) fn bucket_digests(vector: &Vector) -> Vec<u8> {
    let mut parts = vec![Vector::new(); BUCKETS];
    for (chain, head) in vector {
        if let Some(part) = parts.get_mut(bucket(chain)) {
            part.insert(*chain, *head);
        }
    }
    parts.iter().flat_map(|part| short(&log::digest(part))).collect()
}

/// A short digest of a whole vector.
pub(crate) fn whole_digest(vector: &Vector) -> [u8; DIGEST] {
    short(&log::digest(vector))
}

/// The part of a vector in buckets whose digests differ, and the part in those that agree.
pub(crate) fn split(vector: &Vector, own: &[u8], peer: &[u8]) -> (Vector, Vector) {
    let digest = |of: &[u8], n: usize| of.chunks_exact(DIGEST).nth(n).map(<[u8]>::to_vec);
    let differs: Vec<bool> = (0..BUCKETS).map(|n| digest(own, n) != digest(peer, n)).collect();
    let is_other = |chain: &Chain| differs.get(bucket(chain)).copied().unwrap_or(true);
    vector.iter().partition(|(chain, _)| is_other(chain))
}

/// What `to` lacks of what `from` has, in entries.
pub(crate) fn lacking<'a>(from: impl IntoIterator<Item = (&'a Chain, u64)>, to: &Known) -> u64 {
    from.into_iter().map(|(chain, seq)| seq.saturating_sub(to.get(chain).copied().unwrap_or(0))).sum()
}

fn short(hash: &Hash) -> [u8; DIGEST] {
    hash.0.first_chunk().copied().unwrap_or_default()
}

/// Where a peer is in a chain. Eight bytes of the hash tell two histories apart: nobody gains by forging them,
/// since what is taken is verified whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub seq: u64,
    digest: [u8; DIGEST],
}

impl Position {
    /// Whether the entry with this number and hash is of the same history.
    pub fn fits(&self, hash: &Hash) -> bool {
        short(hash) == self.digest
    }
}

/// Positions as they travel: each node and each scope is named once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions(pub BTreeMap<Chain, Position>);

impl Positions {
    pub fn of(vector: &Vector) -> Self {
        let position = |head: &Head| Position { seq: head.seq, digest: short(&head.hash) };
        Self(vector.iter().map(|(chain, head)| (*chain, position(head))).collect())
    }

    /// How far a node is known to be, without what tells two histories apart.
    pub fn of_known(known: &Known) -> Self {
        Self(known.iter().map(|(chain, seq)| (*chain, Position { seq: *seq, digest: [0; DIGEST] })).collect())
    }

    /// How far the node is.
    pub fn known(&self) -> Known {
        self.0.iter().map(|(chain, position)| (*chain, position.seq)).collect()
    }

    pub fn encode(&self) -> Vec<u8> {
        // Writing to memory cannot fail; no bytes are refused by the reader.
        self.write().unwrap_or_default()
    }

    fn write(&self) -> Result<Vec<u8>, minicbor::encode::Error<std::convert::Infallible>> {
        let mut numbers: BTreeMap<NodeId, u64> = self.0.keys().map(|(_, node)| (*node, 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, n)| *number = n);
        let mut scopes: BTreeMap<Scope, Vec<(u64, Position)>> = BTreeMap::new();
        for ((scope, node), position) in &self.0 {
            let number = numbers.get(node).copied().unwrap_or(0);
            scopes.entry(*scope).or_default().push((number, *position));
        }
        let mut e = Encoder::new(Vec::new());
        e.array(2)?.array(numbers.len() as u64)?;
        for node in numbers.keys() {
            e.bytes(node.as_bytes())?;
        }
        e.array(2 * scopes.len() as u64)?;
        for (scope, chains) in &scopes {
            e.bytes(&scope.to_bytes())?.array(3 * chains.len() as u64)?;
            for (number, position) in chains {
                e.u64(*number)?.u64(position.seq)?.bytes(&position.digest)?;
            }
        }
        Ok(e.into_writer())
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut d = Decoder::new(bytes);
        let length = |d: &mut Decoder<'_>| d.array().ok().flatten();
        length(&mut d)?;
        let mut nodes: Vec<NodeId> = Vec::new();
        for _ in 0..length(&mut d)? {
            nodes.push(NodeId(d.decode::<ByteArray<16>>().ok()?.into()));
        }
        let mut out = BTreeMap::new();
        for _ in 0..length(&mut d)? / 2 {
            let scope: ByteVec = d.decode().ok()?;
            let scope = Scope::from_bytes(&scope).ok()?;
            for _ in 0..length(&mut d)? / 3 {
                let node = nodes.get(usize::try_from(d.u64().ok()?).ok()?)?;
                let position = Position { seq: d.u64().ok()?, digest: d.decode::<ByteArray<8>>().ok()?.into() };
                out.insert((scope, *node), position);
            }
        }
        Some(Self(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Subject;
    use proptest::prelude::*;

    fn vector(chains: &[(u8, u8, u64)]) -> Vector {
        let head = |seq: u64| Head { seq, hash: Hash::of(&seq.to_be_bytes()) };
        chains.iter().map(|(s, n, seq)| ((Scope::Person(Subject([*s; 16])), NodeId([*n; 16])), head(*seq))).collect()
    }

    proptest! {
        #[test]
        fn positions_are_read_back(chains in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u64>()), 0..80)) {
            let positions = Positions::of(&vector(&chains));
            prop_assert_eq!(Positions::decode(&positions.encode()).unwrap(), positions);
        }

        #[test]
        fn any_bytes_are_refused_quietly(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Positions::decode(&bytes);
        }

        #[test]
        fn only_the_buckets_that_differ_are_told(
            chains in prop::collection::btree_map((any::<u8>(), any::<u8>()), 1_u64..9, 1..80),
        ) {
            let chains: Vec<(u8, u8, u64)> = chains.into_iter().map(|((s, n), seq)| (s, n, seq)).collect();
            let own = vector(&chains);
            let mut peer = own.clone();
            let ahead = *peer.keys().next().unwrap();
            peer.get_mut(&ahead).unwrap().seq += 1;
            let (differ, agree) = split(&own, &bucket_digests(&own), &bucket_digests(&peer));
            prop_assert!(differ.contains_key(&ahead));
            prop_assert!(differ.keys().all(|chain| bucket(chain) == bucket(&ahead)));
            prop_assert_eq!(differ.len() + agree.len(), own.len());
            let (differ, _) = split(&own, &bucket_digests(&own), &bucket_digests(&own));
            prop_assert!(differ.is_empty());
        }
    }

    #[test]
    fn forty_schools_fit_in_a_packet() {
        let chains: Vec<_> = (0..45).map(|n| (1, n, 1_000 + u64::from(n))).collect();
        assert!(Positions::of(&vector(&chains)).encode().len() < 45 * (17 + 14) + 40);
    }
}
