//! Teaching studios, research teams and associations.

mod facts;

pub use facts::KINDS;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "teams", include_str!("../words/zh.ftl")),
    (Lang::Bo, "teams", include_str!("../words/bo.ftl")),
    (Lang::En, "teams", include_str!("../words/en.ftl")),
];
