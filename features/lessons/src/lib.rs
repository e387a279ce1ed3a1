//! Lessons prepared together: a plan is a document that several people write, on one node or on several, with or
//! without a link; its stages, its authors and what was said of it are facts beside it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod facts;
mod outline;
mod part;
mod room;
mod show;

use std::sync::Arc;

use base::Lang;
use web::{Check, Route, Site};

pub use facts::KINDS;
pub use part::{made, part};
pub use room::Rooms;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "lessons", include_str!("../words/zh.ftl")),
    (Lang::Bo, "lessons", include_str!("../words/bo.ftl")),
    (Lang::En, "lessons", include_str!("../words/en.ftl")),
];

/// The room's routes.
pub fn routes(rooms: &Arc<Rooms>) -> Vec<Route> {
    let rooms = Arc::clone(rooms);
    let write = Check::Write(&facts::LESSON_PLAN);
    vec![
        Route::talk("/plans/{id}/live", write, part::may_edit, move |site, request, socket| {
            Box::pin(room::converse(Arc::clone(&rooms), site, request, socket))
        }),
        Route::post("/plans/{id}/authors", write, part::add_author),
    ]
}

/// Makes facts of what was typed before the node stopped.
pub fn recover(site: &Site) {
    if let Err(e) = room::recover(site) {
        tracing::error!("typed before the node stopped, and not yet a fact: {e}");
    }
}
