//! What a school holds of its pupils, sealed on disk: names, who gave a consent, whom to call. It is sealed as it is written,
//! under a key that only this node can make again, and opened for pages and the leader's phone alone.
//!
//! What that protects from: a copy of the database, a backup of it, a list, a search, a history or an export shows nothing. Who
//! has the whole directory of the school's node, its key beside its database, can open what is not destroyed yet; without that
//! key nobody can, so it belongs to a backup, in a place of its own.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base::Subject;
use web::{PageError, Site};

/// Sealed texts have lengths that are multiples of this, so that a length tells little.
const BLOCK: usize = 128;

/// Of what a sealed text is: moved elsewhere in the database, it does not open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// What is sealed; it ends with the number of the format.
    pub label: &'static str,
    /// The school or the tour, which has a key of its own.
    pub under: Subject,
    /// The record that it is of.
    pub of: Subject,
}

fn failed() -> PageError {
    PageError::Internal("a text could not be sealed".to_owned())
}

impl About {
    /// A pupil's name.
    pub fn name(school: Subject, pupil: Subject) -> Self {
        Self { label: "zampa pupil names 1", under: school, of: pupil }
    }

    /// Who gave a consent.
    pub fn giver(school: Subject, consent: Subject) -> Self {
        Self { label: "zampa consent givers 1", under: school, of: consent }
    }

    fn key(&self, site: &Site) -> Result<LessSafeKey, PageError> {
        let seed = hmac::Key::new(hmac::HMAC_SHA256, site.store.key().seed());
        let made = hmac::sign(&seed, &[self.label.as_bytes(), self.under.as_bytes()].concat());
        let key = UnboundKey::new(&AES_256_GCM, made.as_ref()).map_err(|_| failed())?;
        Ok(LessSafeKey::new(key))
    }

    fn bound(&self) -> Aad<Vec<u8>> {
        Aad::from([self.under.as_bytes(), self.of.as_bytes()].concat())
    }

    /// Seals a text: a nonce, then AES-256-GCM over the text, filled up with zeros, bound to what it is of.
    pub fn seal(&self, site: &Site, text: &str) -> Result<Vec<u8>, PageError> {
        let nonce = site.store.env().bytes::<NONCE_LEN>();
        let mut sealed = text.as_bytes().to_vec();
        sealed.resize(sealed.len().next_multiple_of(BLOCK), 0);
        self.key(site)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.bound(), &mut sealed)
            .map_err(|_| failed())?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens one; nothing for what this node did not seal.
    pub fn open(&self, site: &Site, sealed: &[u8]) -> Result<Option<String>, PageError> {
        let Some((nonce, rest)) = sealed.split_first_chunk::<NONCE_LEN>() else { return Ok(None) };
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let Ok(plain) = self.key(site)?.open_in_place(nonce, self.bound(), &mut rest) else { return Ok(None) };
        let end = plain.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        Ok(plain.get(..end).and_then(|p| String::from_utf8(p.to_vec()).ok()))
    }

    /// Opens what a column holds. What was written before it was sealed stands beside it in the clear.
    pub fn read(&self, site: &Site, sealed: Option<&[u8]>, before: String) -> Result<String, PageError> {
        let opened = sealed.map_or(Ok(None), |sealed| self.open(site, sealed))?;
        Ok(opened.unwrap_or(before))
    }
}
