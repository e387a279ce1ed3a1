//! Numbers and bytes as they stand in datagrams and blocks: seven bits a byte, the lowest first.

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not what a class sends")]
pub struct Malformed;

/// Writes.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub fn number(&mut self, mut n: u64) -> &mut Self {
        while n >= 0x80 {
            self.0.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        self.byte((n & 0x7f) as u8)
    }

    /// The lowest two bytes of a number that the reader can complete ([`complete`]).
    pub fn low16(&mut self, n: u64) -> &mut Self {
        self.raw(&((n & 0xffff) as u16).to_be_bytes())
    }

    pub fn low24(&mut self, n: u64) -> &mut Self {
        let [_, a, b, c] = ((n & 0xff_ffff) as u32).to_be_bytes();
        self.raw(&[a, b, c])
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).raw(bytes)
    }
}

/// How many bytes a number takes.
pub(crate) fn width(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// The number nearest to `near` that ends in these bits.
pub(crate) fn complete(low: u64, bits: u32, near: u64) -> u64 {
    let turn = 1_u64 << bits;
    let at = (near & !(turn - 1)) | low;
    let (below, above) = (at.checked_sub(turn), at.checked_add(turn));
    [below, above]
        .into_iter()
        .flatten()
        .fold(at, |best, n| if n.abs_diff(near) < best.abs_diff(near) { n } else { best })
}

/// Reads; nothing is taken on trust, and nothing is allocated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.raw(N)?.try_into().map_err(|_| Malformed)
    }

    pub fn byte(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn number(&mut self) -> Result<u64, Malformed> {
        let mut out = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(out);
            }
        }
        Err(Malformed)
    }

    /// A number within bounds.
    pub fn below(&mut self, bound: u64) -> Result<u64, Malformed> {
        self.number().and_then(|n| if n < bound { Ok(n) } else { Err(Malformed) })
    }

    pub fn small(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.number()?).map_err(|_| Malformed)
    }

    pub fn low16(&mut self) -> Result<u64, Malformed> {
        self.array().map(|two| u16::from_be_bytes(two).into())
    }

    pub fn low24(&mut self) -> Result<u64, Malformed> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]).into())
    }

    /// Bytes with their length before them, at most so many.
    pub fn bytes(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if len > most { Err(Malformed) } else { self.raw(len) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(n in 0_u64..1 << 62, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut w = Writer::default();
            w.number(n).low16(n).low24(n).bytes(&bytes);
            let mut r = Reader(&w.0);
            prop_assert_eq!(r.number().unwrap(), n);
            prop_assert_eq!(complete(r.low16().unwrap(), 16, n), n);
            prop_assert_eq!(complete(r.low24().unwrap(), 24, n), n);
            prop_assert_eq!(r.bytes(40).unwrap(), &bytes[..]);
            prop_assert!(r.is_empty());
            let mut w = Writer::default();
            prop_assert_eq!(w.number(n).0.len(), width(n));
        }

        #[test]
        fn a_number_is_completed_from_near(near in 0_u64..1 << 40, by in 0_u64..30_000, is_back: bool) {
            let n = if is_back { near.saturating_sub(by) } else { near + by };
            prop_assert_eq!(complete(n & 0xffff, 16, near), n);
        }
    }
}
