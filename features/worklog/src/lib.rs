//! Work is logged once: whatever a person does is a fact already. Their week drafts itself of those facts for them alone, who
//! amend and send it, or not; their service record and what they hand over are made of the same. What a form asks to be typed
//! is estimated from the form. Days are those of the things themselves: when somebody signed in, typed or changed something
//! is read nowhere here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod facts;
mod given;
mod handover;
mod lines;
mod service;
mod sheet;
mod typing;
mod week;

pub use facts::KINDS;
pub use given::today;

use base::Lang;
use web::{Check, Route};

use facts::{HANDOVER_PACK, WEEK_LOG, WEEK_WORDS};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "worklog", include_str!("../words/zh.ftl")),
    (Lang::Bo, "worklog", include_str!("../words/bo.ftl")),
    (Lang::En, "worklog", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes() -> Vec<Route> {
    let (own, amends) = (Check::Read(&WEEK_WORDS), Check::Write(&WEEK_WORDS));
    let mut routes = vec![
        Route::get("/week", own, week::page),
        Route::get("/week/paper", own, week::paper),
        Route::post("/week", amends, week::amend),
        Route::post("/week/send", Check::Write(&WEEK_LOG), week::send),
        Route::get("/service", own, service::show),
        Route::get("/service/paper", own, service::paper),
        Route::get("/handover", own, handover::page),
        Route::get("/handover/paper", own, handover::paper),
        Route::post("/handover/give", Check::Write(&HANDOVER_PACK), handover::give),
        Route::get("/typing", own, typing::page),
    ];
    for kind in [&WEEK_LOG, &HANDOVER_PACK] {
        let at = format!("/{}/{{id}}", kind.route);
        let (read, write) = (Check::Read(kind), Check::Write(kind));
        routes.push(Route::get(at.clone(), read, move |site, r| given::page(site, r, kind)));
        routes.push(Route::get(format!("{at}/paper"), read, move |site, r| given::paper(site, r, kind)));
        routes.push(Route::post(format!("{at}/take-back"), write, move |site, r| given::take_back(site, r, kind)));
    }
    routes
}
