//! Files that are many. A *tree* is a blob that lists paths and the blobs that lie there: an unpacked package, the pages
//! of slides. The *shelf* knows which trees are here and what they still lack. A *recipe* says what is made of a file, so
//! that a page can show it on a bad link, and the search box find it: slides as pictures, voice, small video, text. The
//! *index* knows the words of the texts that are here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod film;
mod index;
mod recipe;
mod shelf;
mod slides;
mod tree;

pub use film::{Films, Script, Sheet, Stand, Voice};
pub use index::{INDEX, Index, MAX_SAID};
pub use recipe::{RECIPES, Recipe, TEXT, Tool, pages_of, recipes_for};
pub use shelf::Shelf;
pub use slides::{Slide, slides};
pub use tree::{Leaf, MAX_LEAVES, MAX_TREE, TREE, Tree};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// A tree that is not one, or beyond its bounds.
    #[error("a broken tree: {0}")]
    Tree(&'static str),
    /// The shelf's own database.
    #[error("the shelf's database")]
    Sql(#[from] rusqlite::Error),
    /// The store of blobs.
    #[error("the store of blobs")]
    Blobs(#[from] blobs::BlobError),
    /// The disk.
    #[error("the disk")]
    Io(#[from] std::io::Error),
}
