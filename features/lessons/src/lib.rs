//! Lessons prepared together: a plan is a document that several people write, on one node or on several, with or
//! without a link; its stages, its authors and what was said of it are facts beside it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod arrange;
mod blocks;
mod comments;
mod docx;
mod embed;
mod facts;
mod headings;
mod import;
mod outline;
mod part;
mod pdf;
mod pictures;
mod room;
mod show;
mod templates;
mod today;
mod versions;

use std::sync::Arc;

use base::Lang;
use web::{Check, PageError, Reply, Request, Route, Site};

pub use facts::KINDS;
pub use part::{made, part};
pub use room::Rooms;
pub use today::today;

/// A plan can also begin with a document: where, and what that is called.
pub const ALSO: (&str, &str, &str) = ("lesson_plan", "/plans/import", "plan-import");

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "lessons", include_str!("../words/zh.ftl")),
    (Lang::Bo, "lessons", include_str!("../words/bo.ftl")),
    (Lang::En, "lessons", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes(rooms: &Arc<Rooms>) -> Vec<Route> {
    let talking = Arc::clone(rooms);
    let (read, write) = (Check::Read(&facts::LESSON_PLAN), Check::Write(&facts::LESSON_PLAN));
    vec![
        Route::talk("/plans/{id}/live", write, part::may_edit, move |site, request, socket| {
            Box::pin(room::converse(Arc::clone(&talking), site, request, socket))
        }),
        Route::get("/plans/import", write, import::page),
        Route::upload("/plans/import", write, import::may_make, import::make),
        Route::post("/plans/{id}/authors", write, part::add_author),
        Route::post("/plans/{id}/comments", Check::Write(&facts::PLAN_COMMENT), settled(rooms, comments::add)),
        Route::upload("/plans/{id}/pictures", write, part::may_edit, pictures::add),
        Route::post("/plans/{id}/template", Check::Write(&facts::PLAN_TEMPLATE), settled(rooms, templates::keep)),
        Route::post("/plans/{id}/own", write, settled(rooms, versions::own)),
        Route::get("/plans/{id}/docx", read, settled(rooms, docx::send)),
        Route::get("/plans/{id}/pdf", read, settled(rooms, pdf::send)),
        Route::get("/plans/{id}/versions", read, settled(rooms, versions::list)),
        Route::get("/plans/{id}/compare", read, settled(rooms, versions::compare)),
        Route::post("/plans/{id}/bring-back", write, settled(rooms, versions::restore)),
    ]
}

/// What looks at a plan's text looks at all that was typed.
fn settled(
    rooms: &Arc<Rooms>,
    handle: fn(&Site, &Request) -> Result<Reply, PageError>,
) -> impl Fn(&Site, &Request) -> Result<Reply, PageError> + Send + Sync + 'static {
    let rooms = Arc::clone(rooms);
    move |site, request| {
        if let Ok(id) = request.id("id") {
            rooms.settle(site, id);
        }
        handle(site, request)
    }
}

/// Makes facts of what was typed before the node stopped.
pub fn recover(site: &Site) {
    if let Err(e) = room::recover(site) {
        tracing::error!("typed before the node stopped, and not yet a fact: {e}");
    }
}
