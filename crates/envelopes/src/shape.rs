//! An envelope is bounded and of the right shape. What is in it nobody but the two can read, so nothing here checks that.

use base::base32;
use web::{PageError, Request};

/// An envelope: its version, a vector, and what is sealed with its tag; a payload holds 64 KB.
const SEALED: std::ops::RangeInclusive<usize> = 1 + 12 + 16..=60_000;
const VERSION: u8 = 1;
/// A content's key for one reader: the reader's key, a point of P-256, a vector, and the key sealed with its tag.
const ONE_KEY: usize = 16 + 65 + 12 + 48;
/// Keys of one envelope: the two's, and those that they made when they had lost one.
const MOST_KEYS: usize = 8;

/// Bytes that the page's script sent.
///
/// # Errors
/// [`PageError::Rule`] for what is none.
pub fn part_of_form(request: &Request, name: &str) -> Result<Vec<u8>, PageError> {
    request.form(name).and_then(base32::decode).ok_or_else(|| PageError::Rule("seal-shape".to_owned()))
}

/// Refuses what is no envelope with keys of readers.
///
/// # Errors
/// [`PageError::Rule`].
pub fn shape(sealed: &[u8], keys: &[u8]) -> Result<(), PageError> {
    let one = |key: &[u8]| key.get(16) == Some(&4);
    let fits = SEALED.contains(&sealed.len())
        && sealed.first() == Some(&VERSION)
        && !keys.is_empty()
        && keys.len() <= MOST_KEYS * ONE_KEY
        && keys.len().is_multiple_of(ONE_KEY)
        && keys.chunks(ONE_KEY).all(one);
    if fits { Ok(()) } else { Err(PageError::Rule("seal-shape".to_owned())) }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test")]
mod tests {
    use super::*;

    fn key() -> Vec<u8> {
        let mut key = vec![7; ONE_KEY];
        key[16] = 4;
        key
    }

    #[test]
    fn an_envelope_is_bounded_and_of_one_shape() {
        let sealed = |len: usize| {
            let mut sealed = vec![9; len];
            sealed[0] = VERSION;
            sealed
        };
        assert!(shape(&sealed(29), &key()).is_ok());
        assert!(shape(&sealed(60_000), &key().repeat(MOST_KEYS)).is_ok());
        assert!(shape(&sealed(60_001), &key()).is_err(), "too large");
        assert!(shape(&sealed(28), &key()).is_err(), "too small for a vector and a tag");
        assert!(shape(&[2; 100], &key()).is_err(), "of no known version");
        assert!(shape(&sealed(100), &[]).is_err(), "for nobody");
        assert!(shape(&sealed(100), &key()[1..]).is_err(), "half a key");
        assert!(shape(&sealed(100), &key().repeat(MOST_KEYS + 1)).is_err(), "too many keys");
        assert!(shape(&sealed(100), &[7; ONE_KEY]).is_err(), "no point of the curve");
        assert!(shape(b"the teacher said", b"and who may read it").is_err(), "words in the clear");
    }
}
