//! The content-addressed store: a blob is a file named by its BLAKE3 hash. What is there is whole, since a blob
//! gets its name only after all its bytes are on disk and verified; what is still coming lies apart, and goes
//! on where it stopped after any cut or kill.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod error;
mod partial;
mod store;
mod sweep;

pub use error::BlobError;
pub use partial::Partial;
pub use store::{Blobs, MAX_BLOB};
pub use sweep::Stats;
