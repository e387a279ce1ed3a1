use base::{IdError, NodeId, Scope};

/// What can go wrong with the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// SQLite refused: disk full, file damaged, a constraint.
    #[error("the log's database refused")]
    Sql(#[from] rusqlite::Error),
    /// Bytes that are no entry, segment or key.
    #[error("these bytes are not {what}: {why}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What is wrong with them.
        why: String,
    },
    /// An entry beyond the limits of its parts.
    #[error("{what} has {size} bytes; at most {limit} are allowed")]
    TooLarge {
        /// The part.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The signature at the end of what came does not fit the chain.
    #[error("the signature of node {0} does not fit its entries")]
    Signature(NodeId),
    /// Entries came that do not follow on what is here.
    #[error("entries of node {node} in {scope} begin at {got}, but {expected} is the next")]
    Gap {
        /// The author's node.
        node: NodeId,
        /// The scope.
        scope: Scope,
        /// The sequence number that would follow.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// The same sequence number with other content: a node restored from an old backup, or cloned.
    #[error("node {node} has written number {seq} in {scope} twice, differently")]
    Fork {
        /// The node that must be enrolled anew.
        node: NodeId,
        /// The scope.
        scope: Scope,
        /// The number where the two histories part.
        seq: u64,
    },
    /// A node that is not enrolled, or is revoked, or may not write in this scope.
    #[error("node {node} may not write in {scope}")]
    NotAllowed {
        /// The node.
        node: NodeId,
        /// The scope.
        scope: Scope,
    },
    /// An entry whose subject was made in another scope.
    #[error("a subject of another scope was written in {0}")]
    WrongScope(Scope),
    /// An id that is no id.
    #[error("an id is malformed")]
    Id(#[from] IdError),
    /// The projection refused, with its own reason.
    #[error("the projection could not follow the log: {0}")]
    Projection(String),
    /// The file system refused.
    #[error("the file system refused")]
    Io(#[from] std::io::Error),
    /// This database was written by a newer Zampa.
    #[error("this data was written by a newer version (format {found}; this version knows {known})")]
    Newer {
        /// Format found.
        found: i64,
        /// Newest format known here.
        known: i64,
    },
    /// The process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl LogError {
    pub(crate) fn malformed(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Malformed { what, why: why.to_string() }
    }
}
