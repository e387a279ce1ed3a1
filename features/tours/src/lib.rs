//! Study tours: plan, risks, tiered approval, consents, adults, contacts, roll-calls on the way, and what is told of it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod approval;
mod contact;
mod facts;
mod going;
mod held;
mod leave;
mod marks;
mod part;
mod pupil;
mod pupils;
mod sealed;
mod sheet;
mod story;
mod today;
mod tour;
mod way;

pub use contact::tidy;
pub use facts::OPEN;
pub use held::HELD;
pub use part::part;
pub use today::today;
pub use way::{pack, take};

use base::Lang;
use web::{Check, Route};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "tours", include_str!("../words/zh.ftl")),
    (Lang::Bo, "tours", include_str!("../words/bo.ftl")),
    (Lang::En, "tours", include_str!("../words/en.ftl")),
];

/// The room's routes. What concerns pupils asks first who one is on the tour, and whether this is the school's node.
pub fn routes() -> Vec<Route> {
    let read = Check::Read(&facts::STUDY_TOUR);
    let held = Check::Read(&held::PUPIL);
    vec![
        Route::post("/tours/{id}/approve", read, approval::approve),
        Route::post("/tours/{id}/return", read, approval::give_back),
        Route::get("/tours/{id}/leave", held, leave::page),
        Route::post("/tours/{id}/leave", held, leave::set_out),
        Route::post("/tours/{id}/close", read, leave::close),
        Route::post("/tours/{id}/cancel", read, leave::cancel),
        Route::get("/tours/{id}/sheet", read, sheet::send),
        Route::get("/tours/{id}/stories/{story}", Check::Read(&facts::TOUR_STORY), story::read),
        Route::get("/tours/{id}/pupils", held, pupils::list),
        Route::post("/tours/{id}/pupils", held, pupils::add),
        Route::get("/tours/{id}/pupils/{pupil}", held, pupil::page),
        Route::post("/tours/{id}/pupils/{pupil}/keep", held, pupil::keep),
        Route::post("/tours/{id}/pupils/{pupil}/withdraw", held, pupil::withdraw),
        Route::post("/tours/{id}/pupils/{pupil}/open", held, pupil::open_contact),
        Route::post("/tours/{id}/pupils/{pupil}/off", held, pupils::take_off),
    ]
}
