use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::tibetan;

/// The tokenizer of the FTS5 table that holds [`search_terms`]. The terms are letters and digits of ASCII, or Han:
/// nothing is left for it to decide, so it cannot drop a Tibetan vowel.
pub const FTS_TOKENIZER: &str = "unicode61 remove_diacritics 0";

/// Characters of a text that are read for terms, and of a question.
const MAX_TEXT: usize = 20_000;
const MAX_QUERY: usize = 200;

#[derive(Debug, PartialEq)]
enum Term {
    /// A Latin or other word, folded.
    Word(String),
    /// A run of Han characters.
    Han(Vec<char>),
    /// A Tibetan syllable without its particle.
    Syllable(String),
}

/// The terms of a text, to be put into the index: Latin words without case and accents, Han as single characters
/// and pairs, Tibetan by the syllable.
pub fn search_terms(text: &str) -> String {
    let mut out = String::new();
    for term in terms(text, MAX_TEXT) {
        match term {
            Term::Word(word) => push(&mut out, &plain(&word)),
            Term::Syllable(syllable) => push(&mut out, &code(&syllable)),
            Term::Han(run) => {
                for c in &run {
                    push(&mut out, c.encode_utf8(&mut [0; 4]));
                }
                for pair in run.windows(2) {
                    push(&mut out, &pair.iter().collect::<String>());
                }
            }
        }
    }
    out
}

/// What a reader typed as an FTS5 query that cannot be malformed: every term quoted, all of them wanted, the last
/// word also as a beginning. `None` where there is nothing to search for.
pub fn match_query(typed: &str) -> Option<String> {
    let terms = terms(typed, MAX_QUERY);
    let mut parts: Vec<String> = Vec::new();
    let last = terms.len().saturating_sub(1);
    for (i, term) in terms.into_iter().enumerate() {
        match term {
            Term::Word(word) if i == last => parts.push(format!("\"{}\"*", plain(&word))),
            Term::Word(word) => parts.push(format!("\"{}\"", plain(&word))),
            Term::Syllable(syllable) => parts.push(format!("\"{}\"", code(&syllable))),
            Term::Han(run) if run.len() == 1 => parts.extend(run.iter().map(|c| format!("\"{c}\""))),
            Term::Han(run) => parts.extend(run.windows(2).map(|p| format!("\"{}\"", p.iter().collect::<String>()))),
        }
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// A text without case and accents, for comparing.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c) || is_tibetan(*c))
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

fn terms(text: &str, max: usize) -> Vec<Term> {
    let bounded: String = text.chars().take(max).collect();
    let mut out = Vec::new();
    let mut word = String::new();
    let mut han = Vec::new();
    let mut tibetan = String::new();
    for c in fold(&bounded).chars() {
        let (is_han, is_bo) = (is_han(c), is_tibetan(c) && !is_tibetan_mark(c));
        let is_word = !is_han && !is_bo && c.is_alphanumeric();
        if !is_word && !word.is_empty() {
            out.push(Term::Word(std::mem::take(&mut word)));
        }
        if !is_han && !han.is_empty() {
            out.push(Term::Han(std::mem::take(&mut han)));
        }
        if !is_bo && !tibetan.is_empty() {
            out.push(Term::Syllable(tibetan::without_particle(&std::mem::take(&mut tibetan))));
        }
        match c {
            c if is_word => word.push(c),
            c if is_han => han.push(c),
            c if is_bo => tibetan.push(c),
            _ => {}
        }
    }
    if !word.is_empty() {
        out.push(Term::Word(word));
    }
    if !han.is_empty() {
        out.push(Term::Han(han));
    }
    if !tibetan.is_empty() {
        out.push(Term::Syllable(tibetan::without_particle(&tibetan)));
    }
    out
}

fn push(out: &mut String, term: &str) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(term);
}

/// A word of ASCII as it is; another in letters that every tokenizer leaves alone, a beginning still a beginning.
fn plain(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut out = String::from("x");
    for c in word.chars() {
        let _ = write!(out, "{:05x}", u32::from(c));
    }
    out
}

/// A syllable in letters that every tokenizer leaves alone.
fn code(syllable: &str) -> String {
    let mut out = String::from("bo");
    for c in syllable.chars() {
        let _ = write!(out, "{:02x}", u32::from(c).saturating_sub(0xf00));
    }
    out
}

fn is_tibetan(c: char) -> bool {
    ('\u{f00}'..='\u{fff}').contains(&c)
}

/// Tsheg, shad and the other marks between syllables.
fn is_tibetan_mark(c: char) -> bool {
    matches!(c, '\u{f00}'..='\u{f1f}' | '\u{f34}'..='\u{f3f}' | '\u{fbe}'..='\u{fff}')
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '\u{3007}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;

    fn found(text: &str, typed: &str) -> bool {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(&format!("CREATE VIRTUAL TABLE t USING fts5(terms, tokenize=\"{FTS_TOKENIZER}\")")).unwrap();
        conn.execute("INSERT INTO t VALUES (?1)", [search_terms(text)]).unwrap();
        let Some(query) = match_query(typed) else { return false };
        conn.query_row("SELECT count(*) FROM t WHERE t MATCH ?1", [query], |r| r.get::<_, i64>(0)).unwrap() == 1
    }

    #[test]
    fn names_in_every_script_are_found() {
        assert!(found("拉萨市第一小学", "小学"));
        assert!(found("卓玛央宗", "卓"));
        assert!(!found("卓玛央宗", "玛卓"));
        assert!(found("José Pérez, teacher", "perez"));
        assert!(found("Lhasa Primary School", "lhasa pri"));
        assert!(found("སློབ་གྲྭ་ཆེན་མོ།", "སློབ་གྲྭ"));
        assert!(found("སློབ་གྲྭའི་དགེ་རྒན།", "གྲྭ"));
        assert!(!found("སློབ་གྲྭ", "སླབ"));
    }

    #[test]
    fn hostile_questions_do_no_harm() {
        for typed in ["\"", "*", "NEAR(", "a OR b", "terms:x", "^", "-", "(", &"x ".repeat(5000), "\0"] {
            let _ = found("something", typed);
        }
        assert_eq!(match_query("  ,.;  "), None);
    }

    proptest! {
        #[test]
        fn a_text_finds_itself(text in "\\PC{1,40}") {
            if match_query(&text).is_some() {
                prop_assert!(found(&text, &text), "{text}");
            }
        }
    }
}
