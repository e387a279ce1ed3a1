use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base::{Env, Hash, NodeId, Scope};

use crate::LogError;

/// A node's Ed25519 key (RFC 8032). It signs the node's heads and its TLS certificate.
pub struct NodeKey {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
    id: NodeId,
}

impl NodeKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`LogError::Malformed`] if the seed is refused, which no seed of 32 bytes is.
    pub fn draw(env: &Env) -> Result<Self, LogError> {
        Self::from_seed(env.bytes::<32>())
    }

    /// The key that grows from a seed.
    ///
    /// # Errors
    /// As [`NodeKey::draw`].
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, LogError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|e| LogError::malformed("a key", e))?;
        let id = NodeId::of_key(pair.public_key().as_ref());
        Ok(Self { pair, seed, id })
    }

    /// The node whose key this is.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The seed, to be kept in a file that only the node can read.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The key in PKCS #8, as TLS libraries want it.
    ///
    /// # Errors
    /// [`LogError::Malformed`] if the library cannot write it.
    pub fn pkcs8(&self) -> Result<Vec<u8>, LogError> {
        let doc = self.pair.to_pkcs8v1().map_err(|e| LogError::malformed("a key", e))?;
        Ok(doc.as_ref().to_vec())
    }

    /// Signs some bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    pub(crate) fn sign_head(&self, scope: &Scope, seq: u64, hash: &Hash) -> Vec<u8> {
        self.sign(&head_bytes(self.id, scope, seq, hash))
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeKey({})", self.id)
    }
}

/// Whether a signature over some bytes is of this public key.
pub fn verify_signature(public_key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(bytes, signature).is_ok()
}

pub(crate) fn verify_head(
    public_key: &[u8],
    node: NodeId,
    scope: &Scope,
    seq: u64,
    hash: &Hash,
    signature: &[u8],
) -> bool {
    NodeId::of_key(public_key) == node && verify_signature(public_key, &head_bytes(node, scope, seq, hash), signature)
}

fn head_bytes(node: NodeId, scope: &Scope, seq: u64, hash: &Hash) -> Vec<u8> {
    let mut out = b"zampa head 1".to_vec();
    out.extend(node.as_bytes());
    out.extend(scope.to_bytes());
    out.extend(seq.to_be_bytes());
    out.extend(hash.as_bytes());
    out
}
