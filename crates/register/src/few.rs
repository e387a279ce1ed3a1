//! Numbers of pupils, and of whoever could be told by them, that are too small to be told.

/// A number below this is not told outside the school that it is of.
pub const FEW: i64 = 5;

/// What stands in its place.
pub const FEW_SAID: &str = "<5";

/// Whether a number is too small to be told. None at all is no secret.
pub fn is_few(n: i64) -> bool {
    (1..FEW).contains(&n)
}
