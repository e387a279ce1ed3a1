use unicode_normalization::UnicodeNormalization;

use crate::TextError;

/// A line as it is kept: NFC, without white space at its ends or in runs.
///
/// # Errors
/// [`TextError::TooLong`] beyond `max` characters; [`TextError::Unseen`] for control characters and marks that
/// turn the direction of the text.
pub fn clean_line(text: &str, max: usize) -> Result<String, TextError> {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let joined = spaced.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    check(&joined, max)
}

/// Several lines as they are kept: NFC, line feeds only, no white space at the ends.
///
/// # Errors
/// As [`clean_line`].
pub fn clean_text(text: &str, max: usize) -> Result<String, TextError> {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    check(lines.trim(), max)
}

fn check(text: &str, max: usize) -> Result<String, TextError> {
    // Composing can only shorten what matters here; the bound before it keeps the work small.
    if text.chars().nth(max.saturating_mul(4)).is_some() {
        return Err(TextError::TooLong(max));
    }
    let out: String = text.nfc().collect();
    if out.chars().nth(max).is_some() {
        return Err(TextError::TooLong(max));
    }
    let unseen = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if out.chars().any(unseen) { Err(TextError::Unseen) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,60}") {
            if let Ok(once) = clean_line(&text, 60) {
                prop_assert_eq!(clean_line(&once, 60).unwrap(), once);
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        assert_eq!(clean_line("a\u{202e}b", 10), Err(TextError::Unseen));
        assert_eq!(clean_line("a\u{0}b", 10), Err(TextError::Unseen));
        assert_eq!(clean_line("  卓玛 \t 央宗 ", 10).unwrap(), "卓玛 央宗");
        assert_eq!(clean_line("12345678901", 10), Err(TextError::TooLong(10)));
        assert_eq!(clean_text("a\r\nb\n", 10).unwrap(), "a\nb");
    }
}
