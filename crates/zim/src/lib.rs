//! Libraries of pages in one file, as Kiwix and others have them (ZIM, openzim.org): an entry is found and read without
//! unpacking the rest, so a file of gigabytes stays one file. Nothing that the file says of places and sizes is believed.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod cluster;
mod dirent;
mod titles;

use std::cmp::Ordering;
use std::io::{Read, Seek, SeekFrom};

use dirent::{Dirent, Target};

/// What every such file begins with.
pub const MAGIC: [u8; 4] = [0x5a, 0x49, 0x4d, 0x04];
/// Bytes of the header.
const HEADER: u64 = 80;
/// Bytes of the list of media types.
const MAX_TYPES: u64 = 64 << 10;
/// Entries that lead on to another, one after the other.
const MAX_HOPS: usize = 8;
/// "There is none."
const NONE: u32 = u32::MAX;

/// Why a file, or an entry of it, is not read.
#[derive(Debug, thiserror::Error)]
pub enum ZimError {
    /// It is no such file, or contradicts itself.
    #[error("not a whole ZIM file")]
    Broken,
    /// Its end is missing: it was cut off, or is one part of several.
    #[error("a part of a ZIM file")]
    Part,
    /// Written or packed in a way that is not read here.
    #[error("an unknown version or packing")]
    Method,
    /// An entry that is larger than is unpacked here.
    #[error("an entry that is too large")]
    TooLarge,
    /// No such entry.
    #[error("no such entry")]
    None,
    /// The disk.
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
}

impl ZimError {
    /// The end of the key of its words.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Broken | Self::None | Self::Io(_) => "broken",
            Self::Part => "zim-part",
            Self::Method => "method",
            Self::TooLarge => "too-large",
        }
    }
}

/// A file of pages.
#[derive(Debug)]
pub struct Zim<R> {
    source: R,
    size: u64,
    /// Pages lie in one space of names (`C`), not by what they are (`A`, `I`, `-`).
    is_new: bool,
    entries: u32,
    clusters: u32,
    by_path: u64,
    by_title: u64,
    cluster_list: u64,
    main: u32,
    types: Vec<String>,
}

/// What an address leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Another address.
    Moved(String),
    /// Bytes of a media type that lie in the file as they are: from where, and how many.
    Plain(String, u64, u64),
    /// Bytes of a media type that were packed.
    Packed(String, Vec<u8>),
}

/// A page that was found by its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The title.
    pub title: String,
    /// Its address in the file.
    pub place: String,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    number(bytes, at).map(u64::from_le_bytes)
}

impl<R: Read + Seek> Zim<R> {
    /// Reads the header and the media types.
    ///
    /// # Errors
    /// [`ZimError`].
    pub fn open(mut source: R) -> Result<Self, ZimError> {
        let size = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let mut head = Vec::new();
        source.by_ref().take(HEADER).read_to_end(&mut head)?;
        if head.get(..4) != Some(&MAGIC) || head.len() as u64 != HEADER {
            return Err(ZimError::Broken);
        }
        let version = u32_at(&head, 4).ok_or(ZimError::Broken)?;
        let (major, minor) = (version & 0xffff, version >> 16);
        if !matches!(major, 5 | 6) {
            return Err(ZimError::Method);
        }
        let small = |at| u32_at(&head, at).ok_or(ZimError::Broken);
        let large = |at| u64_at(&head, at).ok_or(ZimError::Broken);
        let mut zim = Self {
            source,
            size,
            is_new: major == 6 && minor >= 1,
            entries: small(24)?,
            clusters: small(28)?,
            by_path: large(32)?,
            by_title: large(40)?,
            cluster_list: large(48)?,
            main: small(64)?,
            types: Vec::new(),
        };
        // The sum stands at the very end.
        if large(72)? >= HEADER && large(72)?.checked_add(16).is_none_or(|end| end > size) {
            return Err(ZimError::Part);
        }
        let fits = |from: u64, each: u64, n: u32| {
            from >= HEADER
                && each.checked_mul(n.into()).and_then(|len| from.checked_add(len)).is_some_and(|e| e <= size)
        };
        if !fits(zim.by_path, 8, zim.entries) || !fits(zim.cluster_list, 8, zim.clusters) {
            return Err(ZimError::Part);
        }
        if !fits(zim.by_title, 4, zim.entries) {
            // Newer files have their lists of titles as entries.
            zim.by_title = u64::MAX;
        }
        let list = zim.bytes(large(56)?, MAX_TYPES)?;
        zim.types = list.split(|b| *b == 0).take_while(|t| !t.is_empty()).map(media).collect();
        Ok(zim)
    }

