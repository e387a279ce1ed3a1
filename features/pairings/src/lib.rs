//! Master-apprentice and other pairings: how two people choose each other, what they agree and sign, what they write
//! between them, and how it ends: closed, handed over, or gone on online.

mod agreement;
mod anew;
mod certificate;
mod choice;
mod facts;
mod growth;
mod handover;
mod notes;
mod part;
mod sealed;
mod templates;
mod today;
mod two;

pub use facts::KINDS;
pub use part::part;
pub use templates::made;
pub use today::today;

use base::Lang;
use web::{Check, Route};

/// Where people say whom they would guide, and from whom they would learn.
pub const ALSO: (&str, &str, &str) = ("pairing", "/pairings/choice", "pair-choice");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "pairings", include_str!("../words/zh.ftl")),
    (Lang::Bo, "pairings", include_str!("../words/bo.ftl")),
    (Lang::En, "pairings", include_str!("../words/en.ftl")),
];

/// The room's routes. Which of the two somebody is, and whether at all, each command asks first.
pub fn routes() -> Vec<Route> {
    let read = Check::Read(&facts::PAIRING);
    vec![
        Route::post("/pairings/{id}/sign", read, agreement::sign),
        Route::post("/pairings/{id}/decline", read, agreement::decline),
        Route::get("/pairings/{id}/sealed", read, sealed::given),
        Route::post("/pairings/{id}/keep", read, sealed::keep),
        Route::post("/pairings/{id}/keys", read, sealed::keys),
        Route::post("/pairings/{id}/take-back", read, notes::take_back),
        Route::post("/pairings/{id}/lessons", read, notes::add_lesson),
        Route::post("/pairings/{id}/goals/show", read, growth::show),
        Route::post("/pairings/{id}/goals/review", read, growth::review),
        Route::post("/pairings/{id}/goals/take-away", read, growth::take_away),
        Route::post("/pairings/{id}/fit", read, notes::fit),
        Route::post("/pairings/{id}/online", read, handover::online),
        Route::get("/pairings/{id}/certificate", read, certificate::send),
        Route::post("/pairings/{id}/another", Check::Roles(facts::OFFICER), anew::ask),
        Route::get("/pairings/due", Check::Roles(facts::PROPOSERS), handover::page),
        Route::get("/pairings/choice", Check::Read(&facts::PAIR_OFFER), choice::page),
        Route::post("/pairings/choice/offer", Check::Write(&facts::PAIR_OFFER), choice::offer),
        Route::post("/pairings/choice/wish", Check::Write(&facts::PAIR_WISH), choice::wish),
        Route::post("/pairings/choice/withdraw", Check::Write(&facts::PAIR_OFFER), choice::withdraw),
        Route::post("/pairings/choice/propose", Check::Roles(facts::PROPOSERS), choice::propose),
    ]
}
