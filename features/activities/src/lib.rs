//! Activities, who took part, and how many.

mod facts;
mod learning;
mod sign;

pub use facts::KINDS;
pub use sign::{completes, part};

use base::Lang;
use web::Route;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    [sign::routes(), learning::routes()].concat()
}

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "activities", include_str!("../words/zh.ftl")),
    (Lang::Bo, "activities", include_str!("../words/bo.ftl")),
    (Lang::En, "activities", include_str!("../words/en.ftl")),
];
