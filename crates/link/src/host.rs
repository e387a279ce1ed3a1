use base::{Hash, NodeId, Scope};
use blobs::Blobs;
use log::{Authority, Store};
use rusqlite::Connection;

use crate::Refusal;

/// What the link asks of the node it runs in. All calls are synchronous; the link makes them on threads that
/// may block. A connection is a consistent view of what is committed.
pub trait Host: Send + Sync + 'static {
    /// The node's log.
    fn store(&self) -> &Store;
    /// The node's blobs.
    fn blobs(&self) -> &Blobs;
    /// Who may write where.
    fn authority(&self) -> &dyn Authority;
    /// Whether a node that dialled is enrolled and not revoked. Asked again before everything that is sent or
    /// taken, so a revocation ends a connection under way.
    fn is_member(&self, conn: &Connection, peer: NodeId) -> bool;
    /// Whether the peer may hold a scope: only such chains are compared, sent and taken. A school answers yes
    /// for its hub, save for private scopes.
    fn may_hold(&self, conn: &Connection, peer: NodeId, scope: &Scope) -> bool;
    /// The blobs that facts name, with their lengths, the most wanted first; those that are here already may be
    /// among them.
    fn wanted_blobs(&self, conn: &Connection) -> Vec<(Hash, u64)>;
    /// Whether the peer may have a blob.
    fn may_fetch(&self, conn: &Connection, peer: NodeId, blob: &Hash) -> bool;
    /// Enrols the node with this public key, once for each secret; on a hub only. `title` is what the node
    /// calls itself, at most 200 bytes.
    ///
    /// # Errors
    /// A [`Refusal`], which the node is told.
    fn enrol(&self, secret: &[u8; 16], public_key: &[u8], title: &str) -> Result<Grant, Refusal>;
}

/// What a hub gives a node that joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The hub's public key, 32 bytes; the link has proved it when it gives a grant.
    pub hub_key: Vec<u8>,
    /// The programme whose scope the node will hold.
    pub programme: [u8; 16],
    /// Whatever else the hosts have agreed upon, at most 64 KiB.
    pub extra: Vec<u8>,
}
