//! Lists, forms, histories and lifecycles of every kind of record, from its one table ([`records::Kind`]). A room
//! describes its records; these pages follow.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod approval;
mod byline;
mod command;
mod few;
mod files;
mod form;
mod found;
mod history;
mod keep;
mod list;
mod look;
mod own;
mod record;
mod search;
mod settle;
mod today;
mod typed;
mod waiting;

pub use approval::may_move;
pub use byline::{byline, byline_now, place_of};
pub use command::{Refusal, Saved, change_in, concerned, in_hands, make_in, may_change, move_in, save_new, visible};
pub use few::{FEW, FEW_SAID, is_few};
pub use files::{Wanted, attach, attach_as, lies_in, named, wanted};
pub use form::form_fields;
pub use history::{done, node_called, who};
pub use list::{csv_line, sheet, sheet_name};
pub use look::{Look, label};
pub use today::today;
pub use typed::picked;
pub use waiting::tone;

use base::Lang;
use records::{FILES, Kind, Kinds, Role, Roles};
use web::{Check, Route};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "register", include_str!("../words/zh.ftl")),
    (Lang::Bo, "register", include_str!("../words/bo.ftl")),
    (Lang::En, "register", include_str!("../words/en.ftl")),
];

/// The records of this room.
pub const KINDS: &[&Kind] = &[&files::FILE];

/// Who may have a person's own data destroyed.
const ERASERS: Roles = Roles::of(&[Role::Administrator]);

/// The routes of all kinds that have pages, the search, and what is to be settled.
pub fn routes(kinds: &Kinds) -> Vec<Route> {
    let mut routes = vec![
        Route::get("/search", Check::SignedIn, search::page),
        Route::get("/pick/{kind}", Check::SignedIn, search::pick),
        Route::get("/conflicts", Check::SignedIn, settle::list),
        Route::get("/files/{id}/content", Check::Read(&files::FILE), files::content),
    ];
    for kind in kinds.all().filter(|k| !k.hidden) {
        let at = format!("/{}", kind.route);
        let one = format!("{at}/{{id}}");
        let (read, write) = (Check::Read(kind), Check::Write(kind));
        routes.extend([
            Route::get(at.clone(), read, move |site, r| list::page(site, r, kind)),
            Route::get(format!("/csv/{}", kind.route), read, move |site, r| list::csv(site, r, kind)),
            Route::get(one.clone(), read, move |site, r| record::page(site, r, kind)),
            Route::get(format!("{one}/edit"), write, move |site, r| form::edit_page(site, r, kind)),
            Route::post(format!("{one}/edit"), write, move |site, r| form::change(site, r, kind)),
            Route::get(format!("{one}/move/{{move}}"), read, move |site, r| form::move_page(site, r, kind)),
            Route::post(format!("{one}/move/{{move}}"), read, move |site, r| form::take_move(site, r, kind)),
            Route::get(format!("{one}/history"), read, move |site, r| history::page(site, r, kind)),
            Route::post(format!("{one}/undo/{{node}}/{{seq}}"), write, move |site, r| history::undo(site, r, kind)),
            Route::post(format!("{one}/remove"), write, move |site, r| history::remove(site, r, kind)),
            Route::post(format!("{one}/restore"), write, move |site, r| history::restore(site, r, kind)),
            Route::post(format!("{one}/erase"), Check::Roles(ERASERS), move |site, r| history::erase(site, r, kind)),
            Route::get(format!("{one}/settle"), write, move |site, r| settle::page(site, r, kind)),
            Route::post(format!("{one}/settle"), write, move |site, r| settle::settle(site, r, kind)),
        ]);
        if kind.has_form() {
            let new = format!("{at}/new");
            routes.push(Route::get(new.clone(), write, move |site, r| form::new_page(site, r, kind)));
            routes.push(Route::post(new, write, move |site, r| form::make(site, r, kind)));
        }
        if kind.field(FILES).is_some() {
            let (first, add) = (
                move |site: &_, r: &_| files::may_add(site, r, kind),
                move |site: &_, r: &_| files::add(site, r, kind),
            );
            routes.push(Route::upload(format!("{one}/files"), write, first, add));
        }
    }
    routes
}
