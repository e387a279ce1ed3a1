use base::{Hash, NodeId, Scope, Subject};
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
    /// The blobs that facts name and that are here, the most wanted first, each with the record whose facts name it.
    /// A list of blobs stands before the blobs that it names.
    fn named_blobs(&self, conn: &Connection) -> Vec<Named>;
    /// What was last kept of a peer by [`Host::remember`].
    fn remembered(&self, peer: NodeId) -> Option<Vec<u8>>;
    /// Keeps what is known of a peer until the next time, also over a restart. It may be lost: then more is sent than
    /// is needed.
    fn remember(&self, peer: NodeId, known: &[u8]);
    /// Enrols the node with this public key, once for each secret; on a hub only. `title` is what the node
    /// calls itself, at most 200 bytes.
    ///
    /// # Errors
    /// A [`Refusal`], which the node is told.
    fn enrol(&self, secret: &[u8; 16], public_key: &[u8], title: &str) -> Result<Grant, Refusal>;
}

/// A blob that facts name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its content.
    pub blob: Hash,
    /// Its length in bytes.
    pub len: u64,
    /// The record whose facts name it.
    pub record: Subject,
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
