//! What nodes say to each other about classes: messages of streams.
//!
//! On stream 0, about all: join, welcome, refused, leave, over, beyond, light. On a class's own stream, downwards records of the lane,
//! upwards what people said; both ways, tracks of voice.

use base::{NodeId, Subject};

use super::lights::Light;
use crate::lane::{MAX_PAYLOAD, Mark};
use crate::wire::{Malformed, Reader, Writer};

/// Why a node may not follow a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The class is not open there, or not yet.
    NotOpen,
    /// The node has no part in it.
    NotAllowed,
    /// Too many classes on one trunk.
    TooMany,
    /// What the node has of it is not what happened: the class lost its end where it has its order, and went on from there.
    Other,
}

/// A message of stream 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Tell me of this class from after this event on. The digest of what is there already came later than the rest: nodes of
    /// before neither send nor read it.
    Join {
        class: Subject,
        head: u64,
        digest: Option<[u8; 8]>,
    },
    /// It goes by this handle from now on, has so many events, and has lasted so long.
    Welcome {
        class: Subject,
        handle: u8,
        head: u64,
        elapsed_ms: u64,
    },
    Refused {
        class: Subject,
        why: Why,
    },
    /// Tell me no more.
    Leave {
        class: Subject,
    },
    /// The class is closed here.
    Over {
        class: Subject,
    },
    /// Whether what is said here reaches the origin no more: to who follows the class here. Nodes of before do not read it.
    Beyond {
        class: Subject,
        cut: bool,
    },
    /// How the link to a node further on fares.
    Light {
        class: Subject,
        node: NodeId,
        light: Light,
    },
}

impl Word {
    /// Asks for a class after what is there of it.
    pub fn join(class: Subject, Mark { seq: head, digest }: Mark) -> Self {
        Self::Join { class, head, digest: Some(digest) }
    }

    pub fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Join { class, head, digest } => {
                let digest = digest.as_ref().map_or(&[][..], <[u8; 8]>::as_slice);
                out.byte(1).raw(&class.0).number(*head).raw(digest)
            }
            Self::Welcome { class, handle, head, elapsed_ms } => {
                out.byte(2).raw(&class.0).byte(*handle).number(*head).number(*elapsed_ms)
            }
            Self::Refused { class, why } => out.byte(3).raw(&class.0).byte(match why {
                Why::NotOpen => 1,
                Why::NotAllowed => 2,
                Why::TooMany => 3,
                Why::Other => 4,
            }),
            Self::Leave { class } => out.byte(4).raw(&class.0),
            Self::Over { class } => out.byte(5).raw(&class.0),
            Self::Beyond { class, cut } => out.byte(6).raw(&class.0).byte(u8::from(*cut)),
            Self::Light { class, node, light } => out.byte(7).raw(&class.0).raw(&node.0).byte(light.byte()),
        };
        out.0
    }

    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader(bytes);
        let tag = input.byte()?;
        let class = Subject(input.array()?);
        Ok(match tag {
            1 => {
                let head = input.number()?;
                let digest = if input.is_empty() { None } else { Some(input.array()?) };
                Self::Join { class, head, digest }
            }
            2 => {
                let handle = input.byte()?;
                if !(1..0x80).contains(&handle) {
                    return Err(Malformed);
                }
                Self::Welcome { class, handle, head: input.number()?, elapsed_ms: input.below(1 << 40)? }
            }
            3 => {
                let why = match input.byte()? {
                    1 => Why::NotOpen,
                    2 => Why::NotAllowed,
                    3 => Why::TooMany,
                    4 => Why::Other,
                    _ => return Err(Malformed),
                };
                Self::Refused { class, why }
            }
            4 => Self::Leave { class },
            5 => Self::Over { class },
            6 => Self::Beyond { class, cut: input.byte()? != 0 },
            7 => {
                let node = NodeId(input.array()?);
                Self::Light { class, node, light: Light::of_byte(input.byte()?).ok_or(Malformed)? }
            }
            _ => return Err(Malformed),
        })
    }
}

/// A track of voice: one person or room, from when it has the floor until it gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId {
    /// Where it is spoken.
    pub node: NodeId,
    /// Its number among those of the class at that node.
    pub number: u32,
}

/// What is known of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// Which.
    pub id: TrackId,
    /// Who speaks.
    pub who: Subject,
    /// 0 is the floor; others are for interpreters, and a listener chooses.
    pub channel: u8,
    /// When its clock began, in milliseconds since the class began.
    pub began_ms: u64,
}

/// A message of a class's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Records of the lane, the next in order.
    Lane(&'a [u8]),
    /// From now on this number stands for this speaker.
    Speaker { number: u64, node: NodeId, who: Subject },
    /// Something that was said.
    Saying { speaker: u64, number: u64, at_ms: u64, payload: &'a [u8] },
    /// A track of voice; on this trunk it goes by this number, and is near this packet and time.
    Track { local: u8, track: Track, seq: u64, at: u64 },
    /// It is over.
    Silent { local: u8 },
}

impl<'a> Line<'a> {
    pub fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Lane(records) => out.byte(1).raw(records),
            Self::Speaker { number, node, who } => out.byte(2).number(*number).raw(&node.0).raw(&who.0),
            Self::Saying { speaker, number, at_ms, payload } => {
                out.byte(3).number(*speaker).number(*number).number(*at_ms).raw(payload)
            }
            Self::Track { local, track, seq, at } => {
                out.byte(4).byte(*local).raw(&track.id.node.0).number(track.id.number.into()).raw(&track.who.0);
                out.byte(track.channel).number(track.began_ms).number(*seq).number(*at)
            }
            Self::Silent { local } => out.byte(5).byte(*local),
        };
        out.0
    }

    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut input = Reader(bytes);
        Ok(match input.byte()? {
            1 => Self::Lane(input.0),
            2 => Self::Speaker { number: input.number()?, node: NodeId(input.array()?), who: Subject(input.array()?) },
            3 => {
                let (speaker, number, at_ms) = (input.number()?, input.number()?, input.below(1 << 40)?);
                if input.0.len() > MAX_PAYLOAD {
                    return Err(Malformed);
                }
                Self::Saying { speaker, number, at_ms, payload: input.0 }
            }
            4 => {
                let local = input.byte()?;
                let id = TrackId { node: NodeId(input.array()?), number: input.small()? };
                let (who, channel) = (Subject(input.array()?), input.byte()?);
                let track = Track { id, who, channel, began_ms: input.below(1 << 40)? };
                Self::Track { local, track, seq: input.below(1 << 40)?, at: input.below(1 << 40)? }
            }
            5 => Self::Silent { local: input.byte()? },
            _ => return Err(Malformed),
        })
    }
}
