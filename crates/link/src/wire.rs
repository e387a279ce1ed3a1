//! Messages and their frames: four bytes of length, then deterministic CBOR, an array that begins with the
//! message's number. Fields may be added at an array's end; unknown messages are passed over.

use base::Hash;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decoder, Encode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::chains::Positions;
use crate::{Grant, Refusal, Trouble};

pub(crate) const VERSION: u64 = 1;
/// Bytes that a message may have: the positions of some hundred thousand chains.
pub(crate) const MAX_MESSAGE: usize = 4 << 20;
/// Bytes of a first message, from a node that nobody may know yet.
pub(crate) const MAX_FIRST: usize = 4096;
/// Blobs that one question may name.
pub(crate) const MAX_ASK: usize = 64;
const MAX_TITLE: usize = 200;
const MAX_EXTRA: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A node that is no member asks to become one.
    Join { version: u64, secret: [u8; 16], title: String },
    /// It is one now.
    Granted(Grant),
    /// It is not.
    Refused(Refusal),
    /// Digests of the buckets of chains that the peer may hold.
    Hello { version: u64, buckets: Vec<u8> },
    /// The positions of the chains in the buckets that differ.
    Positions(Positions),
    /// What became of the oldest segment not answered yet.
    Ack { outcome: Outcome, seq: u64 },
    /// Which of these blobs can be had?
    Ask(Vec<Hash>),
    /// These.
    Offer(Vec<Hash>),
    /// Blobs have come; what could not be had before may be now.
    Stocked,
    /// Is this the digest of what you have?
    Check([u8; 8]),
    /// It is, or not.
    Checked(bool),
    /// A message of a newer version.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// On disk; `seq` is its last entry.
    Taken,
    /// The node that wrote it is not known yet, or may not.
    NotAllowed,
    /// Entries before it are missing; the chain ends at `seq`.
    Gap,
    /// It is not what its node signed, or parts from the history known.
    Bad,
}

impl Message {
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Join { version, secret, title } => pack((0_u8, version, ByteArray::from(*secret), title)),
            Self::Granted(grant) => pack((
                1_u8,
                ByteVec::from(grant.hub_key.clone()),
                ByteArray::from(grant.programme),
                ByteVec::from(grant.extra.clone()),
            )),
            Self::Refused(refusal) => pack((2_u8, refusal.number())),
            Self::Hello { version, buckets } => pack((3_u8, version, ByteVec::from(buckets.clone()))),
            Self::Positions(positions) => pack((4_u8, ByteVec::from(positions.encode()))),
            Self::Ack { outcome, seq } => {
                let outcome = match outcome {
                    Outcome::Taken => 0_u8,
                    Outcome::NotAllowed => 1,
                    Outcome::Gap => 2,
                    Outcome::Bad => 3,
                };
                pack((5_u8, outcome, seq))
            }
            Self::Ask(hashes) => pack((6_u8, many(hashes))),
            Self::Offer(hashes) => pack((7_u8, many(hashes))),
            Self::Stocked => pack((8_u8,)),
            Self::Check(digest) => pack((9_u8, ByteArray::from(*digest))),
            Self::Checked(same) => pack((10_u8, same)),
            Self::Unknown => Vec::new(),
        }
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Trouble> {
        Self::read(bytes).map_err(|_| Trouble::Protocol)?.ok_or(Trouble::Protocol)
    }

    /// `None` for a message whose fields are out of bounds.
    fn read(bytes: &[u8]) -> Result<Option<Self>, minicbor::decode::Error> {
        let mut d = Decoder::new(bytes);
        d.array()?;
        Ok(Some(match d.u8()? {
            0 => {
                let version = d.u64()?;
                let secret = d.decode::<ByteArray<16>>()?.into();
                let title = d.str()?;
                if title.len() > MAX_TITLE {
                    return Ok(None);
                }
                Self::Join { version, secret, title: title.to_owned() }
            }
            1 => {
                let hub_key = d.bytes()?.to_vec();
                let programme = d.decode::<ByteArray<16>>()?.into();
                let extra = d.bytes()?;
                if extra.len() > MAX_EXTRA {
                    return Ok(None);
                }
                Self::Granted(Grant { hub_key, programme, extra: extra.to_vec() })
            }
            2 => Self::Refused(Refusal::of_number(d.u8()?)),
            3 => Self::Hello { version: d.u64()?, buckets: d.bytes()?.to_vec() },
            4 => return Ok(Positions::decode(d.bytes()?).map(Self::Positions)),
            5 => {
                let outcome = match d.u8()? {
                    0 => Outcome::Taken,
                    1 => Outcome::NotAllowed,
                    2 => Outcome::Gap,
                    3 => Outcome::Bad,
                    _ => return Ok(None),
                };
                Self::Ack { outcome, seq: d.u64()? }
            }
            6 => return Ok(some(&mut d)?.map(Self::Ask)),
            7 => return Ok(some(&mut d)?.map(Self::Offer)),
            8 => Self::Stocked,
            9 => Self::Check(d.decode::<ByteArray<8>>()?.into()),
            10 => Self::Checked(d.bool()?),
            _ => Self::Unknown,
        }))
    }
}

