//! The browser in a village: it takes along what a visit needs, keeps what is recorded there sealed, and hands it to the
//! next node it meets.

mod facts;
mod gather;
mod hand;
mod item;
mod key;
mod pack;
mod pages;
mod seen;

pub use facts::KINDS;
pub use pages::{Load, routes};

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "pocket", include_str!("../words/zh.ftl")),
    (Lang::Bo, "pocket", include_str!("../words/bo.ftl")),
    (Lang::En, "pocket", include_str!("../words/en.ftl")),
];
