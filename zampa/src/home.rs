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

#[derive(Template)]
#[template(path = "more.html")]
struct More<'a> {
    s: Shell<'a>,
    links: Vec<(String, &'static str, String)>,
}

fn more(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let words = request.words(site);
    let mut links: Vec<(String, &'static str, String)> = site
        .kinds
        .all()
        .filter(|k| !k.hidden && reader.may_read(k))
        .map(|k| (format!("/{}", k.route), k.icon, words.get(&format!("{}-list", k.name)).into_owned()))
        .collect();
    if site.kinds.get("observation").is_some_and(|k| reader.may_read(k)) {
        links.push(("/observations".to_owned(), "eye", words.get("observation-list").into_owned()));
    }
    for (href, icon, key) in [
        ("/promises", "handshake", "promise-page"),
        ("/reports", "send", "report-page"),
        ("/needs/years", "table", "years-page"),
        ("/spread", "git-merge", "practice-spread"),
        ("/reach", "sigma", "reach-page"),
        ("/week", "calendar", "week"),
        ("/service", "file-text", "service"),
        ("/handover", "inbox", "handover"),
        ("/learning", "book-open", "learning"),
        ("/typing", "table", "typing"),
        ("/pocket", "map-pin", "pocket"),
        ("/pockets", "lock", "pocket-list"),
    ] {
        links.push((href.to_owned(), icon, words.get(key).into_owned()));
    }
    links.push(("/conflicts".to_owned(), "git-merge", words.get("conflict-list").into_owned()));
    if reader.is(records::Role::Administrator) {
        links.push(("/accounts".to_owned(), "key-round", words.get("accounts-title").into_owned()));
        links.push(("/nodes".to_owned(), "server", words.get("nodes").into_owned()));
    }
    let s = Shell::new(site, request, words.get("more"));
    Ok(Reply::Page(More { s, links }.render()?))
}
