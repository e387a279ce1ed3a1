use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::fold::plain_letters;

/// The FTS5 tokenizer under which the terms of [`search_terms`] pass intact:
/// `CREATE VIRTUAL TABLE … USING fts5(terms, tokenize = 'unicode61 remove_diacritics 0')`.
pub const FTS_TOKENIZER: &str = "unicode61 remove_diacritics 0";

/// How much of a text is searched, in characters; the rest is left out.
pub const MAX_SEARCH_CHARS: usize = 100_000;

/// How many different terms of a query are asked for; the rest is left out.
pub const MAX_QUERY_TERMS: usize = 32;

/// Longest word kept, in characters; what two longer words have in common to here makes them one.
const MAX_WORD_CHARS: usize = 64;

/// What is put into an FTS5 column so that a text is found: Tibetan by syllable, with the particles འི འོ འང འམ
/// taken off; Han by single character and by pair; words of other scripts folded ([`crate::fold`]); digits kept,
/// Tibetan ones as 0–9.
///
/// The terms are for the index and not for reading: characters that SQLite's tokenizer would split at or lose are
/// written in code points of the private use area, which it keeps.
pub fn search_terms(text: &str) -> String {
    let mut out = String::new();
    let mut put = |term: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        push_coded(&mut out, term);
    };
    for run in runs(text) {
        match run {
            Run::Han(han) => {
                for one in &han {
                    put(one.encode_utf8(&mut [0; 4]));
                }
                for pair in han.windows(2) {
                    put(&pair.iter().collect::<String>());
                }
            }
            Run::Syllable(term) | Run::Word(term) => put(&term),
        }
    }
    out
}

/// A safe FTS5 MATCH expression for what a person typed into a search field: every term quoted, all of them
/// required, the last word with a letter as the beginning of a word. `None` if nothing in it can be searched.
pub fn match_query(user_text: &str) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut terms: Vec<(String, bool)> = Vec::new();
    let mut add = |term: String, is_word: bool| {
        if seen.len() < MAX_QUERY_TERMS && seen.insert(term.clone()) {
            terms.push((term, is_word));
        }
    };
    for run in runs(user_text) {
        match run {
            // A pair stands in the index wherever both characters do, side by side, so pairs suffice.
            Run::Han(han) if han.len() > 1 => {
                for pair in han.windows(2) {
                    add(pair.iter().collect(), false);
                }
            }
            Run::Han(han) => add(han.into_iter().collect(), false),
            Run::Syllable(term) => add(term, false),
            Run::Word(term) => {
                let is_word = term.chars().any(char::is_alphabetic);
                add(term, is_word);
            }
        }
    }
    let prefix = terms.iter().rposition(|(_, is_word)| *is_word);
    let mut out = String::new();
    for (at, (term, _)) in terms.iter().enumerate() {
        if at > 0 {
            out.push_str(" AND ");
        }
        // No term holds a quotation mark: runs() lets only letters, marks and digits through.
        out.push('"');
        push_coded(&mut out, term);
        out.push('"');
        if prefix == Some(at) {
            out.push('*');
        }
    }
    (!out.is_empty()).then_some(out)
}

