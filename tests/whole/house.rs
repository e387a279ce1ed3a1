//! What holds of all rooms together: their words, their tables, their queries.

use std::collections::BTreeSet;

use base::Lang;
use records::{Home, Role, Shape};
use rusqlite::Connection;
use zampa::house;

fn schema() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(&records::tables(&house::kinds(), text::FTS_TOKENIZER)).unwrap();
    conn.execute_batch(&records::indexes(&house::kinds())).unwrap();
    conn
}

/// The words that kinds of record ask for; each may be answered by any of its keys.
fn asked_of_kinds() -> Vec<Vec<String>> {
    let mut asked = Vec::new();
    for kind in house::kinds().all() {
        asked.push(vec![kind.name.to_owned()]);
        if kind.hidden {
            continue;
        }
        asked.push(vec![format!("{}-list", kind.name)]);
        for field in kind.fields.iter().filter(|f| !f.secret) {
            asked.push(vec![format!("{}-{}", kind.name, field.name), format!("field-{}", field.name)]);
            if let Shape::Choice(words) | Shape::Tags(words) = field.shape {
                for word in words {
                    asked.push(vec![format!("{}-{}-{word}", kind.name, field.name), format!("word-{word}")]);
                }
            }
        }
        for state in kind.states {
            asked.push(vec![format!("{}-state-{state}", kind.name), format!("state-{state}")]);
        }
        for way in kind.moves {
            asked.push(vec![format!("{}-move-{}", kind.name, way.name), format!("move-{}", way.name)]);
            // The page says who takes what one does not.
            if !way.not_by.is_empty() || way.by_another || !way.word_of.is_empty() {
                asked.push(vec![format!("{}-move-{}-other", kind.name, way.name)]);
            }
            asked.extend(way.rules.iter().map(|rule| vec![format!("rule-{}", rule.code)]));
        }
        for rule in kind.rules {
            asked.push(vec![format!("rule-{}", rule.code)]);
        }
    }
    asked
}

