//! The first page of a node, and the page of everything that is not in the navigation.

use std::sync::Arc;

use askama::Template;
use figures::{Card, Counted, Scope};
use web::{Check, PageError, Reply, Request, Route, Shell, Site};

/// The routes of the house's own pages.
pub fn routes(counted: &Arc<Counted>) -> Vec<Route> {
    let counted = Arc::clone(counted);
    vec![
        Route::get("/welcome", Check::Public, move |site, r| welcome(site, r, &counted)),
        Route::get("/more", Check::SignedIn, more),
    ]
}

/// The first page of a node that is no demonstration: Today for who is signed in, the figures for everybody.
#[expect(clippy::unnecessary_wraps, reason = "a route's handler")]
pub fn first(_: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::To(if request.session.is_some() { "/today" } else { "/welcome" }.to_owned()))
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    s: Shell<'a>,
    programme: String,
    cards: Vec<Card>,
}

fn welcome(site: &Site, request: &Request, counted: &Counted) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let programme: Option<String> =
            conn.query_row("SELECT title FROM programme ORDER BY id LIMIT 1", [], |r| r.get(0)).unwrap_or(None);
        let cards = figures::indicators(conn, false)?
            .iter()
            .take(4)
            .map(|i| figures::card(site, request, conn, counted, i, &Scope::default()))
            .collect::<Result<Vec<_>, PageError>>()?;
        let s = Shell::new(site, request, site.node_title.clone());
        Ok::<_, PageError>(Welcome { s, programme: programme.unwrap_or_default(), cards }.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// What stands on the page of everything, by what people come for: the kind of a record, or a page with its icon and the key of
/// its words.
const GROUPS: &[(&str, &[Entry])] = &[
    (
        "more-own",
        &[
            Entry::Page("/pocket", "map-pin", "pocket"),
            Entry::Page("/week", "calendar", "week"),
            Entry::Page("/service", "file-text", "service"),
            Entry::Page("/handover", "inbox", "handover"),
            Entry::Page("/learning", "book-open", "learning"),
            Entry::Page("/pockets", "lock", "pocket-list"),
        ],
    ),
    (
        "more-teach",
        &[
            Entry::Page("/timetables", "table", "timetables"),
            Entry::Kind("pairing"),
            Entry::Kind("live_class"),
            Entry::Kind("class_series"),
            Entry::Kind("lesson_plan"),
            Entry::Kind("plan_template"),
            Entry::Kind("course"),
            Entry::Kind("call"),
            Entry::Kind("team"),
            Entry::Kind("practice"),
        ],
    ),
    (
        "more-out",
        &[
            Entry::Kind("visit"),
            Entry::Kind("trip"),
            Entry::Kind("activity"),
            Entry::Kind("health_session"),
            Entry::Kind("study_tour"),
            Entry::Kind("nomination"),
            Entry::Kind("reverse_posting"),
        ],
    ),
    (
        "more-programme",
        &[
            Entry::Kind("programme"),
            Entry::Kind("organisation"),
            Entry::Kind("partnership"),
            Entry::Kind("cohort"),
            Entry::Kind("need"),
            Entry::Kind("posting"),
            Entry::Kind("commitment"),
            Entry::Kind("person"),
            Entry::Kind("consent"),
        ],
    ),
    (
        "more-account",
        &[
            Entry::Page("/promises", "handshake", "promise-page"),
            Entry::Page("/needs/years", "table", "years-page"),
            Entry::Page("/spread", "git-merge", "practice-spread"),
            Entry::Page("/reach", "sigma", "reach-page"),
            Entry::Page("/reports", "send", "report-page"),
            Entry::Page("/typing", "table", "typing"),
        ],
    ),
    ("more-node", &[Entry::Page("/conflicts", "git-merge", "conflict-list"), Entry::Kind("file")]),
];

enum Entry {
    Kind(&'static str),
    Page(&'static str, &'static str, &'static str),
}

struct Link {
    href: String,
    icon: &'static str,
    title: String,
}

#[derive(Template)]
#[template(path = "more.html")]
struct More<'a> {
    s: Shell<'a>,
    groups: Vec<(String, Vec<Link>)>,
    /// Lists of what stands on the pages of other records.
    parts: Vec<Link>,
}

fn more(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let words = request.words(site);
    let page = |href: &str, icon, key: &str| Link { href: href.to_owned(), icon, title: words.get(key).into_owned() };
    let list = |kind: &records::Kind| page(&format!("/{}", kind.route), kind.icon, &format!("{}-list", kind.name));
    let mut kinds: Vec<_> = site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)).collect();
    let mut groups = Vec::new();
    for (key, entries) in GROUPS {
        let mut links = Vec::new();
        for entry in *entries {
            match entry {
                Entry::Page(href, icon, key) => links.push(page(href, icon, key)),
                Entry::Kind(name) => {
                    links.extend(kinds.iter().position(|k| k.name == *name).map(|at| list(kinds.remove(at))));
                }
            }
        }
        match *key {
            "more-teach" if site.kinds.get("observation").is_some_and(|k| reader.may_read(k)) => {
                links.push(page("/observations", "eye", "observation-list"));
            }
            "more-node" if reader.is(records::Role::Administrator) => {
                links.push(page("/accounts", "key-round", "accounts-title"));
                links.push(page("/nodes", "server", "nodes"));
            }
            _ => {}
        }
        groups.push((words.get(key).into_owned(), links));
    }
    let parts = kinds.into_iter().map(list).collect();
    let s = Shell::new(site, request, words.get("more"));
    Ok(Reply::Page(More { s, groups, parts }.render()?))
}
