use super::Packet;

/// What a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A message of a stream.
    Message(StreamId, Vec<u8>),
    /// Voice of a class and track that was announced.
    Voice(u8, u8, Packet),
    /// A piece of video of a class.
    Video(u8, bool, Vec<u8>),
}

/// A stream: of a class by its handle, or 0 for what is about all. Slow ones wait for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamId {
    pub slow: bool,
    pub handle: u8,
}

/// How a trunk fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Whether nothing is heard of the other end.
    pub is_away: bool,
    /// There and back, in milliseconds; 0 before it is known.
    pub rtt_ms: u64,
    /// Of a thousand datagrams sent, so many were lost lately.
    pub loss_permille: u64,
    /// Bytes a second that the way is known to bear.
    pub rate: u64,
    /// How long the queue on the way is, in milliseconds.
    pub queue_ms: u64,
    /// Datagrams sent, and their bytes without headers of IP, UDP and QUIC.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Datagrams that were refused.
    pub malformed: u64,
    /// Pieces of video that were dropped because nothing was left for them.
    pub thinned: u64,
}

/// A handle as the other end sees it: who gave it out is turned round.
pub(super) fn flip(handle: u8) -> u8 {
    if handle == 0 { 0 } else { handle ^ 0x80 }
}
