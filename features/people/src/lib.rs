//! People, their accounts and roles, and their consents.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "people", include_str!("../words/zh.ftl")),
    (Lang::Bo, "people", include_str!("../words/bo.ftl")),
    (Lang::En, "people", include_str!("../words/en.ftl")),
];
