//! Reports to other systems: `OneRoster`, IATI, HXL, xAPI and DHIS2, each written from the records and from the rules by which the
//! figures are counted, so that nothing is entered twice and nothing is counted a second way. Lists of organisations and
//! adults come in as `OneRoster` too; what such lists say of anybody's birth, sex or origin is refused.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod chosen;
mod counts;
mod dhis2;
mod hxl;
mod iati;
mod import;
mod oneroster;
mod page;
mod places;
mod statements;

pub use counts::{By, Counts, Every, Number, Part, Rule, Span, Told};
pub use oneroster::{Organisation, Roster, User, read as read_roster};

use std::sync::Arc;

use base::Lang;
use records::{Role, Roles};
use web::{Check, Route};

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "reports", include_str!("../words/zh.ftl")),
    (Lang::Bo, "reports", include_str!("../words/bo.ftl")),
    (Lang::En, "reports", include_str!("../words/en.ftl")),
];

/// Who takes files with names along, and who brings lists in.
pub(crate) const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);

/// The room's routes. What holds figures alone is as public as the figures are.
pub fn routes(counts: &Arc<dyn Counts>) -> Vec<Route> {
    let office = Check::Roles(OFFICE);
    let counted = |path: &str, write: page::Write| {
        let counts = Arc::clone(counts);
        Route::get(path, Check::Public, move |site, r| write(site, r, &*counts))
    };
    vec![
        Route::get("/reports", Check::Public, page::page),
        counted("/reports/iati.xml", iati::send),
        counted("/reports/hxl-figures.csv", hxl::figures),
        counted("/reports/hxl-activities.csv", hxl::activities),
        counted("/reports/dhis2.json", dhis2::values),
        counted("/reports/dhis2-metadata.json", dhis2::metadata),
        Route::get("/reports/oneroster.zip", office, oneroster::send),
        Route::get("/reports/xapi.jsonl", office, statements::send),
        Route::upload("/reports/oneroster", office, import::may_take, import::look),
        Route::post("/reports/oneroster/take", office, import::take),
    ]
}
