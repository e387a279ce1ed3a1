/// Puts a comma between groups of three in the whole part of a decimal number such as `-1276.5`.
pub(crate) fn group(plain: &str) -> String {
    let (sign, rest) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain),
    };
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut out = String::with_capacity(plain.len() + plain.len() / 3);
    out.push_str(sign);
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A fixed number of decimals (at most 6), grouped. What is no number is a dash; zero has no sign.
pub(crate) fn decimal(value: f64, digits: u8) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = usize::from(digits.min(6));
    let plain = format!("{value:.digits$}");
    let is_zero = !plain.contains(|c: char| c.is_ascii_digit() && c != '0');
    group(if is_zero { plain.trim_start_matches('-') } else { &plain })
}

/// A size in B, KB, MB, GB or TB of 1,000 each, with one decimal from KB on.
pub(crate) fn bytes(size: u64) -> String {
    if size < 1_000 {
        return format!("{size} B");
    }
    let mut unit = 1_u128;
    for name in ["KB", "MB", "GB", "TB"] {
        unit *= 1_000;
        let tenths = (u128::from(size) * 10 + unit / 2) / unit;
        if tenths < 10_000 || name == "TB" {
            return format!("{}.{} {name}", group(&(tenths / 10).to_string()), tenths % 10);
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three() {
        for (plain, grouped) in [
            ("0", "0"),
            ("999", "999"),
            ("1276", "1,276"),
            ("-1276.25", "-1,276.25"),
            ("-123", "-123"),
            ("1000000", "1,000,000"),
        ] {
            assert_eq!(group(plain), grouped);
        }
        assert_eq!(group(&i64::MIN.to_string()), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn sizes_roll_over() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 KB");
        assert_eq!(bytes(1_549), "1.5 KB");
        assert_eq!(bytes(999_949), "999.9 KB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18,446,744.1 TB");
    }

    #[test]
    fn decimals_are_fixed() {
        assert_eq!(decimal(1276.25, 1), "1,276.2");
        assert_eq!(decimal(-0.01, 1), "0.0");
        assert_eq!(decimal(f64::NAN, 1), "–");
        assert_eq!(decimal(2.0, 0), "2");
    }
}
