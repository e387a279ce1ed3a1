//! The link's promises, each tried on real databases and real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod blob;
mod carried;
mod cuts;
mod datagrams;
mod hostile;
mod refusals;
mod relay;
mod sizes;
mod sync;
mod world;
