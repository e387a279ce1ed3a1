//! Organisations, partnerships, cohorts, needs and postings: the programme itself.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "programme", include_str!("../words/zh.ftl")),
    (Lang::Bo, "programme", include_str!("../words/bo.ftl")),
    (Lang::En, "programme", include_str!("../words/en.ftl")),
];
