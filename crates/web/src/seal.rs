//! Words that only this node can have given.

use crate::{PageError, Site};
use base::Hash;

/// The local setting that they are made with.
const KEY: &str = "seal-key";

/// What shows that this node said `what`; `of` keeps the words of one use apart from those of another.
///
/// # Errors
/// What the local database says.
pub fn seal(site: &Site, of: &str, what: &str) -> Result<String, PageError> {
    let key = match site.local.setting(KEY)? {
        Some(key) => key,
        None => {
            let key = Hash::of(&site.store.env().bytes::<32>()).to_string();
            site.local.set(KEY, Some(&key))?;
            key
        }
    };
    Ok(Hash::of(format!("{key} {of} {what}").as_bytes()).to_string())
}
