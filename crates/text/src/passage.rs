use crate::fold::plain_letters;

/// Characters of a passage before what was found, and in all.
const BEFORE: usize = 24;
const MOST: usize = 100;
/// Words of a query that are looked for.
const WORDS: usize = 8;

/// The line of a text in which most of a query's words stand, cut to what a list shows. It is looked for letter by
/// letter, which is cheap: a word that the search finds in another form (a particle taken off, an accent) may be missed.
pub fn passage(text: &str, query: &str) -> Option<String> {
    let folded: String = plain_letters(query).collect();
    let words: Vec<&str> = folded.split(is_between).filter(|w| !w.is_empty()).take(WORDS).collect();
    let mut best: Option<(usize, &str)> = None;
    for line in text.lines() {
        let low = line.to_lowercase();
        let found = words.iter().filter(|w| low.contains(**w)).count();
        if found > best.map_or(0, |(n, _)| n) {
            best = Some((found, line));
        }
        if found > 0 && found == words.len() {
            break;
        }
    }
    best.map(|(_, line)| cut(line, &words))
}

/// Tibetan syllables are words of their own; all else ends where no letter stands.
fn is_between(c: char) -> bool {
    !c.is_alphanumeric() && !('\u{0F35}'..='\u{0FBC}').contains(&c) && c != '\u{0F00}'
}

fn cut(line: &str, words: &[&str]) -> String {
    // Letters that change their number in lower case are rare, and then the cut is a little off.
    let low: Vec<char> = line.to_lowercase().chars().collect();
    let at = words.iter().filter_map(|w| place(&low, w)).min().unwrap_or(0);
    let all = line.chars().count();
    let from = if all <= MOST { 0 } else { at.saturating_sub(BEFORE).min(all - MOST) };
    let shown: String = line.chars().skip(from).take(MOST).collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if from + MOST < all { "…" } else { "" });
    format!("{before}{}{after}", shown.trim())
}

fn place(low: &[char], word: &str) -> Option<usize> {
    let word: Vec<char> = word.chars().collect();
    low.windows(word.len()).position(|w| w == word.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_line_with_most_of_the_words_is_shown() {
        let text = "Herbs of the valley\n雪莲花长在高山上\nHigh herbs: the snow lotus\nསྨན་རྩྭ་རི་ལ་སྐྱེས།";
        assert_eq!(passage(text, "lotus HERBS").as_deref(), Some("High herbs: the snow lotus"));
        assert_eq!(passage(text, "高山").as_deref(), Some("雪莲花长在高山上"));
        assert_eq!(passage(text, "སྨན་རྩྭ").as_deref(), Some("སྨན་རྩྭ་རི་ལ་སྐྱེས།"));
        assert_eq!(passage(text, "river"), None);
        assert_eq!(passage(text, " ·་"), None);
        let long = format!("{}草药{}", "前".repeat(300), "后".repeat(300));
        let shown = passage(&long, "草药").unwrap();
        assert!(shown.starts_with("…前") && shown.contains("草药") && shown.ends_with("后…"));
        assert_eq!(shown.chars().count(), MOST + 2);
    }

    proptest! {
        #[test]
        fn any_text_and_query_give_a_short_line(text in "\\PC{0,300}", query in "\\PC{0,20}") {
            prop_assert!(passage(&text, &query).is_none_or(|p| p.chars().count() <= MOST + 2));
        }
    }
}
