//! Organisations, partnerships, cohorts, needs and postings: the programme itself; what was promised beside what arrived, and
//! how needs were met over the years.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod facts;
mod part;
mod promises;
mod today;
mod years;

pub use facts::KINDS;
pub use part::part;
pub use today::today;

use base::Lang;
use web::{Check, Route};

/// Where a need's years are seen.
pub const ALSO: (&str, &str, &str) = ("need", "/needs/years", "years-page");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "programme", include_str!("../words/zh.ftl")),
    (Lang::Bo, "programme", include_str!("../words/bo.ftl")),
    (Lang::En, "programme", include_str!("../words/en.ftl")),
];

/// The room's routes beside those of its records. What was promised and what arrived is a public account, as the figures are.
pub fn routes() -> Vec<Route> {
    let needs = Check::Read(&facts::NEED);
    vec![
        Route::get("/promises", Check::Public, promises::list),
        Route::get("/promises/{id}", Check::Public, promises::one),
        Route::get("/csv/promises", Check::Public, promises::csv),
        Route::get("/needs/years", needs, years::page),
        Route::get("/needs/years/rows", needs, years::rows),
        Route::get("/csv/needs/years", needs, years::csv),
    ]
}
