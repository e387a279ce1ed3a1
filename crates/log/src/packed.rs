//! Long payloads stand packed in the database. Only there: what an entry commits to, what is sent and what is read is
//! the payload itself.

use zstd::bulk::{Compressor, Decompressor};

use crate::{LogError, MAX_PAYLOAD};

/// Below this a payload stands as it is: the frame around it would eat what packing gains, and a rebuild reads most
/// facts without unpacking.
const FROM: usize = 512;
/// What is typed in an hour is packed once and read often: the quickest level is hardly larger than the thorough ones.
const LEVEL: i32 = 1;

/// Packs payloads, with what that needs kept between them.
pub(crate) struct Packer(Compressor<'static>);

impl Packer {
    pub(crate) fn new() -> Result<Self, LogError> {
        Ok(Self(Compressor::new(LEVEL)?))
    }

    /// The payload packed, and how many bytes it has, where packing spares an eighth of them.
    pub(crate) fn pack(&mut self, payload: &[u8]) -> Result<Option<(Vec<u8>, i64)>, LogError> {
        let Some(size) = i64::try_from(payload.len()).ok().filter(|_| payload.len() >= FROM) else { return Ok(None) };
        let packed = self.0.compress(payload)?;
        Ok((packed.len() <= payload.len() - payload.len() / 8).then_some((packed, size)))
    }
}

/// Unpacks payloads; what that needs is made for the first that is packed.
#[derive(Default)]
pub(crate) struct Unpacker(Option<Decompressor<'static>>);

impl Unpacker {
    /// The payload of what stands in the database: itself, or packed, and then it had `size` bytes. What was damaged is
    /// given as it stands, packed or not: its commitment tells, and the subject's other entries are read all the same.
    pub(crate) fn unpack(&mut self, stored: &[u8], size: Option<i64>) -> Vec<u8> {
        size.and_then(|size| self.unpacked(stored, size)).unwrap_or_else(|| stored.to_vec())
    }

    fn unpacked(&mut self, stored: &[u8], size: i64) -> Option<Vec<u8>> {
        let size = usize::try_from(size).ok().filter(|s| *s <= MAX_PAYLOAD)?;
        let unpacker = match &mut self.0 {
            Some(unpacker) => unpacker,
            none => none.insert(Decompressor::new().ok()?),
        };
        unpacker.decompress(stored, size).ok().filter(|payload| payload.len() == size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was_and_nothing_larger() {
        let mut packer = Packer::new().unwrap();
        let mut unpacker = Unpacker::default();
        assert!(packer.pack(&[b'a'; FROM - 1]).unwrap().is_none(), "too short to gain");
        let mut noise = vec![0; 4000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        assert!(packer.pack(&noise).unwrap().is_none(), "it would not be smaller");
        let said = "认识三种草药，说出它们的名字。".repeat(20).into_bytes();
        let (packed, size) = packer.pack(&said).unwrap().unwrap();
        assert!(packed.len() < said.len() / 2);
        assert_eq!(usize::try_from(size).unwrap(), said.len());
        assert_eq!(unpacker.unpack(&packed, Some(size)), said);
        assert_eq!(unpacker.unpack(&said, None), said);
        for wrong in [size - 1, size + 1, -1, 0, i64::MAX] {
            assert_eq!(unpacker.unpack(&packed, Some(wrong)), packed, "{wrong}");
        }
        let cut = &packed[..packed.len() - 3];
        assert_eq!(unpacker.unpack(cut, Some(size)), cut);
        assert_eq!(unpacker.unpack(b"no frame", Some(8)), b"no frame");
    }
}
