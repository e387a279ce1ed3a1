//! What proves that a connection is unknown here (RFC 9000, 10.3). It comes from the node's key, so that a node that was
//! started anew can tell those who still talk to it as it was before.

use log::NodeKey;
use quinn::crypto::{CryptoError, HmacKey};

/// The key of such proofs.
pub(crate) struct Resets([u8; 32]);

impl Resets {
    /// The one that belongs to a node.
    pub fn of(key: &NodeKey) -> Self {
        Self(blake3::derive_key("zampa 2026 stateless resets", key.seed()))
    }
}

/// The key of the names of connections: a node owns to its former ones only when it can tell that it gave them.
pub(crate) fn names(key: &NodeKey) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("zampa 2026 names of connections");
    let mut name = [0; 8];
    hasher.update(key.seed()).finalize_xof().fill(&mut name);
    u64::from_be_bytes(name)
}

impl HmacKey for Resets {
    fn sign(&self, data: &[u8], out: &mut [u8]) {
        blake3::Hasher::new_keyed(&self.0).update(data).finalize_xof().fill(out);
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let theirs: [u8; 32] = signature.try_into().map_err(|_| CryptoError)?;
        // This comparison takes the same time whatever differs.
        if blake3::keyed_hash(&self.0, data) == blake3::Hash::from(theirs) { Ok(()) } else { Err(CryptoError) }
    }
}
