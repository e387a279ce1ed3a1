//! Master-apprentice and other pairings.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "pairings", include_str!("../words/zh.ftl")),
    (Lang::Bo, "pairings", include_str!("../words/bo.ftl")),
    (Lang::En, "pairings", include_str!("../words/en.ftl")),
];