fn pack<T: Encode<()>>(fields: T) -> Vec<u8> {
    // Writing to memory cannot fail, and none of the types above refuses its value; no bytes are no message.
    minicbor::to_vec(fields).unwrap_or_default()
}

fn many(hashes: &[Hash]) -> Vec<ByteArray<32>> {
    hashes.iter().map(|hash| ByteArray::from(hash.0)).collect()
}

fn some(d: &mut Decoder<'_>) -> Result<Option<Vec<Hash>>, minicbor::decode::Error> {
    let Some(count) = d.array()?.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MAX_ASK) else {
        return Ok(None);
    };
    let hashes = (0..count).map(|_| Ok(Hash(d.decode::<ByteArray<32>>()?.into())));
    hashes.collect::<Result<_, _>>().map(Some)
}

pub(crate) async fn write_frame(to: &mut (impl AsyncWrite + Unpin), body: &[u8]) -> Result<(), Trouble> {
    let len = u32::try_from(body.len()).map_err(|_| Trouble::Protocol)?;
    to.write_all(&len.to_be_bytes()).await.map_err(lost)?;
    to.write_all(body).await.map_err(lost)
}

/// The next frame; `None` when the stream ended before one began. Memory grows with what has come, not with
/// what was announced.
pub(crate) async fn read_frame(from: &mut (impl AsyncRead + Unpin), limit: usize) -> Result<Option<Vec<u8>>, Trouble> {
    let mut len = [0; 4];
    if from.read(&mut len[..1]).await.map_err(lost)? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut len[1..]).await.map_err(lost)?;
    let len = u32::from_be_bytes(len) as usize;
    if len > limit {
        return Err(Trouble::Protocol);
    }
    let mut body = Vec::with_capacity(len.min(64 * 1024));
    from.take(len as u64).read_to_end(&mut body).await.map_err(lost)?;
    if body.len() < len { Err(Trouble::Lost) } else { Ok(Some(body)) }
}

pub(crate) async fn write_message(to: &mut (impl AsyncWrite + Unpin), message: &Message) -> Result<(), Trouble> {
    write_frame(to, &message.encode()).await
}

pub(crate) async fn read_message(from: &mut (impl AsyncRead + Unpin), limit: usize) -> Result<Message, Trouble> {
    let body = read_frame(from, limit).await?.ok_or(Trouble::Closed)?;
    Message::decode(&body)
}

/// A stream ends with its connection; the connection knows why better than the stream.
pub(crate) fn lost(_: std::io::Error) -> Trouble {
    Trouble::Lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_read_back() {
        let grant = Grant { hub_key: vec![1; 32], programme: [2; 16], extra: b"more".to_vec() };
        for message in [
            Message::Join { version: 1, secret: [5; 16], title: "School 1".into() },
            Message::Granted(grant),
            Message::Refused(Refusal::Used),
            Message::Hello { version: 1, buckets: vec![7; 256] },
            Message::Ack { outcome: Outcome::Gap, seq: u64::MAX },
            Message::Ask(vec![Hash([3; 32]); MAX_ASK]),
            Message::Offer(vec![]),
            Message::Stocked,
            Message::Check([1; 8]),
            Message::Checked(true),
        ] {
            assert_eq!(Message::decode(&message.encode()), Ok(message));
        }
        assert_eq!(Message::decode(&pack((99_u8, "of tomorrow"))), Ok(Message::Unknown));
        assert!(Message::decode(&Message::Ask(vec![Hash([3; 32]); MAX_ASK + 1]).encode()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_quietly(bytes in prop::collection::vec(any::<u8>(), 0..300), tag in 0_u8..12) {
            let _ = Message::decode(&bytes);
            let mut tagged = vec![0x83, tag];
            tagged.extend(&bytes);
            let _ = Message::decode(&tagged);
        }
    }
}
