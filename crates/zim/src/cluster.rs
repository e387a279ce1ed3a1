//! Entries' bytes lie together in clusters, packed or not. Of a packed one, no more is unpacked than leads to what is asked.

use std::io::{self, Read};

use lzma_rust2::XzReader;
use zstd::stream::read::Decoder;

use crate::{ZimError, u32_at, u64_at};

/// Bytes of a cluster that are unpacked. Kiwix makes clusters of two megabytes.
const MAX_UNPACKED: u64 = 32 << 20;
/// Kilobytes that unpacking may take: what the strongest setting of xz asks for, and a little.
const MAX_XZ_KB: u32 = 72 << 10;
/// What Zstandard may look back on: 2^25 bytes.
const MAX_WINDOW: u32 = 25;

/// Where the bytes of an entry are.
pub(crate) enum Blob {
    /// In the file, as they are.
    Plain(u64, u64),
    /// These.
    Packed(Vec<u8>),
}

/// A blob of the cluster at which the reader stands.
pub(crate) fn blob(source: &mut impl Read, at: u64, size: u64, n: u32) -> Result<Blob, ZimError> {
    let mut kind = [0];
    source.read_exact(&mut kind).map_err(|_| ZimError::Broken)?;
    let [kind] = kind;
    // Numbers of eight bytes, where a cluster is longer than four can say.
    let wide = kind & 0x10 != 0;
    match kind & 0x0f {
        0 | 1 => {
            let (from, to) = ends(source, wide, n, size)?;
            let start = at.checked_add(1).and_then(|s| s.checked_add(from)).ok_or(ZimError::Broken)?;
            if start.checked_add(to - from).is_none_or(|end| end > size) {
                return Err(ZimError::Broken);
            }
            Ok(Blob::Plain(start, to - from))
        }
        4 => {
            let mut unpacked = XzReader::new_mem_limit(source.take(MAX_UNPACKED), false, MAX_XZ_KB);
            packed(&mut unpacked, wide, n)
        }
        5 => {
            let mut unpacked = Decoder::new(source.take(MAX_UNPACKED))?.single_frame();
            unpacked.window_log_max(MAX_WINDOW)?;
            packed(&mut unpacked, wide, n)
        }
        _ => Err(ZimError::Method),
    }
}

fn packed(unpacked: &mut impl Read, wide: bool, n: u32) -> Result<Blob, ZimError> {
    let (from, to) = ends(unpacked, wide, n, MAX_UNPACKED)?;
    let read = (u64::from(n) + 2) * if wide { 8 } else { 4 };
    skip(unpacked, from.checked_sub(read).ok_or(ZimError::Broken)?)?;
    let mut bytes = Vec::new();
    unpacked.take(to - from).read_to_end(&mut bytes).map_err(|_| ZimError::Broken)?;
    if bytes.len() as u64 == to - from { Ok(Blob::Packed(bytes)) } else { Err(ZimError::Broken) }
}

/// Where a blob begins and ends in its cluster: both stand in the list at its beginning.
fn ends(list: &mut impl Read, wide: bool, n: u32, most: u64) -> Result<(u64, u64), ZimError> {
    let width = if wide { 8 } else { 4 };
    let mut next = || {
        let mut bytes = [0; 8];
        let part = bytes.get_mut(..width).ok_or(ZimError::Broken)?;
        list.read_exact(part).map_err(|_| ZimError::Broken)?;
        (if wide { u64_at(&bytes, 0) } else { u32_at(&bytes, 0).map(u64::from) }).ok_or(ZimError::Broken)
    };
    let first = next()?;
    // The list ends where the first blob begins: so its length is known before it is read.
    let blobs = (first / width as u64).checked_sub(1).ok_or(ZimError::Broken)?;
    if first > most || u64::from(n) >= blobs {
        return Err(ZimError::Broken);
    }
    let (mut from, mut to) = (first, next()?);
    for _ in 0..n {
        (from, to) = (to, next()?);
    }
    match () {
        () if from > to || from < first => Err(ZimError::Broken),
        () if to > most => Err(if most == MAX_UNPACKED { ZimError::TooLarge } else { ZimError::Broken }),
        () => Ok((from, to)),
    }
}

fn skip(unpacked: &mut impl Read, bytes: u64) -> Result<(), ZimError> {
    let skipped = io::copy(&mut unpacked.take(bytes), &mut io::sink()).map_err(|_| ZimError::Broken)?;
    if skipped == bytes { Ok(()) } else { Err(ZimError::Broken) }
}