    /// How many entries there are.
    pub fn len(&self) -> u32 {
        self.entries
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// At most so many bytes from a place; fewer at the end of the file.
    fn bytes(&mut self, from: u64, most: u64) -> Result<Vec<u8>, ZimError> {
        if from >= self.size {
            return Err(ZimError::Broken);
        }
        self.source.seek(SeekFrom::Start(from))?;
        let mut out = Vec::new();
        self.source.by_ref().take(most).read_to_end(&mut out)?;
        Ok(out)
    }

    fn dirent(&mut self, n: u32) -> Result<Dirent, ZimError> {
        if n >= self.entries {
            return Err(ZimError::Broken);
        }
        let pointer = self.bytes(self.by_path + 8 * u64::from(n), 8)?;
        let at = u64_at(&pointer, 0).ok_or(ZimError::Broken)?;
        let bytes = self.bytes(at, dirent::MOST)?;
        Dirent::read(&bytes).ok_or(ZimError::Broken)
    }

    /// The first of `n` entries that is not less than something.
    fn lower(
        &mut self,
        n: u32,
        mut less: impl FnMut(&mut Self, u32) -> Result<bool, ZimError>,
    ) -> Result<u32, ZimError> {
        let (mut from, mut to) = (0, n);
        while from < to {
            let middle = from + (to - from) / 2;
            if less(self, middle)? {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }

    fn named(&mut self, space: u8, path: &[u8]) -> Result<Dirent, ZimError> {
        let less = |zim: &mut Self, n| {
            let dirent = zim.dirent(n)?;
            Ok((dirent.space, dirent.path.as_slice()).cmp(&(space, path)) == Ordering::Less)
        };
        let n = self.lower(self.entries, less)?;
        if n == self.entries {
            return Err(ZimError::None);
        }
        let found = self.dirent(n)?;
        if found.space == space && found.path == path { Ok(found) } else { Err(ZimError::None) }
    }

    /// The address of an entry.
    fn place(&self, dirent: &Dirent) -> String {
        let path = String::from_utf8_lossy(&dirent.path);
        if self.is_new { path.into_owned() } else { format!("{}/{path}", char::from(dirent.space)) }
    }

    /// Where an entry leads in the end: itself, or what it stands for.
    fn end(&mut self, mut dirent: Dirent) -> Result<Dirent, ZimError> {
        for _ in 0..MAX_HOPS {
            match dirent.target {
                Target::Entry(n) => dirent = self.dirent(n)?,
                Target::Blob { .. } => return Ok(dirent),
            }
        }
        Err(ZimError::Broken)
    }

    /// The address of the page that it begins with.
    ///
    /// # Errors
    /// [`ZimError::None`] where it names none; else what is wrong with it.
    pub fn first(&mut self) -> Result<String, ZimError> {
        if self.main == NONE {
            return Err(ZimError::None);
        }
        let named = self.dirent(self.main)?;
        let end = self.end(named)?;
        Ok(self.place(&end))
    }

    /// What an address leads to.
    ///
    /// # Errors
    /// [`ZimError`].
    pub fn find(&mut self, place: &str) -> Result<Found, ZimError> {
        let found = if self.is_new {
            self.named(b'C', place.as_bytes())?
        } else {
            match place.as_bytes() {
                [space, b'/', path @ ..] if matches!(space, b'A' | b'I' | b'J' | b'-' | b'H') => {
                    self.named(*space, path)?
                }
                path => self.named(b'A', path)?,
            }
        };
        if matches!(found.target, Target::Entry(_)) {
            let end = self.end(found)?;
            return Ok(Found::Moved(self.place(&end)));
        }
        self.content(&found)
    }

    /// What the file says of itself: `Title`, `Description`, `Creator` and others.
    pub fn said(&mut self, name: &str) -> Option<String> {
        let found = self.named(b'M', name.as_bytes()).ok()?;
        let end = self.end(found).ok()?;
        let bytes = match self.content(&end).ok()? {
            Found::Plain(_, from, len) => self.bytes(from, len.min(4096)).ok()?,
            Found::Packed(_, bytes) => bytes,
            Found::Moved(_) => return None,
        };
        String::from_utf8(bytes).ok()
    }

    fn content(&mut self, dirent: &Dirent) -> Result<Found, ZimError> {
        let Target::Blob { cluster, blob, media } = dirent.target else { return Err(ZimError::Broken) };
        let media = self.types.get(usize::from(media)).ok_or(ZimError::Broken)?.clone();
        if cluster >= self.clusters {
            return Err(ZimError::Broken);
        }
        let pointer = self.bytes(self.cluster_list + 8 * u64::from(cluster), 8)?;
        let at = u64_at(&pointer, 0).filter(|at| *at < self.size).ok_or(ZimError::Broken)?;
        self.source.seek(SeekFrom::Start(at))?;
        Ok(match cluster::blob(&mut self.source, at, self.size, blob)? {
            cluster::Blob::Plain(from, len) => Found::Plain(media, from, len),
            cluster::Blob::Packed(bytes) => Found::Packed(media, bytes),
        })
    }
}

/// A media type that can stand in an answer.
fn media(said: &[u8]) -> String {
    let plain = said.len() <= 120 && said.iter().all(|b| b.is_ascii_graphic() || *b == b' ') && said.contains(&b'/');
    let said = if plain { std::str::from_utf8(said).unwrap_or_default() } else { "application/octet-stream" };
    // Pages without a word of their letters are in UTF-8.
    if said == "text/html" { "text/html; charset=utf-8".to_owned() } else { said.to_owned() }
}

#[cfg(test)]
mod tests;
