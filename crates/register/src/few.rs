//! Numbers of pupils, and of whoever could be told by them, that are too small to be told.

/// A number below this is not told outside the school that it is of.
pub const FEW: i64 = 5;

/// What stands in its place.
pub const FEW_SAID: &str = "<5";

/// Whether a number is too small to be told. None at all is no secret.
pub fn is_few(n: i64) -> bool {
    (1..FEW).contains(&n)
}

/// Which parts of a sum are not told, of numbers with whether each is too small. Where a single one is, the next small one is
/// left out too: what is missing from the sum, which is told elsewhere, would be that one.
pub fn untold(parts: impl IntoIterator<Item = (i64, bool)>) -> Vec<bool> {
    let parts: Vec<(i64, bool)> = parts.into_iter().collect();
    let mut out: Vec<bool> = parts.iter().map(|(_, small)| *small).collect();
    if out.iter().filter(|small| **small).count() == 1 {
        let least = parts.iter().enumerate().filter(|(_, (n, small))| !small && *n > 0).min_by_key(|(_, (n, _))| *n);
        if let Some(out) = least.and_then(|(at, _)| out.get_mut(at)) {
            *out = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_that_is_too_small_takes_another_with_it() {
        let told = |values: &[i64]| -> Vec<i64> {
            let hidden = untold(values.iter().map(|n| (*n, is_few(*n))));
            values.iter().zip(hidden).filter(|(_, hidden)| !hidden).map(|(n, _)| *n).collect()
        };
        assert_eq!(told(&[3, 9, 7]), [9]);
        assert_eq!(told(&[3, 2, 7]), [7]);
        assert_eq!(told(&[9, 7]), [9, 7]);
        assert_eq!(told(&[3, 0]), [0]);
    }
}
