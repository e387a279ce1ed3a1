use std::future::Future;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::Trouble;

/// A connection whose other end has proved its key: the session's only door to the wire. Its streams are
/// reliable, ordered each in itself, and end when the connection does.
pub trait Transport: Clone + Send + Sync + 'static {
    /// The writing half of a stream. Shutting it down tells the reader the end.
    type Send: AsyncWrite + Unpin + Send + 'static;
    /// The reading half.
    type Recv: AsyncRead + Unpin + Send + 'static;

    /// The Ed25519 public key that the other end proved, 32 bytes.
    fn peer_key(&self) -> &[u8];
    /// Opens a stream; when bytes queue, the lane says which go first.
    fn open(&self, lane: Lane) -> impl Future<Output = Result<(Self::Send, Self::Recv), Trouble>> + Send;
    /// The next stream that the other end opened, in the order of opening.
    fn accept(&self) -> impl Future<Output = Result<(Lane, Self::Send, Self::Recv), Trouble>> + Send;
    /// Sends some bytes that may be lost, or come in another order; `false` if it is known that they will not come. One
    /// that knows only streams sends none.
    fn say(&self, _datagram: Vec<u8>) -> bool {
        false
    }
    /// The next bytes that the other end sent so.
    fn hear(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send {
        std::future::pending()
    }
    /// How many bytes [`Self::say`] takes at a time.
    fn largest(&self) -> Option<usize> {
        None
    }
    /// Ends the connection and tells the other end why.
    fn close(&self, why: Trouble);
    /// Why the connection ended, if it has.
    fn ended(&self) -> Option<Trouble>;
    /// What went over it so far.
    fn meter(&self) -> Meter;
}

/// What a stream is for, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Small messages.
    Control,
    /// Segments of chains.
    Records,
    /// One blob.
    Blob,
}

impl Lane {
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Control => 0,
            Self::Records => 1,
            Self::Blob => 2,
        }
    }

    pub(crate) fn of_byte(byte: u8) -> Result<Self, Trouble> {
        match byte {
            0 => Ok(Self::Control),
            1 => Ok(Self::Records),
            2 => Ok(Self::Blob),
            _ => Err(Trouble::Protocol),
        }
    }
}

/// What went over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Bytes sent, with all that the transport adds above the datagram.
    pub sent_bytes: u64,
    /// Bytes received, likewise.
    pub received_bytes: u64,
    /// The time to the other end and back, in milliseconds.
    pub rtt_ms: u64,
}
