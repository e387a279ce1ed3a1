//! Health sessions by medics, as topic and head count: nothing about anybody who came.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "health", include_str!("../words/zh.ftl")),
    (Lang::Bo, "health", include_str!("../words/bo.ftl")),
    (Lang::En, "health", include_str!("../words/en.ftl")),
];
