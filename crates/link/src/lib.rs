//! The link between two nodes: enrolment by a one-use code, then replication both ways at once for as long as a
//! connection lasts, and again after every cut. It never knows what a fact means.
//!
//! A session ([`Transport`] is its door to the wire) first compares what both nodes have by digests of 32
//! buckets of chains, exchanges the positions of the buckets that differ, and from then on each side pushes
//! exactly what the other lacks. A node is its key: the transport proves the key, and what a peer may send or
//! see is asked of the [`Host`] message by message.
//!
//! Beside the session, on the same connection, go datagrams for whoever asked for them ([`Link::datagrams`]): a live
//! class, which would rather lose a word than wait for it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod chains;
mod code;
mod desk;
mod dial;
mod ear;
mod error;
mod fetch;
mod host;
mod learn;
mod link;
mod push;
mod quic;
mod relay;
mod session;
mod shared;
mod take;
mod tls;
mod transport;
mod wire;

pub use code::JoinCode;
pub use ear::{Datagrams, Ear};
pub use error::{LinkError, Refusal, Trouble};
pub use host::{Grant, Host};
pub use link::{Link, Settings};
pub use relay::{Bad, Counters, Relay, Way};
pub use shared::PeerStatus;
pub use transport::{Lane, Meter, Transport};
