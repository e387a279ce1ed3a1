use std::fmt;
use std::str::FromStr;

/// What is wrong with an id that came from outside.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdError {
    /// Not the base-32 letters of the expected number of bytes.
    #[error("`{0}` is not an id")]
    Text(String),
    /// A binary id of the wrong length.
    #[error("an id has {expected} bytes, not {got}")]
    Length {
        /// Bytes that the kind of id has.
        expected: usize,
        /// Bytes that came.
        got: usize,
    },
    /// The first byte of a scope names no kind of scope.
    #[error("{0} is no kind of scope")]
    ScopeTag(u8),
}

/// Crockford's base 32 in lower case: no letter that is misread on paper (i, l, o, u), and nothing
/// that a double click cuts in two. The letters sort as the bytes do.
pub mod base32 {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// Writes bytes as letters, five bits each, the last letter padded with zero bits.
    pub fn encode(bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
        let (mut held, mut bits) = (0_u32, 0_u32);
        for byte in bytes {
            held = (held << 8) | u32::from(*byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                out.push(letter(held >> bits));
            }
        }
        if bits > 0 {
            out.push(letter(held << (5 - bits)));
        }
        out
    }

    /// Reads letters back; `None` at a letter that is not of the alphabet, or at padding that is not zero.
    pub fn decode(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len() * 5 / 8);
        let (mut held, mut bits) = (0_u32, 0_u32);
        for c in text.bytes() {
            let value = LETTERS.iter().position(|l| *l == c.to_ascii_lowercase())?;
            held = (held << 5) | u32::try_from(value).ok()?;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                out.push(u8::try_from((held >> bits) & 0xff).ok()?);
            }
        }
        (held & ((1 << bits) - 1) == 0).then_some(out)
    }

    fn letter(value: u32) -> char {
        LETTERS.get((value & 31) as usize).copied().map_or('0', char::from)
    }
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes, as columns and wire formats hold them.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32::encode(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                base32::decode(text)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or_else(|| IdError::Text(text.chars().take(64).collect()))
            }
        }
        impl TryFrom<&[u8]> for $name {
            type Error = IdError;
            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| IdError::Length { expected: $len, got: bytes.len() })
            }
        }
    };
}

bytes_id!(
    /// What facts are about: a person, a posting, a visit. The first six bytes are a digest of the
    /// scope, so a subject has exactly one scope and no node can write about it in another; the rest is
    /// the time of making in milliseconds (6 bytes) and chance (4 bytes). Ids of one scope sort by age.
    Subject,
    16
);
bytes_id!(
    /// A node: the first bytes of the BLAKE3 hash of its public key, so the key proves the id.
    NodeId,
    16
);
bytes_id!(
    /// A BLAKE3 hash: of a blob, a header, a set of rows.
    Hash,
    32
);

impl Subject {
    /// Makes an id in a scope from the time of making and chance.
    pub fn new(scope: &Scope, ms: u64, chance: u32) -> Self {
        let mut id = [0; 16];
        let (place, rest) = id.split_at_mut(6);
        place.copy_from_slice(&scope.digest());
        let (time, luck) = rest.split_at_mut(6);
        let ms = ms.to_be_bytes();
        time.copy_from_slice(ms.last_chunk::<6>().unwrap_or(&[0; 6]));
        luck.copy_from_slice(&chance.to_be_bytes());
        Self(id)
    }

    /// When it was made, in milliseconds since 1970, as its maker said.
    pub fn made_ms(&self) -> u64 {
        let mut ms = [0; 8];
        for (to, from) in ms.iter_mut().skip(2).zip(self.0.iter().skip(6)) {
            *to = *from;
        }
        u64::from_be_bytes(ms)
    }

    /// Whether the id was made in this scope.
    pub fn is_in(&self, scope: &Scope) -> bool {
        self.0.starts_with(&scope.digest())
    }
}

