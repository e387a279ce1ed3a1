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
//!
//! Where no connection comes about for weeks, [`carry_out`] writes what a session would send into a bundle, sealed to
//! the peer, and [`carry_in`] takes it there by the same checks.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod carry;
mod chains;
mod code;
mod desk;
mod dial;
mod drivers;
mod ear;
mod error;
mod exchange;
mod fetch;
mod host;
mod knock;
mod learn;
mod link;
mod memory;
mod pulse;
mod push;
mod quic;
mod relay;
mod resets;
mod sealed;
mod session;
mod shared;
mod take;
mod taken;
mod tls;
mod transport;
mod wire;

/// A session on which nothing was heard for so long is a cut: both ends say each ten seconds that they are there.
const SILENT: std::time::Duration = std::time::Duration::from_secs(30);

pub use carry::{Load, carry_out, weigh};
pub use code::JoinCode;
pub use ear::{Datagrams, Ear};
pub use error::{CarryError, LinkError, Refusal, Trouble};
pub use host::{Grant, Host, Named};
pub use link::{Link, Settings};
pub use relay::{Bad, Counters, Relay, Way};
pub use shared::PeerStatus;
pub use taken::{Carried, Refused, Why, carry_in};
pub use transport::{Lane, Meter, Transport};
