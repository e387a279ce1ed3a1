//! Documents that several people edit at once, apart or together. What each has typed is an *update* of Yjs (YATA, a
//! replicated sequence; Nicolaescu et al. 2016); updates merge in any order to the same document. Here they are
//! bounded, merged, and read as a tree of elements and text; what the elements mean, rooms say.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod live;
mod place;
mod tree;

pub use live::{Live, merge, seed};
pub use place::{MAX_PLACE, Place};
pub use tree::{Marks, Node, plain};

/// Bytes that an update may have: with its frame it fits one entry of the log.
pub const MAX_UPDATE: usize = 60 * 1024;
/// Bytes that a document may have, with all that was ever deleted.
pub const MAX_DOCUMENT: usize = 2 << 20;
/// Elements within elements.
pub(crate) const MAX_DEPTH: usize = 24;
/// The mark of words at places: which places, as numbers with spaces between.
pub const PLACES: &str = "places";
/// The name of the shared fragment that editors bind to.
pub(crate) const ROOT: &str = "prosemirror";

/// Why updates are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are no update, or one that cannot be applied.
    #[error("bytes that are no update")]
    Malformed,
    /// Larger than [`MAX_UPDATE`].
    #[error("an update of {0} bytes")]
    UpdateTooLarge(usize),
    /// Larger than [`MAX_DOCUMENT`].
    #[error("a document of {0} bytes")]
    TooLarge(usize),
    /// Elements stand within elements too deep.
    #[error("a document that is nested too deep")]
    TooDeep,
}
