use unicode_normalization::UnicodeNormalization;

use crate::error::TextError;

/// One line that somebody typed: NFC, trimmed, white space (tabs and line breaks too) collapsed to single spaces.
/// Invisible fillers that copying brings along (zero-width space, soft hyphen, byte-order mark) are dropped. An
/// empty line is not an error here.
///
/// # Errors
/// [`TextError::TooLong`] beyond `max_chars` characters; [`TextError::Forbidden`] for control characters, marks
/// that turn the direction of writing, and tag characters.
pub fn clean_line(text: &str, max_chars: usize) -> Result<String, TextError> {
    let mut out = Out::new(max_chars);
    let mut gap = false;
    for c in text.chars() {
        match kind(c)? {
            Kind::Filler => {}
            Kind::Space | Kind::Break => gap = true,
            Kind::Plain => {
                if gap && !out.text.is_empty() {
                    out.push(' ')?;
                }
                gap = false;
                out.push(c)?;
            }
        }
    }
    out.finish()
}

/// Several lines that somebody typed: as [`clean_line`], but line breaks stay (CR LF and CR become LF), and so do
/// spaces within a line. Spaces at the end of a line, and empty lines at the start and the end, go.
///
/// # Errors
/// As [`clean_line`].
pub fn clean_text(text: &str, max_chars: usize) -> Result<String, TextError> {
    let mut out = Out::new(max_chars);
    let (mut breaks, mut spaces) = (0_usize, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match kind(c)? {
            Kind::Filler => {}
            Kind::Space => spaces += 1,
            Kind::Break => {
                if c == '\r' {
                    chars.next_if_eq(&'\n');
                }
                breaks += 1;
                spaces = 0;
            }
            Kind::Plain => {
                if out.text.is_empty() {
                    (breaks, spaces) = (0, 0);
                }
                for _ in 0..std::mem::take(&mut breaks) {
                    out.push('\n')?;
                }
                for _ in 0..std::mem::take(&mut spaces) {
                    out.push(' ')?;
                }
                out.push(c)?;
            }
        }
    }
    out.finish()
}

enum Kind {
    Plain,
    Space,
    Break,
    Filler,
}

fn kind(c: char) -> Result<Kind, TextError> {
    match c {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => Ok(Kind::Break),
        '\t' => Ok(Kind::Space),
        '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' => Ok(Kind::Filler),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{E0000}'..='\u{E007F}' => {
            Err(TextError::Forbidden { code: u32::from(c) })
        }
        _ if c.is_control() => Err(TextError::Forbidden { code: u32::from(c) }),
        _ if c.is_whitespace() => Ok(Kind::Space),
        _ => Ok(Kind::Plain),
    }
}

/// Text under way to its limit.
struct Out {
    text: String,
    chars: usize,
    max: usize,
}

impl Out {
    fn new(max: usize) -> Self {
        Self { text: String::new(), chars: 0, max }
    }

    /// NFC can join up to four characters into one, so that much is let through before it is known.
    fn push(&mut self, c: char) -> Result<(), TextError> {
        if self.chars >= self.max.saturating_mul(4) {
            return Err(TextError::TooLong { max: self.max });
        }
        self.chars += 1;
        self.text.push(c);
        Ok(())
    }

    fn finish(self) -> Result<String, TextError> {
        let text: String = self.text.nfc().collect();
        if text.chars().count() > self.max {
            return Err(TextError::TooLong { max: self.max });
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_tidied() {
        assert_eq!(clean_line(" \u{FEFF}Pema\u{3000}\t Dolma\r\n", 20).unwrap(), "Pema Dolma");
        assert_eq!(clean_line("Lu\u{0308}", 2).unwrap(), "Lü");
        assert_eq!(clean_line("ཟམ\u{200B}་པ", 20).unwrap(), "ཟམ་པ");
        assert_eq!(clean_line("   ", 0).unwrap(), "");
    }

    #[test]
    fn what_deceives_is_refused() {
        for bad in ["a\u{0}b", "a\u{202E}b", "a\u{2067}b", "a\u{7F}", "\u{1B}[2J", "a\u{85}", "a\u{E0041}"] {
            assert!(matches!(clean_line(bad, 20), Err(TextError::Forbidden { .. })), "{bad:?}");
            assert!(matches!(clean_text(bad, 20), Err(TextError::Forbidden { .. })), "{bad:?}");
        }
    }

    #[test]
    fn the_limit_is_in_characters() {
        assert_eq!(clean_line("重庆市", 3).unwrap(), "重庆市");
        assert_eq!(clean_line("重庆市区", 3), Err(TextError::TooLong { max: 3 }));
        assert_eq!(clean_line(&"x".repeat(1_000_000), 3), Err(TextError::TooLong { max: 3 }));
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(clean_text("\r\n a  b \r\n\r\n\tc\rd\n\n", 20).unwrap(), "a  b\n\n c\nd");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "[\\PC\t\n\r\u{3000}]{0,60}", max in 0_usize..70) {
            if let Ok(once) = clean_line(&text, max) {
                prop_assert!(once.chars().count() <= max);
                prop_assert_eq!(clean_line(&once, max).unwrap(), once);
            }
            if let Ok(once) = clean_text(&text, max) {
                prop_assert!(once.chars().count() <= max);
                prop_assert_eq!(clean_text(&once, max).unwrap(), once);
            }
        }
    }
}
