//! Pages by their titles, which a file lists in order: what begins with the words is found without reading the rest.

use std::cmp::Ordering;
use std::io::{Read, Seek};

use crate::dirent::Dirent;
use crate::{Found, Hit, Zim, ZimError, u32_at};

/// Titles that are read through for words that stand inside of one. Of a larger file, only beginnings are found.
const MAX_READ: u32 = 4000;

/// Entries in the order of their titles.
enum List {
    At(u64, u32),
    Here(Vec<u8>),
}

impl List {
    fn len(&self) -> u32 {
        match self {
            Self::At(_, n) => *n,
            Self::Here(bytes) => u32::try_from(bytes.len() / 4).unwrap_or(u32::MAX),
        }
    }
}

impl<R: Read + Seek> Zim<R> {
    fn list(&mut self) -> Result<List, ZimError> {
        if self.is_new {
            for name in ["listing/titleOrdered/v1", "listing/titleOrdered/v0"] {
                let Ok(found) = self.named(b'X', name.as_bytes()) else { continue };
                return Ok(match self.content(&found)? {
                    Found::Plain(_, from, len) => List::At(from, u32::try_from(len / 4).unwrap_or(u32::MAX)),
                    Found::Packed(_, bytes) => List::Here(bytes),
                    Found::Moved(_) => continue,
                });
            }
        }
        Ok(if self.by_title == u64::MAX { List::Here(Vec::new()) } else { List::At(self.by_title, self.entries) })
    }

    fn titled(&mut self, list: &List, n: u32) -> Result<Dirent, ZimError> {
        let entry = match list {
            List::At(from, _) => u32_at(&self.bytes(from + 4 * u64::from(n), 4)?, 0),
            List::Here(bytes) => usize::try_from(n).ok().and_then(|n| u32_at(bytes, 4 * n)),
        };
        self.dirent(entry.ok_or(ZimError::Broken)?)
    }

    /// Pages whose titles begin with what was typed, at most so many; where there are none, and the file is small, those
    /// in whose titles it stands.
    ///
    /// # Errors
    /// [`ZimError`].
    pub fn titles(&mut self, typed: &str, most: usize) -> Result<Vec<Hit>, ZimError> {
        let typed = typed.trim();
        let list = self.list()?;
        if typed.is_empty() || list.len() == 0 {
            return Ok(Vec::new());
        }
        let space = if self.is_new { b'C' } else { b'A' };
        let mut hits: Vec<Hit> = Vec::new();
        for begin in spellings(typed) {
            let less = |zim: &mut Self, n| {
                let dirent = zim.titled(&list, n)?;
                Ok((dirent.space, dirent.title()).cmp(&(space, begin.as_bytes())) == Ordering::Less)
            };
            let from = self.lower(list.len(), less)?;
            for n in from..list.len() {
                let dirent = self.titled(&list, n)?;
                if hits.len() >= most || dirent.space != space || !dirent.title().starts_with(begin.as_bytes()) {
                    break;
                }
                self.add(&mut hits, &dirent);
            }
        }
        if hits.is_empty() && list.len() <= MAX_READ {
            let wanted = typed.to_lowercase();
            for n in 0..list.len() {
                let dirent = self.titled(&list, n)?;
                let stands = || String::from_utf8_lossy(dirent.title()).to_lowercase().contains(&wanted);
                if hits.len() < most && dirent.space == space && stands() {
                    self.add(&mut hits, &dirent);
                }
            }
        }
        Ok(hits)
    }

    fn add(&self, hits: &mut Vec<Hit>, dirent: &Dirent) {
        let hit = Hit { title: String::from_utf8_lossy(dirent.title()).into_owned(), place: self.place(dirent) };
        if !hits.contains(&hit) {
            hits.push(hit);
        }
    }
}

/// As it was typed, and as titles begin: large and small letters differ in their order.
fn spellings(typed: &str) -> Vec<String> {
    let mut letters = typed.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let large = format!("{first}{}", letters.as_str());
    let mut all = vec![typed.to_owned(), large, typed.to_lowercase()];
    all.sort();
    all.dedup();
    all
}
