//! Bytes of a segment: small numbers as LEB128, each kind of value in a column of its own, so that a general
//! compressor finds the likeness between entries. Readers check every length before they allocate.

use std::collections::BTreeMap;

use crate::LogError;

/// Writes values one after the other.
#[derive(Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn number(&mut self, mut value: u64) {
        loop {
            let low = value.to_le_bytes().first().copied().unwrap_or(0) & 0x7f;
            value >>= 7;
            if value == 0 {
                self.0.push(low);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    /// A number that may be negative, zigzag-coded.
    pub fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }
}

/// Reads values, and refuses to read beyond the end.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn number(&mut self) -> Result<u64, LogError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte, rest @ ..] = self.rest else { return Err(short()) };
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(LogError::malformed("a segment", "a number is too large"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(LogError::malformed("a segment", "a number is too long"))
    }

    pub fn signed(&mut self) -> Result<i64, LogError> {
        let n = self.number()?;
        Ok((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    /// A number that says how many there are of something; more than `limit` is refused.
    pub fn count(&mut self, limit: usize) -> Result<usize, LogError> {
        let n = self.number()?;
        usize::try_from(n)
            .ok()
            .filter(|n| *n <= limit)
            .ok_or_else(|| LogError::malformed("a segment", format!("{n} of something; at most {limit}")))
    }

    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], LogError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or_else(short)?;
        self.rest = rest;
        Ok(head)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], LogError> {
        let raw = self.raw(N)?;
        raw.try_into().map_err(|_| short())
    }

    pub fn bytes(&mut self, limit: usize) -> Result<&'a [u8], LogError> {
        let len = self.count(limit)?;
        self.raw(len)
    }

    pub fn end(&self) -> Result<(), LogError> {
        if self.rest.is_empty() { Ok(()) } else { Err(LogError::malformed("a segment", "bytes after the end")) }
    }
}

fn short() -> LogError {
    LogError::malformed("a segment", "it is cut off")
}

/// Numbers the different values of a column in the order of their first appearance.
pub(crate) struct Dictionary<K: Ord + Clone> {
    numbers: BTreeMap<K, u64>,
    pub values: Vec<K>,
}

impl<K: Ord + Clone> Default for Dictionary<K> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), values: Vec::new() }
    }
}

impl<K: Ord + Clone> Dictionary<K> {
    /// The number of a value, and whether it is new.
    pub fn number(&mut self, value: &K) -> u64 {
        if let Some(n) = self.numbers.get(value) {
            return *n;
        }
        let n = self.values.len() as u64;
        self.numbers.insert(value.clone(), n);
        self.values.push(value.clone());
        n
    }
}
