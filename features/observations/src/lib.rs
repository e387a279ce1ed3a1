//! Observations of lessons (听课评课): two agree on one, the observer records it with one of a closed set of instruments,
//! the teacher reads it first and adds an own view, and they agree one next step. What is written is sealed in the browser
//! to the two, so this room handles envelopes that it cannot open.

mod facts;
mod instruments;
mod key;
mod page;
mod part;
mod plan;
mod sealed;
mod today;
mod two;

pub use facts::KINDS;
pub use part::part;
pub use sealed::made;
pub use today::today;

use base::Lang;
use web::{Check, Route};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "observations", include_str!("../words/zh.ftl")),
    (Lang::Bo, "observations", include_str!("../words/bo.ftl")),
    (Lang::En, "observations", include_str!("../words/en.ftl")),
];

/// The room's routes. Which of the two somebody is, and whether at all, each command asks first.
pub fn routes() -> Vec<Route> {
    let read = Check::Read(&facts::OBSERVATION);
    vec![
        Route::get("/observations", read, page::list),
        Route::post("/observations", Check::Write(&facts::OBSERVATION), plan::ask),
        Route::get("/observations/key", read, key::page),
        Route::post("/observations/key", Check::Write(&facts::SEAL_KEY), key::make),
        Route::post("/observations/key/again", Check::Write(&facts::SEAL_KEY), key::again),
        Route::get("/observations/instruments", read, instruments::page),
        Route::post("/observations/instruments", Check::Write(&facts::INSTRUMENT), instruments::switch),
        Route::post("/observations/instruments/words", Check::Write(&facts::INSTRUMENT), instruments::translate),
        Route::get("/observations/with/{id}", read, page::with),
        Route::get("/observations/with/{id}/sealed", read, page::with_sealed),
        Route::get("/observations/{id}", read, page::one),
        Route::get("/observations/{id}/sealed", read, page::one_sealed),
        Route::post("/observations/{id}/accept", read, plan::accept),
        Route::post("/observations/{id}/decline", read, plan::decline),
        Route::post("/observations/{id}/share", read, plan::share),
        Route::post("/observations/{id}/keep", read, sealed::keep),
        Route::post("/observations/{id}/agree", read, sealed::agree),
        Route::post("/observations/{id}/keys", read, sealed::keys),
        Route::post("/observations/{id}/take-back", read, sealed::take_back),
    ]
}
