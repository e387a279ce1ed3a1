//! Practices that a school passes on to the schools round it: shown, adopted, adapted, dropped, seen again later; and how far
//! they spread.

mod chart;
mod facts;
mod part;
mod spread;

pub use facts::KINDS;
pub use part::part;
pub use spread::routes;

use base::{Lang, Subject};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "practices", include_str!("../words/zh.ftl")),
    (Lang::Bo, "practices", include_str!("../words/bo.ftl")),
    (Lang::En, "practices", include_str!("../words/en.ftl")),
];

/// An id that a column holds.
fn id_in(bytes: Option<Vec<u8>>) -> Subject {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default()
}
