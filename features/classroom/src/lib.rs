//! Live classes: one teacher, many distant classrooms, and a link that cannot be trusted. What is shown lies at every
//! school beforehand; the link carries voice, pen and what happens; a room that is cut off goes on, and what it missed is
//! filled in afterwards.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod course;
mod device;
mod exit;
mod facts;
mod film;
mod filmed;
mod fold;
mod forget;
mod groups;
mod had;
mod heads;
mod inner;
mod item;
mod keep;
mod keys;
mod noted;
mod open;
mod pack;
mod page;
mod part;
mod pupils;
mod ready;
mod replay;
mod say;
mod series;
mod still;
mod talk;
mod tend;
mod turns;
mod uppers;
mod whip;
mod who;
mod wire;
mod wish;
mod withdrawn;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use assets::Shelf;
use base::Lang;
use web::{Check, Request, Route, Site};

pub use facts::KINDS;
pub use film::Studio;
pub use keep::kept;
pub use open::Classes;
pub use part::{made, part};
pub use ready::note_ready;
pub use wish::today;

/// Classes that belong together are found beside the list of all.
pub const ALSO: (&str, &str, &str) = ("live_class", "/class-series", "class_series-list");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "classroom", include_str!("../words/zh.ftl")),
    (Lang::Bo, "classroom", include_str!("../words/bo.ftl")),
    (Lang::En, "classroom", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes(classes: &Arc<Classes>, shelf: &Arc<Shelf>, studio: &Studio) -> Vec<Route> {
    let read = Check::Read(&facts::LIVE_CLASS);
    let (asked, talking, shown) = (Arc::clone(classes), Arc::clone(classes), Arc::clone(shelf));
    let (played, told, heard) = (Arc::clone(shelf), Arc::clone(shelf), Arc::clone(shelf));
    let (typed, paged, slid, came, coming) =
        (Arc::clone(classes), Arc::clone(classes), Arc::clone(classes), Arc::clone(classes), Arc::clone(classes));
    let (small, slides) = (Arc::clone(shelf), Arc::clone(shelf));
    let (keeping, laid, item, parts) = (Arc::clone(classes), Arc::clone(shelf), Arc::clone(shelf), Arc::clone(shelf));
    let (taking, taken, withdrawn) = (Arc::clone(classes), Arc::clone(classes), Arc::clone(classes));
    let (again, lane) = (Arc::clone(classes), Arc::clone(classes));
    let (seen, listed) = (Arc::clone(classes), Arc::clone(classes));
    let voiced = Arc::clone(classes);
    let (turned, sheets) = (Arc::clone(classes), Arc::clone(shelf));
    let mut routes = vec![
        Route::get("/classes/{id}/live", read, move |site, request| page::live(site, request, &shown)),
        Route::get("/classes/{id}/replay", read, move |site, request| replay::page(site, request, &again, &played)),
        Route::upload(
            "/classes/{id}/stills",
            read,
            move |site, request| still::may_show(site, request, &taking),
            move |site, request| still::show(site, request, &taken),
        ),
        Route::get("/classes/{id}/stills/{still}", read, move |site, request| still::picture(site, request, &seen)),
        Route::get("/classes/{id}/shown/{page}", read, move |site, r| pack::picture(site, r, &turned, &sheets)),
        Route::get("/classes/{id}/pictures", read, move |site, request| still::page(site, request, &listed)),
        Route::post("/classes/{id}/stills/{still}/withdraw", read, move |site, r| still::withdraw(site, r, &withdrawn)),
        Route::post("/classes/{id}/record/withdraw", read, withdrawn::withdraw),
        Route::post("/classes/{id}/keep", read, move |site, request| item::keep(site, request, &keeping, &laid)),
        Route::get("/resources/{id}/class", Check::SignedIn, move |site, request| item::page(site, request, &item)),
        Route::get("/resources/{id}/class/{*path}", Check::SignedIn, move |site, r| item::part(site, r, &parts)),
        Route::get("/classes/{id}/replay/events", read, move |site, r| replay::events(site, r, &lane, &told)),
        Route::get("/classes/{id}/replay/voice/{n}", read, move |site, r| replay::voice(site, r, &voiced, &heard)),
        // Pupils have no account: the address is a code that the adult of their room shows them.
        Route::get("/c", Check::Public, move |site, request| device::asks(site, request, &typed)),
        Route::get("/c/{pupils}", Check::Public, move |site, request| device::page(site, request, &paged, &small)),
        Route::get("/c/{pupils}/shown/{page}", Check::Public, move |site, r| device::slide(site, r, &slid, &slides)),
        Route::talk(
            "/c/{pupils}/talk",
            Check::Public,
            move |_, request| device::may_enter(request, &came),
            move |_, request, socket| Box::pin(device::converse(Arc::clone(&coming), request, socket)),
        ),
        Route::talk(
            "/classes/{id}/talk",
            read,
            move |site, request| talk::may_enter(site, request, &asked),
            move |site, request, socket| Box::pin(talk::converse(Arc::clone(&talking), site, request, socket)),
        ),
    ];
    routes.push(Route::post("/classes/{id}/course", Check::Write(&facts::LIVE_CLASS), course::take));
    routes.push(Route::post("/classes/{id}/teach", Check::Read(&facts::LIVE_CLASS), wish::take));
    routes.push(Route::post("/class-rooms/{id}/heads", Check::Read(&facts::CLASS_ROOM), heads::put_right));
    routes.push(Route::post("/class-series/{id}/weeks", Check::Write(&facts::CLASS_SERIES), series::plan));
    routes.extend(keys::routes(classes));
    let room = Arc::new(film::Room { classes: Arc::clone(classes), shelf: Arc::clone(shelf), studio: studio.clone() });
    let filmed = |handle: film::Handle| {
        let room = Arc::clone(&room);
        move |site: &Site, request: &Request| handle(site, request, &room)
    };
    routes.extend([
        Route::get("/classes/{id}/film", read, filmed(film::page)),
        Route::post("/classes/{id}/film", read, filmed(film::ask)),
        Route::post("/classes/{id}/film/cancel", read, filmed(film::cancel)),
        Route::get("/classes/{id}/film/save", read, filmed(film::save)),
        Route::get("/classes/{id}/film/captions", read, filmed(film::beside)),
    ]);
    routes
}
