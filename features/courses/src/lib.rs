//! The library: whoever teaches can put a lesson here at once, on the school's own box; what was reviewed becomes a course
//! of good quality; what a school keeps plays there with the link down.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod add;
mod cartridge;
mod channel;
mod exercises;
mod exports;
mod facts;
mod film;
mod form;
mod here;
mod kept;
mod made;
mod micro;
mod package;
mod pages;
mod part;
mod play;
mod questions;
mod quiz;
mod said;
mod show;
mod sittings;
mod stock;
mod subtitles;
mod unpack;
mod workshop;

use std::sync::Arc;

use assets::{Films, Shelf};
use base::Lang;
use web::{Check, PageError, Reply, Request, Route, Site};

pub use facts::KINDS;
pub use here::{Carrier, words_without};
pub use made::made;
pub use part::{part, today};
pub use said::{LEADS, named, read_in};
pub use stock::{OTHERS, Place, Stock, is_here, stock};
pub use workshop::{Job, Made, next_job, note_made, trees};

/// A course begins with its files.
pub const BEGINS: (&str, &str) = ("course", "/courses/upload");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "courses", include_str!("../words/zh.ftl")),
    (Lang::Bo, "courses", include_str!("../words/bo.ftl")),
    (Lang::En, "courses", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes(shelf: &Arc<Shelf>, carrier: &Arc<dyn Carrier>, films: &Arc<Films>) -> Vec<Route> {
    let (course, resource) = (&facts::COURSE, &facts::RESOURCE);
    let with = |handle: fn(&Site, &Request, &Shelf) -> Result<Reply, PageError>| {
        let shelf = Arc::clone(shelf);
        move |site: &Site, request: &Request| handle(site, request, &shelf)
    };
    let here = Arc::clone(shelf);
    let filmed = |handle: film::Handle| {
        let (shelf, films, carrier) = (Arc::clone(shelf), Arc::clone(films), Arc::clone(carrier));
        move |site: &Site, request: &Request| handle(site, request, &shelf, &films, &*carrier)
    };
    let (carrier, keeper) = (Arc::clone(carrier), Arc::clone(carrier));
    let mut routes = vec![
        Route::get("/courses/upload", Check::Write(course), add::page),
        Route::upload("/courses/upload", Check::Write(course), add::may_make, with(add::make)),
        Route::upload("/courses/pieces", Check::Write(course), add::may_make, web::take_piece),
        Route::post("/courses/pieces/join", Check::Write(course), add::join),
        Route::upload("/courses/{id}/add", Check::Write(course), add::may_add, with(add::add)),
        Route::get("/courses/{id}/questions", Check::Write(course), questions::page),
        Route::post("/courses/{id}/questions", Check::Write(course), questions::save),
        Route::get("/courses/{id}/record", Check::Write(course), with(micro::page)),
        Route::upload("/courses/{id}/record", Check::Write(course), add::may_add, with(micro::save)),
        Route::post("/courses/{id}/hands", Check::Write(course), made::add_hand),
        Route::get("/courses/{id}/package", Check::Read(course), with(package::send)),
        Route::get("/courses/{id}/scorm", Check::Read(course), with(exports::scorm)),
        Route::get("/courses/{id}/cartridge", Check::Read(course), with(exports::cartridge)),
        Route::get("/courses/{id}/xapi", Check::Read(&facts::COURSE_USE), exports::statements),
        Route::get("/courses/xapi", Check::Read(&facts::COURSE_USE), exports::all_statements),
        Route::get("/courses/here", Check::Read(course), move |site, r| here::page(site, r, &here, &*carrier)),
        Route::post("/courses/{id}/keep", Check::Roles(here::KEEPERS), move |site, r| here::keep(site, r, &*keeper)),
        Route::get("/resources/{id}/quiz", Check::Read(resource), quiz::page),
        Route::post("/resources/{id}/quiz", Check::Read(resource), quiz::answer),
        Route::get("/resources/{id}/quiz/picture", Check::Read(resource), quiz::picture),
        Route::upload("/resources/{id}/subtitles", Check::Write(resource), subtitles::may_add, with(subtitles::add)),
        Route::get("/resources/{id}/content", Check::Read(resource), with(show::content)),
        Route::get("/resources/{id}/made/{recipe}/{name}", Check::Read(resource), with(show::rendition)),
        Route::get("/resources/{id}/in/{*path}", Check::Read(resource), with(micro::part)),
        Route::get("/resources/{id}/film", Check::Read(resource), filmed(film::page)),
        Route::post("/resources/{id}/film", Check::Read(resource), filmed(film::ask)),
        Route::post("/resources/{id}/film/cancel", Check::Read(resource), filmed(film::cancel)),
        Route::get("/resources/{id}/film/save", Check::Read(resource), filmed(film::save)),
        Route::get("/resources/{id}/play", Check::Read(resource), with(play::page)),
        Route::stage("/s/{token}/{*path}", with(play::staged)),
        Route::stage("/p/{token}", play::player),
        Route::stage("/z/{token}/{*path}", pages::staged),
    ];
    routes.extend(sittings::routes());
    routes
}
