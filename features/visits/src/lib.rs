//! Visits to the countryside.

mod facts;
mod part;
mod today;

pub use facts::KINDS;
pub use part::part;
pub use today::today;

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "visits", include_str!("../words/zh.ftl")),
    (Lang::Bo, "visits", include_str!("../words/bo.ftl")),
    (Lang::En, "visits", include_str!("../words/en.ftl")),
];
