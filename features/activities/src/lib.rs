//! Activities, who took part, and how many.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "activities", include_str!("../words/zh.ftl")),
    (Lang::Bo, "activities", include_str!("../words/bo.ftl")),
    (Lang::En, "activities", include_str!("../words/en.ftl")),
];
