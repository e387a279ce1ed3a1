//! Counting rules, their evidence, and declared totals. A rule is a named, versioned query that returns rows; the
//! number is computed from those rows, so every figure opens into them.

mod cells;
mod count;
mod facts;
mod pages;
mod reach;
mod rows;
mod rules;

pub use cells::Cells;
pub use count::{Evidence, Figure, Indicator, Scope, Untold, as_of, count, evidence, figure, indicators};
pub use facts::KINDS;
pub use pages::{Card, Counted, card, routes};
pub use rules::{CountingRule, Measure, RULES, rule};

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "figures", include_str!("../words/zh.ftl")),
    (Lang::Bo, "figures", include_str!("../words/bo.ftl")),
    (Lang::En, "figures", include_str!("../words/en.ftl")),
];
