use std::sync::LazyLock;

use base::Lang;
use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::{Locale, locale};
use unicode_normalization::UnicodeNormalization;

use crate::sort_bo;

/// How much of a text sorts, in characters; texts that are the same to here sort as equal.
pub const MAX_SORT_CHARS: usize = 256;

/// Between the key of a language and the text itself, which decides where the language does not. No key of a
/// language holds it.
const END: u8 = 0;

static PINYIN: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| collator(&locale!("zh-u-co-pinyin"), Strength::Tertiary));
static ROOT: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| collator(&locale!("und"), Strength::Tertiary));
static ROOT_LETTERS: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| collator(&locale!("und"), Strength::Primary));

/// Bytes whose order (as `memcmp`, and as SQLite orders a BLOB) is the dictionary order of `lang`: Chinese by pinyin
/// (CLDR `zh-u-co-pinyin`), Tibetan by CLDR's `bo` rules, English by the root order of CLDR.
///
/// Two keys of one language are equal only if the texts are (in NFC, to [`MAX_SORT_CHARS`]). Keys of different
/// languages are not to be compared, and stored keys are to be made anew when this crate's ICU data change.
///
/// Pinyin is looked up character by character, so readings that depend on the word (长江, the surname 单) come out
/// wrong: where that matters, keep a reading that people can edit, and give it here instead.
pub fn sort_key(lang: Lang, text: &str) -> Vec<u8> {
    let text: String = text.nfc().take(MAX_SORT_CHARS).collect();
    let mut key = Vec::with_capacity(text.len() * 3);
    match lang {
        Lang::Zh => write(&PINYIN, &text, &mut key),
        Lang::En => write(&ROOT, &text, &mut key),
        Lang::Bo => sort_bo::write(&text, &mut key),
    }
    key.push(END);
    key.extend_from_slice(text.as_bytes());
    key
}

/// Writes the primary weight of `text` in the root order: what letters it has, whatever their case and accents.
pub(crate) fn write_letters(text: &str, key: &mut Vec<u8>) {
    write(&ROOT_LETTERS, text, key);
}

fn write(collator: &LazyLock<Option<CollatorBorrowed<'static>>>, text: &str, key: &mut Vec<u8>) {
    if let Some(collator) = collator.as_ref() {
        // Writing to a Vec cannot fail.
        let Ok(()) = collator.write_sort_key_to(text, key);
    }
}

/// `None` only if the compiled data lacked a locale (a test watches it); texts then sort by code point.
fn collator(locale: &Locale, strength: Strength) -> Option<CollatorBorrowed<'static>> {
    let mut options = CollatorOptions::default();
    options.strength = Some(strength);
    Collator::try_new(locale.into(), options).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted<'a>(lang: Lang, texts: &[&'a str]) -> Vec<&'a str> {
        let mut texts = texts.to_vec();
        texts.sort_by_key(|text| sort_key(lang, text));
        texts
    }

    #[test]
    fn the_collators_are_there() {
        assert!(PINYIN.is_some() && ROOT.is_some() && ROOT_LETTERS.is_some());
    }

    #[test]
    fn chinese_by_pinyin() {
        let order = ["阿里", "安徽", "北京", "昌都", "重庆", "拉萨", "日喀则", "山南", "卓玛"];
        let mut mixed = order;
        mixed.reverse();
        // By code point 卓 would come early and 阿 last; 重 is read zhòng by itself, hence the note above.
        assert_eq!(
            sorted(Lang::Zh, &["卓玛", "安徽", "日喀则", "阿里", "北京"]),
            ["阿里", "安徽", "北京", "日喀则", "卓玛"]
        );
        assert_eq!(sorted(Lang::Zh, &mixed).first(), Some(&"阿里"));
    }

    #[test]
    fn english_by_the_root_order() {
        assert_eq!(
            sorted(Lang::En, &["zebra", "Émile", "emil", "Emily", "apple", "2", "10"]),
            ["10", "2", "apple", "emil", "Émile", "Emily", "zebra"]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn a_key_is_total_and_the_same_each_time(
            a in "[ཀ-ྼ་།a-cA-C一-三é \u{301}\u{0}]{0,8}|\\PC{0,8}",
            b in "[ཀ-ྼ་།a-cA-C一-三é \u{301}\u{0}]{0,8}|\\PC{0,8}",
        ) {
            for lang in Lang::ALL {
                let (x, y) = (sort_key(lang, &a), sort_key(lang, &b));
                prop_assert_eq!(&x, &sort_key(lang, &a));
                prop_assert_eq!(x == y, a.nfc().eq(b.nfc()));
                // The key of the language holds no END, so the text behind it never reaches into the order.
                let text_len = a.nfc().collect::<String>().len();
                prop_assert!(!x[..x.len() - text_len - 1].contains(&END));
            }
        }

        #[test]
        fn a_key_agrees_with_the_collator(a in "[a-zA-Z一-龥é ]{0,8}", b in "[a-zA-Z一-龥é ]{0,8}") {
            for (lang, collator) in [(Lang::Zh, &PINYIN), (Lang::En, &ROOT)] {
                let order = collator.as_ref().unwrap().compare(&a, &b);
                prop_assert!(order.is_eq() || sort_key(lang, &a).cmp(&sort_key(lang, &b)) == order);
            }
        }
    }
}
