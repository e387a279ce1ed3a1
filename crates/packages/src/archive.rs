use std::collections::BTreeSet;
use std::io::{Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::Refusal;
use crate::names::{checked, decoded, is_litter};

/// What an archive may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of one file, unpacked.
    pub file: u64,
    /// Bytes of all files, unpacked.
    pub all: u64,
    /// How many times larger a file of more than a megabyte may grow, and all files together.
    pub growth: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { entries: 4000, file: 2 << 30, all: 4 << 30, growth: 200 }
    }
}

/// Below this a file may be as empty as it likes: a page of zeros is no bomb.
const SMALL: u64 = 1 << 20;
/// Bytes of an entry's own header, at least.
const HEADER: u64 = 30;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, checked, its parts divided by `/`.
    pub path: String,
    /// Its bytes, unpacked, as the archive says; held to while it is read.
    pub size: u64,
    index: usize,
}

/// An archive whose every entry was looked at and found within bounds.
pub struct Archive<R> {
    zip: ZipArchive<R>,
    entries: Vec<Entry>,
}

impl<R> std::fmt::Debug for Archive<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({} files)", self.entries.len())
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive and looks at all that it says of its files.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(reader: R, bounds: &Bounds) -> Result<Self, Refusal> {
        let mut zip = ZipArchive::new(reader).map_err(|e| refusal(&e))?;
        if zip.len() > bounds.entries {
            return Err(Refusal::TooMany);
        }
        let mut entries = Vec::new();
        let mut names = BTreeSet::new();
        let mut places = Vec::new();
        let (mut packed, mut unpacked) = (0u64, 0u64);
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(|e| refusal(&e))?;
            if file.encrypted() {
                return Err(Refusal::Password);
            }
            let kind = file.unix_mode().map_or(0, |mode| mode & 0o170_000);
            if !matches!(kind, 0 | 0o100_000 | 0o040_000) {
                return Err(Refusal::Link);
            }
            let path = checked(&decoded(file.name_raw())?)?;
            if file.is_dir() || kind == 0o040_000 {
                continue;
            }
            if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                return Err(Refusal::Method);
            }
            let (size, small) = (file.size(), file.compressed_size());
            if size > bounds.file {
                return Err(Refusal::TooLarge);
            }
            if size > SMALL && size / bounds.growth > small {
                return Err(Refusal::Bomb);
            }
            (packed, unpacked) = (packed.saturating_add(small), unpacked.saturating_add(size));
            places.push((file.header_start(), file.header_start().saturating_add(HEADER).saturating_add(small)));
            if !names.insert(path.to_lowercase()) {
                return Err(Refusal::Twice);
            }
            if !is_litter(&path) {
                entries.push(Entry { path, size, index });
            }
        }
        // Files that share their bytes unpack to more than was ever sent.
        places.sort_unstable();
        if places.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if start < end)) {
            return Err(Refusal::Bomb);
        }
        if unpacked > bounds.all {
            return Err(Refusal::TooLarge);
        }
        if unpacked > SMALL && unpacked / bounds.growth > packed {
            return Err(Refusal::Bomb);
        }
        if entries.is_empty() {
            return Err(Refusal::Empty);
        }
        Ok(Self { zip, entries })
    }

    /// Its files, in the archive's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads a file through. What comes out otherwise than the archive said, by its length or its checksum, is an error
    /// of the reader that `f` meets, and then of this.
    ///
    /// # Errors
    /// [`Refusal::Broken`] for what is not as it was said; what `f` gives otherwise.
    pub fn read<T, E: From<Refusal>>(
        &mut self,
        entry: &Entry,
        f: impl FnOnce(&mut dyn Read) -> Result<T, E>,
    ) -> Result<T, E> {
        let file = self.zip.by_index(entry.index).map_err(|e| refusal(&e))?;
        let mut exact = Exact { inner: file, left: entry.size, wrong: false };
        let done = f(&mut exact);
        if exact.wrong {
            return Err(Refusal::Broken.into());
        }
        done
    }
}

/// A reader that gives as many bytes as was said: neither fewer nor more.
struct Exact<R> {
    inner: R,
    left: u64,
    wrong: bool,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer);
        let n = read.as_ref().map_or(0, |n| *n as u64);
        let ended = n == 0 && !buffer.is_empty() && self.left > 0;
        if read.is_err() || n > self.left || ended {
            self.wrong = true;
            return Err(std::io::Error::from(std::io::ErrorKind::InvalidData));
        }
        self.left -= n;
        read
    }
}

