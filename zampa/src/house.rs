//! Which rooms the house has: their kinds, words, routes and places in the navigation.

use std::collections::BTreeSet;
use std::sync::Arc;

use assets::{Films, Shelf, Tool};
use base::{Hash, Lang};
use classroom::{Classes, Studio};
use figures::Counted;
use origin::Authority;
use records::{Kinds, Role, Roles};
use rusqlite::Connection;
use text::{Catalogue, TextError};
use web::{Check, NavItem, Route};

use crate::links::NodeLinks;

/// All kinds of record.
pub fn kinds() -> Kinds {
    Kinds::new(&[
        visits::KINDS,
        tours::OPEN,
        tours::HELD,
        pocket::KINDS,
        activities::KINDS,
        programme::KINDS,
        timetables::KINDS,
        dispatch::KINDS,
        health::KINDS,
        people::KINDS,
        pairings::KINDS,
        observations::KINDS,
        teams::KINDS,
        practices::KINDS,
        lessons::KINDS,
        courses::KINDS,
        classroom::KINDS,
        worklog::KINDS,
        figures::KINDS,
        nodes::KINDS,
        register::KINDS,
    ])
}

/// The trees of files that records name.
///
/// # Errors
/// What the database says.
pub fn trees(conn: &Connection) -> rusqlite::Result<BTreeSet<Hash>> {
    let mut trees = courses::trees(conn)?;
    trees.extend(classroom::kept(conn)?.into_iter().map(|(_, tree)| tree));
    Ok(trees)
}

/// All words.
///
/// # Errors
/// [`TextError`] where two rooms use one key.
pub fn catalogue() -> Result<Catalogue, TextError> {
    Catalogue::new(&words())
}

/// The words of every room.
pub fn words() -> Vec<(Lang, &'static str, &'static str)> {
    [
        text::WORDS,
        web::WORDS,
        register::WORDS,
        programme::WORDS,
        timetables::WORDS,
        dispatch::WORDS,
        health::WORDS,
        people::WORDS,
        pairings::WORDS,
        observations::WORDS,
        envelopes::WORDS,
        teams::WORDS,
        practices::WORDS,
        lessons::WORDS,
        courses::WORDS,
        classroom::WORDS,
        visits::WORDS,
        tours::WORDS,
        pocket::WORDS,
        activities::WORDS,
        worklog::WORDS,
        figures::WORDS,
        reports::WORDS,
        nodes::WORDS,
        WORDS,
    ]
    .concat()
}

const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "zampa", include_str!("../words/zh.ftl")),
    (Lang::Bo, "zampa", include_str!("../words/bo.ftl")),
    (Lang::En, "zampa", include_str!("../words/en.ftl")),
];

/// The routes of every room that all nodes have.
pub fn routes(
    kinds: &Kinds,
    counted: &Arc<Counted>,
    links: &Arc<NodeLinks>,
    shelf: &Arc<Shelf>,
    classes: &Arc<Classes>,
    authority: &Arc<Authority>,
    films: &Arc<Films>,
) -> Vec<Route> {
    let mut routes = web::routes();
    routes.extend(register::routes(kinds));
    routes.extend(programme::routes());
    routes.extend(timetables::routes());
    routes.extend(dispatch::routes());
    routes.extend(people::routes());
    routes.extend(pairings::routes());
    routes.extend(practices::routes());
    routes.extend(observations::routes());
    routes.extend(lessons::routes(&Arc::new(lessons::Rooms::default())));
    let carrier: Arc<dyn courses::Carrier> = Arc::clone(links) as _;
    routes.extend(courses::routes(shelf, &carrier, films));
    let can = || !crate::workshop::missing().contains(&Tool::Ffmpeg);
    routes.extend(classroom::routes(classes, shelf, &Studio { films: Arc::clone(films), can }));
    routes.extend(tours::routes());
    routes.extend(pocket::routes(ALONG));
    routes.extend(activities::routes());
    routes.extend(worklog::routes());
    routes.extend(figures::routes(counted));
    let rules: Arc<dyn reports::Counts> = Arc::new(crate::counts::Rules);
    routes.extend(reports::routes(&rules));
    let links: Arc<dyn nodes::Links> = Arc::clone(links) as _;
    routes.extend(nodes::routes(&links, authority));
    routes
}

/// What rooms give a phone to take along, and take in from it.
const ALONG: &[pocket::Load] = &[pocket::Load { name: "tours", pack: tours::pack, take: tours::take }];

/// The navigation: what one looks for by its name. Everything else is linked from there.
pub fn navigation(kinds: &Kinds) -> Vec<NavItem> {
    let mut nav = vec![NavItem { href: "/today".to_owned(), key: "today".to_owned(), check: Check::SignedIn }];
    for name in [
        "visit",
        "activity",
        "person",
        "organisation",
        "need",
        "posting",
        "pairing",
        "team",
        "lesson_plan",
        "course",
        "live_class",
    ] {
        if let Some(kind) = kinds.get(name) {
            nav.push(NavItem {
                href: format!("/{}", kind.route),
                key: format!("{name}-list"),
                check: Check::Read(kind),
            });
        }
    }
    nav.push(NavItem { href: "/figures".to_owned(), key: "figures".to_owned(), check: Check::Public });
    nav.push(NavItem { href: "/more".to_owned(), key: "more".to_owned(), check: Check::SignedIn });
    nav
}

/// Pages that stand beside the list of a kind: the kind, where, and the key of its words.
pub const ALSO: [(&str, &str, &str); 6] =
    [lessons::ALSO, pairings::ALSO, classroom::ALSO, dispatch::ALSO, programme::ALSO, timetables::ALSO];

/// Roles that keep the programme.
pub const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);
