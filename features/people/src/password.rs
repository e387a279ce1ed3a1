use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base::Env;
use web::PageError;

/// The least number of characters of a password.
pub(crate) const LEAST: usize = 10;
/// More characters than these are not read: hashing must stay bounded.
pub(crate) const MOST: usize = 200;

/// The Argon2id hash of a password (RFC 9106, 19 MiB, two passes), with its salt and settings.
pub(crate) fn hash(password: &str, env: &Env) -> Result<String, PageError> {
    let salt = env.bytes::<16>();
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| PageError::Internal(format!("hashing: {e}")))
}

/// Whether a password is the one of a hash. Without a hash the same work is done, so that nobody learns from the
/// time whether a name exists.
pub(crate) fn fits(password: &str, hash: Option<&str>, env: &Env) -> bool {
    let kept = hash.and_then(|h| PasswordHash::new(h).ok());
    match kept {
        Some(kept) => Argon2::default().verify_password(password.as_bytes(), &kept).is_ok(),
        None => {
            let _ = self::hash(password, env);
            false
        }
    }
}
