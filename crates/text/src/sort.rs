use std::sync::LazyLock;

use base::Lang;
use icu_collator::options::CollatorOptions;
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale_core::locale;

use crate::tibetan;

/// Characters of a text that its key follows.
const MAX: usize = 120;

type Collator = Option<CollatorBorrowed<'static>>;

static PINYIN: LazyLock<Collator> = LazyLock::new(|| collator(locale!("zh-u-co-pinyin").into()));
static ROOT: LazyLock<Collator> = LazyLock::new(|| collator(locale!("en").into()));

fn collator(preferences: CollatorPreferences) -> Collator {
    CollatorBorrowed::try_new(preferences, CollatorOptions::default()).ok()
}

/// Bytes that compare as a dictionary of the language sorts the texts: pinyin for Chinese (Unicode CLDR), the root
/// collation for English, and for Tibetan by the parts of each syllable.
pub fn sort_key(lang: Lang, text: &str) -> Vec<u8> {
    let text: String = text.chars().take(MAX).collect();
    let mut key = Vec::with_capacity(text.len() * 2);
    if lang == Lang::Bo {
        for syllable in text.split(|c: char| !('\u{f40}'..='\u{fbc}').contains(&c)).filter(|s| !s.is_empty()) {
            tibetan::syllable_key(syllable, &mut key);
        }
        return key;
    }
    let collator = if lang == Lang::Zh { &*PINYIN } else { &*ROOT };
    match collator {
        // Writing to a vector cannot fail; without the data the text's own bytes still give one order.
        Some(collator) => drop(collator.write_sort_key_to(&text, &mut key)),
        None => key.extend(text.as_bytes()),
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(lang: Lang, mut words: Vec<&str>) -> Vec<&str> {
        words.sort_by_key(|w| sort_key(lang, w));
        words
    }

    #[test]
    fn chinese_sorts_by_pinyin() {
        assert_eq!(sorted(Lang::Zh, vec!["王", "次仁", "阿旺", "卓玛", "李"]), ["阿旺", "次仁", "李", "王", "卓玛"]);
    }

    #[test]
    fn tibetan_sorts_by_the_root_letter() {
        let order = ["ཀ", "ཀག", "ཀི", "ཀྱ", "དཀར", "བཀའ", "རྐང", "ལྐོག", "སྐད", "བརྐོ", "བསྐུལ", "ཁ", "མཁན", "ག", "དགེ", "ང"];
        let mut mixed = order.to_vec();
        mixed.reverse();
        assert_eq!(sorted(Lang::Bo, mixed), order);
        assert_eq!(sorted(Lang::Bo, vec!["སློབ་མ", "དགེ་རྒན", "སློབ་གྲྭ", "བོད"]), ["དགེ་རྒན", "བོད", "སློབ་གྲྭ", "སློབ་མ"]);
    }

    proptest! {
        #[test]
        fn keys_never_fail(text in "\\PC{0,200}") {
            for lang in [Lang::Zh, Lang::Bo, Lang::En] {
                prop_assert_eq!(sort_key(lang, &text), sort_key(lang, &text));
            }
        }
    }
}
