//! An entry in the list of what a file holds.

use crate::u32_at;

/// Bytes that are read for one.
pub(crate) const MOST: u64 = 4096;

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dirent {
    pub space: u8,
    pub path: Vec<u8>,
    title: Vec<u8>,
    pub target: Target,
}

/// Where an entry leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To another entry, by its number in the order of paths.
    Entry(u32),
    /// To bytes.
    Blob { cluster: u32, blob: u32, media: u16 },
}

impl Dirent {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [low, high, _, space, ..] = *bytes else { return None };
        let media = u16::from_le_bytes([low, high]);
        let (target, from) = match media {
            0xffff => (Target::Entry(u32_at(bytes, 8)?), 12),
            // Deleted entries, and those that led to nothing: no file has had them for years.
            0xfffd | 0xfffe => return None,
            _ => (Target::Blob { cluster: u32_at(bytes, 8)?, blob: u32_at(bytes, 12)?, media }, 16),
        };
        let mut texts = bytes.get(from..)?.split(|b| *b == 0);
        let path = texts.next()?.to_vec();
        // What follows the second zero is no text: without one, the entry is longer than any.
        let title = texts.next()?.to_vec();
        texts.next()?;
        Some(Self { space, path, title, target })
    }

    /// What it is called: its path where it has no other name.
    pub(crate) fn title(&self) -> &[u8] {
        if self.title.is_empty() { &self.path } else { &self.title }
    }
}
