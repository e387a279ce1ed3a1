use unicode_normalization::UnicodeNormalization;

/// Text for telling whether two texts are the same but for how they were typed: compatibility forms (full width,
/// ligatures) resolved, lower case, accents off Latin letters, white space and tsheg collapsed and trimmed.
///
/// Not for show, and not for order (see [`crate::sort_key`]). The result is at most 18 times as long as the text.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = None;
    for c in plain_letters(text).nfc() {
        if c.is_whitespace() || c == '\u{0F0B}' {
            // A tsheg beside a space is one gap: people type both.
            gap = Some(if gap == Some('\u{0F0B}') {
                '\u{0F0B}'
            } else if c == '\u{0F0B}' {
                c
            } else {
                ' '
            });
        } else {
            if let Some(gap) = gap.take()
                && !out.is_empty()
            {
                out.push(gap);
            }
            out.push(c);
        }
    }
    out
}

/// Compatibility-decomposed characters in lower case, with Latin letters brought back to a–z.
pub(crate) fn plain_letters(text: &str) -> impl Iterator<Item = char> {
    // Lower-casing can bring forth new marks (İ), so marks go last.
    text.nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        .flat_map(|c| spelled_out(c).chars().chain(spelled_out(c).is_empty().then_some(c)))
        .filter(|c| !('\u{0300}'..='\u{036F}').contains(c))
}

/// Latin letters that no normalisation takes apart.
fn spelled_out(c: char) -> &'static str {
    match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typing_does_not_matter() {
        for (a, b) in [
            ("Ｌhasa  No.３ ", "lhasa no.3"),
            ("Lǚ Łukasz", "lu lukasz"),
            ("STRASSE", "straße"),
            ("ཟམ་པ་", "ཟམ༌པ"),
            ("ཟམ་པ།", "ཟམ་ པ།"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
        assert_ne!(fold("ཟམ་པ"), fold("ཟམ་པོ"));
        assert_ne!(fold("单"), fold("丹"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
