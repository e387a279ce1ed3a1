//! Timetables: the hours of a school's week, what each class has in them and who teaches it, and the gaps. A lesson or a gap
//! opens into a live class; a need shows the gaps that it would fill. Nothing here names a pupil.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod bells;
mod cell;
mod copy;
mod days;
mod facts;
mod free;
mod grid;
mod live;
mod pages;
mod part;
mod paste;
mod planning;
mod read;
mod sheet;
mod today;
mod write;

pub use facts::KINDS;
pub use live::{beside, made};
pub use part::part;
pub use today::today;

use base::Lang;
use web::{Check, Route};

/// The weeks are found beside the list of lessons.
pub const ALSO: (&str, &str, &str) = ("timetable_lesson", "/timetables", "timetables");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "timetables", include_str!("../words/zh.ftl")),
    (Lang::Bo, "timetables", include_str!("../words/bo.ftl")),
    (Lang::En, "timetables", include_str!("../words/en.ftl")),
];

/// The room's routes beside those of its records.
pub fn routes() -> Vec<Route> {
    let (read, write) = (Check::Read(&facts::LESSON), Check::Write(&facts::LESSON));
    vec![
        Route::get("/timetables", read, pages::list),
        Route::get("/timetables/{id}", read, pages::week),
        Route::get("/timetables/{id}/gaps", read, pages::gaps),
        Route::get("/csv/timetables/{id}", read, pages::csv),
        Route::get("/timetables/{id}/periods", read, bells::page),
        Route::post("/timetables/{id}/periods", write, bells::save),
        Route::post("/timetables/{id}/cell", write, cell::save),
        Route::post("/timetables/{id}/copy", write, copy::copy),
        Route::get("/timetables/{id}/paste", write, paste::page),
        Route::post("/timetables/{id}/paste", write, paste::save),
        Route::post("/timetables/{id}/undo/{since}/{lesson}", write, write::undo),
    ]
}