fn refusal(e: &ZipError) -> Refusal {
    match e {
        ZipError::UnsupportedArchive(_) => Refusal::Method,
        ZipError::InvalidPassword => Refusal::Password,
        _ => Refusal::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn open(bytes: Vec<u8>) -> Result<Archive<Cursor<Vec<u8>>>, Refusal> {
        Archive::open(Cursor::new(bytes), &Bounds::default())
    }

    fn refused(bytes: Vec<u8>) -> Refusal {
        open(bytes).unwrap_err()
    }

    fn whole(archive: &mut Archive<Cursor<Vec<u8>>>, n: usize) -> Result<Vec<u8>, Refusal> {
        let entry = archive.entries()[n].clone();
        archive.read(&entry, |r| {
            let mut out = Vec::new();
            r.read_to_end(&mut out).map_err(|_| Refusal::Broken)?;
            Ok(out)
        })
    }

    #[test]
    fn a_set_of_lessons_is_read() {
        let mut zip = open(archive(&[("a/1.txt", b"one"), ("__MACOSX/x", b"x"), ("2.txt", b"two")])).unwrap();
        assert_eq!(zip.entries().len(), 2);
        assert_eq!(whole(&mut zip, 0).unwrap(), b"one");
        assert_eq!(whole(&mut zip, 1).unwrap(), b"two");
    }

    #[test]
    fn hostile_names_links_and_doubles_are_refused() {
        assert_eq!(refused(archive(&[("../a", b"x")])), Refusal::Name);
        assert_eq!(refused(archive(&[("/a", b"x")])), Refusal::Name);
        assert_eq!(refused(archive(&[("A.txt", b"x"), ("a.TXT", b"y")])), Refusal::Twice);
        assert_eq!(refused(archive(&[])), Refusal::Empty);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        assert_eq!(refused(zip.finish().unwrap().into_inner()), Refusal::Link);
    }

    #[test]
    fn bombs_and_crowds_are_refused_before_they_are_unpacked() {
        assert_eq!(refused(archive(&[("a", &vec![0; 8 << 20])])), Refusal::Bomb);
        let many: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        let files: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b""[..])).collect();
        assert_eq!(refused(archive(&files)), Refusal::TooMany);
        let bounds = Bounds { all: 10, ..Bounds::default() };
        let over = Archive::open(Cursor::new(archive(&[("a", b"123456"), ("b", b"123456")])), &bounds);
        assert_eq!(over.unwrap_err(), Refusal::TooLarge);
    }

    #[test]
    fn a_password_a_cut_and_no_archive_are_told_apart() {
        let mut locked = archive(&[("a", b"x")]);
        for (mark, at) in [(&b"PK\x03\x04"[..], 6), (b"PK\x01\x02", 8)] {
            let place = locked.windows(4).position(|w| w == mark).unwrap();
            locked[place + at] |= 1;
        }
        assert_eq!(refused(locked), Refusal::Password);
        let good = archive(&[("a", b"some words that are long enough")]);
        assert_eq!(refused(good[..good.len() - 30].to_vec()), Refusal::Broken);
        assert_eq!(refused(b"no archive".to_vec()), Refusal::Broken);
    }

    #[test]
    fn what_is_not_as_it_was_said_is_broken() {
        // The size that stands in the directory is made smaller, and larger, than what comes out.
        for lie in [1u32, 1000] {
            let mut bytes = archive(&[("a", b"some words that are long enough")]);
            let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
            bytes[at + 24..at + 28].copy_from_slice(&lie.to_le_bytes());
            let read = open(bytes).and_then(|mut zip| whole(&mut zip, 0));
            assert_eq!(read, Err(Refusal::Broken), "{lie}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(at in 0..200usize, with in any::<u8>(), cut in 0..200usize) {
            let mut bytes = archive(&[("a/b.txt", b"some words"), ("c", b"more")]);
            let len = bytes.len();
            bytes[at % len] = with;
            bytes.truncate(len - cut % 40);
            if let Ok(mut zip) = open(bytes) {
                for n in 0..zip.entries().len() {
                    let _ = whole(&mut zip, n);
                }
            }
        }
    }
}