impl NodeId {
    /// The id of the node that holds this public key.
    pub fn of_key(public_key: &[u8]) -> Self {
        let hash = blake3::hash(public_key);
        Self(hash.as_bytes().first_chunk::<16>().copied().unwrap_or_default())
    }
}

impl Hash {
    /// The BLAKE3 hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

/// Which nodes hold an entry (DESIGN.md, "Scopes and who holds them").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every node of the programme. The bytes were drawn when the programme was set up.
    Programme([u8; 16]),
    /// The school and the hub.
    School(Subject),
    /// The school alone: pupils.
    Private(Subject),
    /// The nodes of the two people of a pairing, and the hub, sealed to the two.
    Pair(Subject),
    /// The nodes that hold this person's account.
    Person(Subject),
}

impl Scope {
    /// Bytes of a scope: a tag and an id.
    pub const LEN: usize = 17;

    /// The scope as columns and wire formats hold it.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let (tag, id) = match self {
            Self::Programme(id) => (1, id),
            Self::School(id) => (2, &id.0),
            Self::Private(id) => (3, &id.0),
            Self::Pair(id) => (4, &id.0),
            Self::Person(id) => (5, &id.0),
        };
        let mut out = [tag; Self::LEN];
        if let Some(rest) = out.last_chunk_mut::<16>() {
            *rest = *id;
        }
        out
    }

    /// Reads a scope from its bytes.
    ///
    /// # Errors
    /// [`IdError::Length`] and [`IdError::ScopeTag`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
        let wrong = IdError::Length { expected: Self::LEN, got: bytes.len() };
        let [tag, id @ ..] = bytes else { return Err(wrong) };
        let id: [u8; 16] = id.try_into().map_err(|_| wrong)?;
        match tag {
            1 => Ok(Self::Programme(id)),
            2 => Ok(Self::School(Subject(id))),
            3 => Ok(Self::Private(Subject(id))),
            4 => Ok(Self::Pair(Subject(id))),
            5 => Ok(Self::Person(Subject(id))),
            tag => Err(IdError::ScopeTag(*tag)),
        }
    }

    fn digest(&self) -> [u8; 6] {
        let hash = blake3::hash(&self.to_bytes());
        hash.as_bytes().first_chunk::<6>().copied().unwrap_or_default()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Programme(id) => write!(f, "programme:{}", base32::encode(id)),
            Self::School(id) => write!(f, "school:{id}"),
            Self::Private(id) => write!(f, "private:{id}"),
            Self::Pair(id) => write!(f, "pair:{id}"),
            Self::Person(id) => write!(f, "person:{id}"),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base32_round_trips_and_sorts(a: [u8; 16], b: [u8; 16]) {
            prop_assert_eq!(base32::decode(&base32::encode(&a)).unwrap(), a.to_vec());
            prop_assert_eq!(a.cmp(&b), base32::encode(&a).cmp(&base32::encode(&b)));
        }

        #[test]
        fn scope_round_trips(tag in 1_u8..=5, id: [u8; 16]) {
            let mut bytes = vec![tag];
            bytes.extend(id);
            prop_assert_eq!(Scope::from_bytes(&bytes).unwrap().to_bytes().to_vec(), bytes);
        }

        #[test]
        fn a_subject_knows_its_scope(id: [u8; 16], other: [u8; 16], ms in 0_u64..(1 << 48), chance: u32) {
            let scope = Scope::Programme(id);
            let subject = Subject::new(&scope, ms, chance);
            prop_assert!(subject.is_in(&scope));
            prop_assert!(!subject.is_in(&Scope::School(Subject(id))));
            prop_assert!(id == other || !subject.is_in(&Scope::Programme(other)));
        }
    }

    #[test]
    fn hostile_text_is_refused_and_not_repeated_whole() {
        let err = "!".repeat(10_000).parse::<Subject>().unwrap_err();
        assert!(err.to_string().len() < 100);
        assert!("0000".parse::<Subject>().is_err());
    }
}
