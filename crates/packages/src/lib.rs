//! Archives of lessons: those that somebody sends, and those that somebody takes along. Nothing of a foreign one is believed: every name, size and ratio is checked before a
//! byte is unpacked, and again while it is.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod archive;
mod names;
mod order;
mod pack;
pub mod xml;

pub use archive::{Archive, Bounds, Entry};
pub use order::{Unit, units};
pub use pack::{Packer, file_name};

/// Why an archive is refused, or could not be read through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no archive, or its end is missing.
    #[error("no whole archive")]
    Broken,
    /// More files than any lesson has.
    #[error("too many files")]
    TooMany,
    /// Larger than a node takes in.
    #[error("too large")]
    TooLarge,
    /// It would grow out of all proportion: a bomb, or files that lie over one another.
    #[error("grows out of proportion")]
    Bomb,
    /// A name that leads out of the archive, or that no file can have.
    #[error("a name that leads elsewhere")]
    Name,
    /// A link, a device, or anything but a file and a folder.
    #[error("something that is no file")]
    Link,
    /// It has a password.
    #[error("has a password")]
    Password,
    /// Two files of one name, or of names that differ only in case.
    #[error("two files of one name")]
    Twice,
    /// Packed in a way that is not read here.
    #[error("packed in an unknown way")]
    Method,
    /// Nothing is in it.
    #[error("empty")]
    Empty,
}

impl Refusal {
    /// The end of the key of its words.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::TooMany => "too-many",
            Self::TooLarge => "too-large",
            Self::Bomb => "bomb",
            Self::Name => "name",
            Self::Link => "link",
            Self::Password => "password",
            Self::Twice => "twice",
            Self::Method => "method",
            Self::Empty => "empty",
        }
    }
}
