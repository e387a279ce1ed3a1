use base::Hash;

/// What can go wrong with blobs.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The file system refused: disk full, file damaged, no right.
    #[error("the file system refused")]
    Io(#[from] std::io::Error),
    /// More bytes than a blob may have, or than this one was said to have.
    #[error("a blob has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes that came do not give the hash; they were thrown away.
    #[error("what came is not the blob {0}")]
    Mismatch(Hash),
    /// Fewer bytes than it was said to have; they are kept, so that the rest can follow.
    #[error("a blob has {have} of {len} bytes")]
    Incomplete {
        /// Bytes that are here.
        have: u64,
        /// Bytes of the whole.
        len: u64,
    },
    /// The same blob is coming in by another way.
    #[error("the blob {0} is being fetched already")]
    Busy(Hash),
}
