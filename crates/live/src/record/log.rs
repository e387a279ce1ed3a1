//! A file that grows item by item, and of which a power cut takes the last seconds at most: each item stands between its
//! length and four bytes of its hash, and what does not fit is cut off when the file is opened again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use base::Hash;

use crate::wire::{Reader, Writer};

/// Bytes of an item.
const MAX_ITEM: usize = 32 * 1024;
/// Bytes of a file: a day of voice.
const MAX_LOG: u64 = 512 << 20;

/// Such a file, to be written on.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    len: u64,
}

impl Log {
    /// Opens or makes it, and goes through what it holds.
    pub fn open(path: &Path, each: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let len = walk(&mut file, each)?;
        file.set_len(len)?;
        file.seek(SeekFrom::Start(len))?;
        Ok(Self { file, len })
    }

    /// Writes an item; it is safe from the process's end now, and from the machine's after [`Self::sync`].
    pub fn push(&mut self, item: &[u8]) -> io::Result<()> {
        if item.len() > MAX_ITEM || self.len > MAX_LOG {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut framed = Writer::default();
        framed.bytes(item).raw(&check(item));
        self.file.write_all(&framed.0)?;
        self.len += framed.0.len() as u64;
        Ok(())
    }

    /// Cuts off all from the first item on that is not to be kept.
    pub fn cut(&mut self, keeps: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        let (mut is_over, mut len) = (false, 0);
        self.file.seek(SeekFrom::Start(0))?;
        walk(&mut self.file, |item| {
            is_over |= !keeps(item);
            if !is_over {
                let mut framed = Writer::default();
                framed.bytes(item);
                len += framed.0.len() as u64 + 4;
            }
        })?;
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len))?;
        self.len = len;
        Ok(())
    }

    pub fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// Goes through what a file holds; an absent one holds nothing.
pub(super) fn read(path: &Path, each: impl FnMut(&[u8])) -> io::Result<()> {
    match File::open(path) {
        Ok(mut file) => walk(&mut file, each).map(drop),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Returns how far the file is whole.
fn walk(file: &mut File, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut bytes = Vec::new();
    file.take(MAX_LOG + MAX_ITEM as u64).read_to_end(&mut bytes)?;
    let mut input = Reader(&bytes);
    let mut whole = 0;
    while let Ok(item) = input.bytes(MAX_ITEM) {
        if input.array() != Ok(check(item)) {
            break;
        }
        each(item);
        whole = (bytes.len() - input.0.len()) as u64;
    }
    Ok(whole)
}

fn check(item: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = Hash::of(item).0;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_happen_is_cut_off_and_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = Log::open(&path, |_| {}).unwrap();
        [&b"one"[..], b"two", b"three"].iter().for_each(|item| log.push(item).unwrap());
        log.cut(|item| item != b"two").unwrap();
        log.push(b"four").unwrap();
        drop(log);
        let mut items = Vec::new();
        Log::open(&path, |item| items.push(item.to_vec())).unwrap();
        assert_eq!(items, [&b"one"[..], b"four"]);
    }

    #[test]
    fn a_torn_end_is_cut_off_and_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let open = |path: &Path| {
            let mut items = Vec::new();
            let log = Log::open(path, |item| items.push(item.to_vec())).unwrap();
            (log, items)
        };
        let (mut log, items) = open(&path);
        assert!(items.is_empty());
        log.push(b"one").unwrap();
        log.push(b"two").unwrap();
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        for cut in whole.len() / 2 + 1..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut log, items) = open(&path);
            assert_eq!(items, [b"one"], "cut at {cut}");
            log.push(b"three").unwrap();
            drop(log);
            assert_eq!(open(&path).1, [&b"one"[..], b"three"]);
        }
    }
}