#[test]
fn words_stand_in_chinese_and_english_for_all_that_kinds_ask() {
    let catalogue = house::catalogue().unwrap();
    let mut missing = Vec::new();
    for lang in [Lang::Zh, Lang::En] {
        let absent: BTreeSet<&str> = catalogue.missing(lang).into_iter().collect();
        let keys = catalogue.keys();
        for keys_asked in asked_of_kinds() {
            if !keys_asked.iter().any(|k| keys.contains(k.as_str()) && !absent.contains(k.as_str())) {
                missing.push(format!("{}: {}", lang.code(), keys_asked.join(" or ")));
            }
        }
        missing.extend(absent.iter().map(|k| format!("{}: {k}", lang.code())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The text of every template and source file.
fn all_sources() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut all = String::new();
    let mut dirs = vec![root.join("crates"), root.join("features"), root.join("zampa")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| e == "html" || e == "rs") {
                all.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

/// The keys that templates and pages name in so many letters.
fn keys_in_sources() -> BTreeSet<String> {
    let text = all_sources();
    let mut keys = BTreeSet::new();
    for mark in ["s.w(\"", "s.wn(\"", "s.wt(\"", "words.get(\"", "words.with(\""] {
        for part in text.split(mark).skip(1) {
            keys.insert(part.split('"').next().unwrap().to_owned());
        }
    }
    keys
}

#[test]
fn words_that_pages_name_exist() {
    let catalogue = house::catalogue().unwrap();
    let words = catalogue.words(Lang::En, None);
    let missing: Vec<String> = keys_in_sources()
        .into_iter()
        .filter(|k| k.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') && !words.has(k))
        .filter(|k| !["no-such", "k"].contains(&k.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Keys that are put together where they are used, by their beginnings.
const MADE: [&str; 25] = [
    // What every script says that seals, and that of pairings.
    "seal-",
    "pair-seal-",
    // What the script of observations says: the test below reads it.
    "observe-",
    "observation-state-",
    "course_hand-part-",
    "recipe-",
    "refused-",
    "plan_author-part-",
    "plan-part-",
    "plan-column-",
    "plan-step-",
    "link-error-",
    "carry-error-",
    "carry-why-",
    "month-",
    "weekday-",
    "role-",
    "rule-",
    "page-error-",
    "word-",
    "indicator-rule-",
    "node-state-",
    "ago-",
    "state-",
    "move-",
];

#[test]
fn no_word_stands_there_in_vain() {
    let catalogue = house::catalogue().unwrap();
    let asked: BTreeSet<String> = asked_of_kinds().into_iter().flatten().collect();
    let sources = all_sources();
    let unused: Vec<&str> = catalogue
        .keys()
        .into_iter()
        .filter(|key| {
            let made = MADE.iter().any(|m| key.starts_with(m)) || key.ends_with("-empty") || key.ends_with("-hint");
            let named = sources.contains(&format!("\"{key}\""))
                || sources.contains(&format!("-{}\"", key.rsplit_once('-').map_or("", |(_, e)| e)));
            !made && !asked.contains(*key) && !named
        })
        .collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn schema_is_the_one_that_was_seen() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.sql");
    let now = format!(
        "-- What follows from the kinds of record. Renew with UPDATE=1 cargo nextest run -p whole schema\n{}{}",
        records::tables(&house::kinds(), text::FTS_TOKENIZER),
        records::indexes(&house::kinds())
    );
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), now, "see the first line of tests/schema.sql");
}

#[test]
fn schema_has_no_column_for_what_is_not_recorded() {
    let refused = [
        "ethnic",
        "nation",
        "relig",
        "belief",
        "politic",
        "party",
        "birth",
        "identity_number",
        "id_number",
        "health",
        "address",
        "face",
        "gender",
        "sex",
        "income",
        "score",
        "rank",
        "minzu",
    ];
    for kind in house::kinds().all() {
        for field in kind.fields {
            assert!(!refused.iter().any(|r| field.name.contains(r)), "{}.{}", kind.name, field.name);
        }
    }
}

#[test]
fn every_rule_and_figure_is_a_query_of_this_schema() {
    let conn = schema();
    for kind in house::kinds().all() {
        for rule in kind.rules {
            conn.prepare(&rule.for_one()).unwrap_or_else(|e| panic!("{}: {e}", rule.code));
            conn.prepare(&rule.for_all()).unwrap_or_else(|e| panic!("{}: {e}", rule.code));
        }
    }
    let wanted = ["id", "key", "n", "day", "cohort", "region", "unit", "school", "subject", "kind"];
    for rule in figures::RULES {
        let asked = format!("WITH chosen(cohort) AS (SELECT NULL WHERE 0) SELECT * FROM ({})", rule.sql);
        let stmt = conn.prepare(&asked).unwrap_or_else(|e| panic!("{}: {e}", rule.name));
        assert_eq!(stmt.column_names().collect::<Vec<_>>(), wanted, "{}", rule.name);
        assert!(rule.beside.iter().all(|b| figures::rule(b).is_some()), "{}", rule.name);
    }
}

#[test]
fn kinds_hang_together() {
    let kinds = house::kinds();
    for kind in kinds.all() {
        for field in kind.fields {
            if let Some(other) = field.shape.links_to() {
                assert!(kinds.get(other).is_some(), "{}.{} links to {other}", kind.name, field.name);
            }
        }
        for way in kind.moves {
            assert!(kind.states.contains(&way.to), "{}: {}", kind.name, way.name);
            assert!(way.from.iter().all(|s| kind.states.contains(s)), "{}: {}", kind.name, way.name);
            assert!(way.asks.iter().all(|f| kind.field(f).is_some()), "{}: {}", kind.name, way.name);
        }
        for way in kind.moves {
            let fields = way.not_by.iter().chain(way.approves).chain((!way.word_of.is_empty()).then_some(&way.word_of));
            assert!(fields.into_iter().all(|f| kind.field(f).is_some()), "{}: {}", kind.name, way.name);
            assert!(way.stands.iter().all(|s| kind.states.contains(s)), "{}: {}", kind.name, way.name);
        }
        // A grant in its table may be over, or be the word of who cannot give it: conditions ask for roles in force.
        for said in [kind.access.seen, kind.access.hands] {
            let filled = Role::ALL.into_iter().fold(said.replace("{t}", "t").replace("{me}", "x"), |said, r| {
                said.replace(&format!("{{is_{}}}", r.code()), "0").replace(&format!("{{of_{}}}", r.code()), "NULL")
            });
            assert!(!said.contains("grant_of_role") && !filled.contains('{'), "{}: {said}", kind.name);
        }
        // What is for those who have it in hands stands in no list, and no search finds it.
        for field in kind.fields.iter().filter(|f| f.for_hands) {
            assert!(!field.column && !field.searched && !kind.access.hands.is_empty(), "{}", kind.name);
        }
        assert!(kind.title.iter().all(|t| kind.field(t).is_some()), "{}", kind.name);
        // What two people have between them is opened by being one of the two, and stands in no list, search or history.
        if let Home::Pair(field) = kind.home {
            assert!(kind.hidden && kind.access.seen.contains("{me}"), "{}", kind.name);
            assert_eq!(kind.field(field).and_then(|f| f.shape.links_to()), Some("pairing"), "{}", kind.name);
            assert!(kind.fields.iter().all(|f| !f.searched && !f.column), "{}", kind.name);
        }
        // What a school holds of its pupils stands in no list, search or history, and no role of the whole programme reads it.
        if let Home::Private(field) = kind.home {
            assert!(kind.hidden && kind.fields.iter().all(|f| !f.searched && !f.column), "{}", kind.name);
            assert_eq!(kind.field(field).and_then(|f| f.shape.links_to()), Some("organisation"), "{}", kind.name);
            let wide = Role::ALL.into_iter().filter(|r| r.is_programme_wide());
            assert!(wide.into_iter().all(|r| !kind.access.read.has(r) && !kind.access.write.has(r)), "{}", kind.name);
        }
        // Likewise what lies with an account and says by itself who sees it.
        if matches!(kind.home, Home::Person(_)) && !kind.access.seen.is_empty() {
            assert!(kind.hidden && kind.access.seen.contains("{me}"), "{}", kind.name);
            assert!(kind.fields.iter().all(|f| !f.searched && !f.column), "{}", kind.name);
        }
    }
}
