//! The page on which who has a part in a class makes and takes back keys for encoders and players.

use std::sync::Arc;

use askama::Template;
use base::Subject;
use web::{Check, PageError, Reply, Request, Route, Shell, Site};

use crate::facts::LIVE_CLASS;
use crate::open::Classes;
use crate::whip::{self, Keys, Way, part_here};

/// The routes of keys, and those that what has a key asks.
pub(crate) fn routes(classes: &Arc<Classes>) -> Vec<Route> {
    let read = Check::Read(&LIVE_CLASS);
    let at = || Arc::clone(classes);
    let (shown, made, revoked) = (at(), at(), at());
    let mut routes = vec![
        Route::get("/classes/{id}/keys", read, move |site, r| page(site, r, &shown, None)),
        Route::post("/classes/{id}/keys", read, move |site, r| make(site, r, &made)),
        Route::post("/classes/{id}/keys/revoke", read, move |site, r| revoke(site, r, &revoked)),
    ];
    for way in [Way::Speaks, Way::Listens] {
        let (bearer, keyed, session) = (at(), at(), at());
        let place = format!("/classes/{{id}}/{}", way.code());
        routes.extend([
            Route::machine(place.clone(), move |site, asked| whip::enter(site, asked, way, &bearer)),
            Route::machine(format!("{place}/{{key}}"), move |site, asked| whip::enter(site, asked, way, &keyed)),
            Route::machine(format!("{place}/session/{{session}}"), move |_, asked| whip::session(asked, &session)),
        ]);
    }
    routes
}

struct Line {
    id: String,
    way: &'static str,
    until: String,
    own: bool,
}

/// A key that was just made: its secret is shown this once.
struct Made {
    way: &'static str,
    address: String,
    secret: String,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    made: Option<Made>,
    keys: Vec<Line>,
    /// Whether what is typed into the encoder goes over the network in the clear.
    clear: bool,
}

/// Who may: whoever has a part in the class at this node.
fn may(site: &Site, request: &Request, classes: &Classes) -> Result<(Subject, String), PageError> {
    let class = request.id("id")?;
    site.store.read(|conn| {
        let reader = request.reader()?;
        register::visible(conn, reader, &LIVE_CLASS, &class)?;
        let open = classes.planned(conn, &class)?;
        if !matches!(&*open.about().state, "planned" | "failed" | "live") {
            return Err(PageError::Rule("class-not-open".to_owned()));
        }
        part_here(classes, &open, &reader.person).ok_or(PageError::NotAllowed)?;
        Ok((class, open.about().title.clone()))
    })
}

fn page(site: &Site, request: &Request, classes: &Classes, made: Option<Made>) -> Result<Reply, PageError> {
    let (class, title) = may(site, request, classes)?;
    let person = request.reader()?.person;
    let words = request.words(site);
    let line = |key: whip::Key| Line {
        own: key.person == person,
        way: said(key.way),
        until: words.moment(key.until_ms, &site.zone()),
        id: key.id,
    };
    let page = KeysPage {
        id: class.to_string(),
        made,
        keys: Keys::of(site, &class).list()?.into_iter().map(line).collect(),
        clear: !request.secure,
        title,
        s: Shell::new(site, request, words.get("class-keys")),
    };
    Ok(Reply::Page(page.render()?))
}

/// The key of the words for what a key is good for.
fn said(way: Way) -> &'static str {
    match way {
        Way::Speaks => "class-key-whip",
        Way::Listens => "class-key-whep",
    }
}

fn make(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let (class, _) = may(site, request, classes)?;
    let way = match request.form("way") {
        Some("whip") => Way::Speaks,
        Some("whep") => Way::Listens,
        _ => return Err(PageError::Malformed("way")),
    };
    let secret = Keys::of(site, &class).make(way, request.reader()?.person)?;
    let scheme = if request.secure { "https" } else { "http" };
    let address = format!("{scheme}://{}/classes/{class}/{}", request.host, way.code());
    page(site, request, classes, Some(Made { way: said(way), address, secret }))
}

fn revoke(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let (class, _) = may(site, request, classes)?;
    let person = request.reader()?.person;
    let keys = Keys::of(site, &class);
    let id = request.form("key").unwrap_or_default();
    // The teacher takes back any; others their own.
    let any =
        site.store.read(|conn| Ok::<_, PageError>(classes.planned(conn, &class)?.about().teacher == Some(person)))?;
    let found = keys.list()?.into_iter().find(|key| key.id == id).ok_or(PageError::NotFound)?;
    if !any && found.person != person {
        return Err(PageError::NotAllowed);
    }
    keys.revoke(id)?;
    classes.look_after_programs(site);
    Ok(Reply::To(format!("/classes/{class}/keys")))
}
