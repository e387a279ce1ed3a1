//! The append-only log: entries, their chain and signatures, merge order, erasure, and their storage in
//! SQLite. It knows nothing of what a fact means: a [`Projector`] is told which subjects changed.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod append;
mod columns;
mod entry;
mod error;
mod key;
mod own;
mod packed;
mod read;
mod receive;
mod segment;
mod store;
mod verify;

pub use append::Draft;
pub use entry::{Entry, Frontier, Header, MAX_KIND, MAX_PAYLOAD, commit, header_hash};
pub use error::LogError;
pub use key::{NodeKey, verify_signature};
pub use own::{ERASE, ERASED, RULING, erase_draft};
pub use read::{
    Head, Stats, Vector, digest, each_of_kind, each_subject, entries_of, entry_at, erased_by, frontier, hash_at,
    lacking, since, stats, vector,
};
pub use receive::{Authority, Received, check_fork, receive};
pub use segment::{MAX_SEGMENT_RAW, Segment};
pub use store::{Context, Projector, Store, Tx};
pub use verify::{Finding, What, verify};