/// A stretch of text of one kind.
enum Run {
    Han(Vec<char>),
    Syllable(String),
    Word(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Tibetan,
    Word,
    Between,
}

fn script(c: char) -> Script {
    match c {
        '々' | '〇' | '\u{2E80}'..='\u{2FDF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' => Script::Han,
        '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => Script::Han,
        // Letters, subjoined letters, vowel signs and marks within a syllable; no tsheg, shad or ornament.
        '\u{0F00}' | '\u{0F35}' | '\u{0F37}' | '\u{0F39}' | '\u{0F40}'..='\u{0F84}' | '\u{0F86}'..='\u{0FBC}' => {
            Script::Tibetan
        }
        _ if c.is_alphanumeric() || is_combining_mark(c) => Script::Word,
        _ => Script::Between,
    }
}

fn runs(text: &str) -> Vec<Run> {
    // One form for all: compatibility characters resolved, lower case, Latin accents off, then composed.
    let head: String = text.chars().take(MAX_SEARCH_CHARS).collect();
    let folded = plain_letters(&head).nfc().map(tibetan_digit);

    let mut runs = Vec::new();
    let (mut current, mut of) = (Vec::new(), Script::Between);
    for c in folded.chain(std::iter::once(' ')) {
        let mut next = script(c);
        if next == Script::Word && is_combining_mark(c) && of != Script::Between {
            // A mark belongs to what it stands on.
            next = of;
        }
        if next != of {
            finish(&mut runs, of, std::mem::take(&mut current));
            of = next;
        }
        current.push(c);
    }
    runs
}

fn finish(runs: &mut Vec<Run>, of: Script, chars: Vec<char>) {
    match of {
        Script::Between => {}
        Script::Han => runs.push(Run::Han(chars)),
        Script::Tibetan => runs.push(Run::Syllable(bare_syllable(&chars))),
        Script::Word => runs.push(Run::Word(chars.into_iter().take(MAX_WORD_CHARS).collect())),
    }
}

fn tibetan_digit(c: char) -> char {
    match c {
        '\u{0F20}'..='\u{0F29}' => u8::try_from(u32::from(c) - 0x0F20).map_or(c, |digit| char::from(b'0' + digit)),
        _ => c,
    }
}

/// A syllable without the particles that are written onto it: genitive འི, final འོ, and འང "also", འམ "or". The
/// instrumental ས and the terminative ར stay, for they look like a suffix that belongs to the word.
fn bare_syllable(syllable: &[char]) -> String {
    let mut bare = syllable;
    // Two can follow each other (པའིའོ).
    for _ in 0..2 {
        match bare {
            [word @ .., 'འ', 'ི' | 'ོ' | 'ང' | 'མ'] if !word.is_empty() => bare = word,
            _ => break,
        }
    }
    let mut out: String = bare.iter().take(MAX_WORD_CHARS).collect();
    // The particle replaces a final འ that only tells prefix from root: མདའ + འི is written མདའི.
    let is_letter = |c: &char| ('\u{0F40}'..='\u{0F6C}').contains(c);
    if bare.len() < syllable.len() && bare.len() == 2 && bare.iter().all(is_letter) {
        out.push('འ');
    }
    out
}

/// Writes a term so that SQLite's tokenizer takes it for one token. ASCII and the common Han characters stay.
/// Tibetan (U+0F00–0FFF) is moved to U+E000–E0FF; anything else becomes two code points of U+E100–F2FF. No term of
/// a text holds such code points itself, so the code is reversible.
fn push_coded(out: &mut String, term: &str) {
    for c in term.chars() {
        let code = u32::from(c);
        let private = |offset: u32| char::from_u32(0xE000 + offset).unwrap_or(' ');
        match c {
            'a'..='z' | '0'..='9' | '\u{3400}'..='\u{4DB5}' | '\u{4E00}'..='\u{9FA5}' => out.push(c),
            '\u{0F00}'..='\u{0FFF}' => out.push(private(code - 0x0F00)),
            _ => {
                out.push(private(0x100 + (code >> 12)));
                out.push(private(0x300 + (code & 0xFFF)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::{Connection, params};

    /// An FTS5 table as the pages use it.
    fn table(texts: &[&str]) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(&format!("CREATE VIRTUAL TABLE found USING fts5(terms, tokenize = '{FTS_TOKENIZER}');"))
            .unwrap();
        for (at, text) in texts.iter().enumerate() {
            db.execute(
                "INSERT INTO found(rowid, terms) VALUES (?1, ?2)",
                params![i64::try_from(at).unwrap(), search_terms(text)],
            )
            .unwrap();
        }
        db
    }

    fn ask(db: &Connection, query: &str) -> Vec<i64> {
        let Some(query) = match_query(query) else {
            return Vec::new();
        };
        db.prepare("SELECT rowid FROM found WHERE found MATCH ?1 ORDER BY rowid")
            .unwrap()
            .query_map([query], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    #[test]
    fn chinese_of_one_two_and_more_characters() {
        let db = table(&["卓玛 昌都市实验小学", "王卓 玛丽", "重庆市第八中学", "𠮷田老师"]);
        assert_eq!(ask(&db, "卓玛"), [0]);
        assert_eq!(ask(&db, "玛"), [0, 1]);
        assert_eq!(ask(&db, "昌都 小学"), [0]);
        assert_eq!(ask(&db, "第八中学"), [2]);
        assert_eq!(ask(&db, "八中"), [2]);
        assert_eq!(ask(&db, "都小"), [] as [i64; 0]);
        assert_eq!(ask(&db, "𠮷田"), [3]);
        assert_eq!(ask(&db, "𠮶田"), [] as [i64; 0]);
    }

    #[test]
    fn tibetan_syllables_with_their_vowel_signs() {
        let db = table(&["དགེ་རྒན་ཟམ་པ།", "དགོ་རྒན", "སློབ་གྲྭའི་དགེ་རྒན", "མདའི་མིང་། ༢༠༡༦"]);
        assert_eq!(ask(&db, "དགེ"), [0, 2]);
        assert_eq!(ask(&db, "དགོ"), [1]);
        assert_eq!(ask(&db, "དག"), [] as [i64; 0]);
        assert_eq!(ask(&db, "རྒན"), [0, 1, 2]);
        assert_eq!(ask(&db, "སློབ་གྲྭ"), [2]);
        assert_eq!(ask(&db, "སློབ་གྲྭའི་"), [2]);
        assert_eq!(ask(&db, "མདའ"), [3]);
        assert_eq!(ask(&db, "2016"), [3]);
    }

    #[test]
    fn particles_come_off() {
        for (written, bare) in [
            ("པའི", "པ"),
            ("པའོ", "པ"),
            ("དགའི", "དགའ"),
            ("དགའ", "དགའ"),
            ("བརྡའི", "བརྡ"),
            ("མིའང", "མི"),
            ("འི", "འི"),
            ("འོང", "འོང"),
            ("པའིའོ", "པ"),
            ("མིའུ", "མིའུ"),
        ] {
            assert_eq!(bare_syllable(&written.chars().collect::<Vec<_>>()), bare);
        }
    }

    #[test]
    fn latin_words_by_their_beginning() {
        let db = table(&["Pema Lhamo, Lhasa No. 3", "Lǚ Łukasz", "Школа Чамдо", "हिन्दी"]);
        assert_eq!(ask(&db, "lha"), [0]);
        assert_eq!(ask(&db, "LHASA 3"), [0]);
        assert_eq!(ask(&db, "pem lhasa"), [] as [i64; 0]);
        assert_eq!(ask(&db, "lu"), [1]);
        assert_eq!(ask(&db, "łuk"), [1]);
        assert_eq!(ask(&db, "школ"), [2]);
        assert_eq!(ask(&db, "हिन्दी"), [3]);
    }

    #[test]
    fn hostile_queries_raise_no_error() {
        let db = table(&["near and or not 卓玛 ཟམ་པ"]);
        let long = "NEAR(\"ཟམ་ 卓玛*".repeat(400);
        for query in [
            "\"",
            "*",
            "NEAR(",
            "near(a b, 2)",
            "terms:x",
            "-a",
            "^a",
            "a OR b",
            "NOT",
            "AND",
            "(",
            "{a b}",
            "a + b",
            "'; DROP TABLE found; --",
            "\0",
            "a\0b",
            "\u{FFFF}\u{E000}\u{10FFFF}",
            "་",
            "།",
            "'",
            "\\",
            "%",
            "",
            &"x".repeat(10_000),
            &long,
            &"卓玛".repeat(3_000),
            &"\u{0301}".repeat(9_000),
            &"ﷺ ".repeat(3_000),
        ] {
            ask(&db, query);
        }
        assert_eq!(match_query("\"*(་།"), None);
        assert_eq!(ask(&db, "not"), [0]);
        assert!(match_query(&long).unwrap().len() < 4_000);
    }

    #[test]
    fn every_character_that_is_searched_reaches_the_index_whole() {
        let db = table(&[]);
        let all: Vec<char> =
            (0..=0x3_FFFF_u32).filter_map(char::from_u32).filter(|c| script(*c) != Script::Between).collect();
        let mut expected = BTreeSet::new();
        for (at, chars) in all.chunks(500).enumerate() {
            let mut row = String::new();
            for c in chars {
                let mut term = String::new();
                push_coded(&mut term, &format!("q{c}q"));
                row.push_str(&term);
                row.push(' ');
                expected.insert(term);
            }
            db.execute("INSERT INTO found(rowid, terms) VALUES (?1, ?2)", params![i64::try_from(at).unwrap(), row])
                .unwrap();
        }
        db.execute_batch("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(found, row)").unwrap();
        let found: BTreeSet<String> = db
            .prepare("SELECT term FROM vocabulary")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        // Upper case letters are folded before they are coded, and the code keeps them apart as they are.
        assert_eq!(found.symmetric_difference(&expected).count(), 0);
        assert!(expected.len() > 100_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn a_text_finds_itself(text in "[a-zÀ-ž0-9ཀ-ྼ་།༠-༩一-三𠀀-𠀃 \"*()-]{0,40}|\\PC{0,30}") {
            let db = table(&[&text]);
            match match_query(&text) {
                Some(_) => prop_assert_eq!(ask(&db, &text), vec![0]),
                None => prop_assert_eq!(search_terms(&text), ""),
            }
        }

        #[test]
        fn any_query_is_safe(query in any::<String>()) {
            ask(&table(&["卓玛 ཟམ་པ lhasa"]), &query);
        }
    }
}
