//! A secure origin on a school's LAN. Browsers give microphone and camera only to pages that came over https from whom
//! they trust, and no public authority vouches for a box behind a school's router. So a node has an authority of its own,
//! which devices of the school may be told to trust ([`Authority`]). It is bounded in itself: a device that trusts it
//! takes from it certificates for names and addresses of local networks alone, so whoever steals its key cannot pose as
//! anything on the internet.
//!
//! Certificates are made as they are asked for ([`Certificates`]): for the address at which the connection arrived and
//! the name that was asked for. So a node that gets another address, or another name, needs nothing done.
//!
//! TLS and plain HTTP share one port ([`Door`]): a TLS connection begins with a byte with which no HTTP request does.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod authority;
mod certificates;
mod door;

pub use authority::{Authority, covers, own_addresses, scheme};
pub use certificates::Certificates;
pub use door::{Arrival, Door, Welcome};

/// Why there is no secure origin.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// A certificate could not be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS refuses what was made.
    #[error("TLS refuses the certificate")]
    Tls(#[from] rustls::Error),
    /// What was kept of an authority cannot be read.
    #[error("what was kept of the authority cannot be read")]
    Kept,
}
