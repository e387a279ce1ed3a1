//! Who is sent, and who goes to learn: nominations by units and the choice among them beside the needs, reverse postings of
//! local people, and the notices of both as PDF.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod choose;
mod facts;
mod fit;
mod nominee;
mod notice;
mod part;
mod report;
mod today;

pub use facts::KINDS;
pub use part::part;
pub use today::today;

use base::Lang;
use web::{Check, Route};

/// Where the nominations of a cohort stand beside the needs.
pub const ALSO: (&str, &str, &str) = ("nomination", "/nominations/cohort", "nominee-page");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "dispatch", include_str!("../words/zh.ftl")),
    (Lang::Bo, "dispatch", include_str!("../words/bo.ftl")),
    (Lang::En, "dispatch", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes() -> Vec<Route> {
    let (nominations, reverse) = (Check::Read(&facts::NOMINATION), Check::Read(&facts::REVERSE_POSTING));
    let chooses = Check::Roles(facts::CHOOSERS);
    vec![
        Route::get("/nominations/cohort", nominations, choose::page),
        Route::post("/nominations/{id}/choose", chooses, choose::choose),
        Route::post("/nominations/{id}/back/{was}", chooses, choose::back),
        Route::get("/nominations/{id}/notice", nominations, notice::of_one),
        Route::get("/nominations/notice", nominations, notice::of_unit),
        Route::post("/nominations/notified", Check::Write(&facts::NOMINATION), choose::notified),
        Route::get("/reverse-postings/{id}/notice", reverse, notice::of_reverse),
        Route::post("/reverse-postings/{id}/report", Check::Write(&facts::REVERSE_REPORT), report::keep),
        Route::post("/reverse-postings/{id}/report/take-back", Check::Write(&facts::REVERSE_REPORT), report::take_back),
    ]
}
