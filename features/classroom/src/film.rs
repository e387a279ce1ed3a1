//! A recorded class as a film, for what plays MP4 and nothing else: made on this node when somebody who may see the replay
//! asks, and kept for some days. It is no part of the record, and goes over no link.

use std::sync::Arc;

use askama::Template;
use assets::{Films, Shelf, Stand};
use base::{Hash, Subject};
use web::{PageError, Reply, Request, Shell, Site};

use crate::filmed::{Filmed, captions};
use crate::open::Classes;
use crate::replay::{is_whole, record, seen};

/// What films of classes are made with.
#[derive(Clone)]
pub struct Studio {
    /// The films that are asked for.
    pub films: Arc<Films>,
    /// Whether this machine has the program that makes them.
    pub can: fn() -> bool,
}

/// What routes of films are given.
pub(crate) struct Room {
    pub classes: Arc<Classes>,
    pub shelf: Arc<Shelf>,
    pub studio: Studio,
}

/// What a route of films does.
pub(crate) type Handle = fn(&Site, &Request, &Room) -> Result<Reply, PageError>;

#[derive(Template)]
#[template(path = "class_film.html")]
struct FilmPage<'a> {
    s: Shell<'a>,
    /// Where the class is.
    at: String,
    title: String,
    /// It is waited for: the page renews itself, and offers to stop.
    waits: bool,
    /// How much of it is made, of a hundred.
    part: Option<i64>,
    /// How large it is, where it is there.
    ready: Option<String>,
    /// Captions were written in the class.
    captions: bool,
    /// What stands where it cannot be made.
    said: Option<String>,
    /// It can be asked for.
    asks: bool,
}

/// A class, and of what its film is made where it was recorded.
struct Asked {
    class: Subject,
    title: String,
    /// It was planned to be recorded.
    planned: bool,
    film: Option<Filmed>,
}

fn asked(site: &Site, request: &Request, room: &Room) -> Result<Asked, PageError> {
    site.store.read(|conn| {
        let class = seen(conn, request)?;
        let open = room.classes.planned(conn, &class)?;
        let (title, planned) = (open.about().title.clone(), open.about().recorded);
        let replay = match record(site, &room.shelf, conn, &class) {
            Ok(replay) => replay,
            Err(PageError::NotFound) => return Ok(Asked { class, title, planned, film: None }),
            Err(e) => return Err(e),
        };
        let whole = is_whole(&room.shelf, conn, &class, &replay)?;
        let film = Filmed::read(conn, &room.shelf, request.reader()?.person, open, replay, whole)?;
        Ok(Asked { class, title, planned, film: Some(film) })
    })
}

/// How a film stands; one that a sweep took is asked for anew.
fn stand(site: &Site, room: &Room, of: &Hash) -> Option<Stand> {
    room.studio.films.stand(of).filter(|s| !matches!(s, Stand::Ready(film, _) if !site.blobs.has(film)))
}

/// Where a film is asked for, seen to grow, and saved.
pub(crate) fn page(site: &Site, request: &Request, room: &Room) -> Result<Reply, PageError> {
    let asked = asked(site, request, room)?;
    let words = request.words(site);
    let say = |key: &str| Some(words.get(key).into_owned());
    let mut page = FilmPage {
        at: format!("/classes/{}", asked.class),
        title: asked.title,
        waits: false,
        part: None,
        ready: None,
        captions: false,
        said: None,
        asks: false,
        s: Shell::new(site, request, words.get("class-film")),
    };
    let Some(film) = asked.film else {
        page.said = say(if asked.planned { "class-record-none" } else { "rule-class-not-recorded" });
        return Ok(Reply::Page(page.render()?));
    };
    match stand(site, room, &film.of) {
        Some(Stand::Waits) => page.waits = true,
        Some(Stand::Runs(at, of)) => {
            page.waits = true;
            page.part = Some((i64::from(at) * 100 / i64::from(of.max(1))).min(100));
        }
        Some(Stand::Ready(_, bytes)) => {
            page.ready = Some(words.bytes(bytes));
            page.captions = !film.cues()?.is_empty();
        }
        _ if !(room.studio.can)() => page.said = say("rule-class-film-without"),
        _ if !film.whole => page.said = say("rule-class-keep-coming"),
        Some(Stand::Failed(_)) => (page.said, page.asks) = (say("class-film-failed"), true),
        None => page.asks = true,
    }
    Ok(Reply::Page(page.render()?))
}

/// Asks for the film.
pub(crate) fn ask(site: &Site, request: &Request, room: &Room) -> Result<Reply, PageError> {
    let asked = asked(site, request, room)?;
    let film = asked.film.ok_or(PageError::Rule("class-not-recorded".to_owned()))?;
    if !(room.studio.can)() {
        return Err(PageError::Rule("class-film-without".to_owned()));
    }
    if !film.whole {
        return Err(PageError::Rule("class-keep-coming".to_owned()));
    }
    // One that is being made needs no second script.
    let open = matches!(stand(site, room, &film.of), Some(Stand::Waits | Stand::Runs(..) | Stand::Ready(..)));
    if !open && !room.studio.films.ask(film.of, film.script(site)?) {
        return Err(PageError::Rule("film-many".to_owned()));
    }
    Ok(back(&asked.class))
}

/// Nobody wants it any more.
pub(crate) fn cancel(site: &Site, request: &Request, room: &Room) -> Result<Reply, PageError> {
    let asked = asked(site, request, room)?;
    if let Some(film) = asked.film {
        room.studio.films.cancel(&film.of);
    }
    Ok(back(&asked.class))
}

/// The film.
pub(crate) fn save(site: &Site, request: &Request, room: &Room) -> Result<Reply, PageError> {
    let asked = asked(site, request, room)?;
    match asked.film.and_then(|film| stand(site, room, &film.of)) {
        Some(Stand::Ready(hash, _)) => Ok(Reply::File {
            hash,
            media: "video/mp4".to_owned(),
            name: format!("{}.mp4", packages::file_name(&asked.title)),
        }),
        _ => Err(PageError::NotFound),
    }
}

/// What was written as captions, beside the film.
pub(crate) fn beside(site: &Site, request: &Request, room: &Room) -> Result<Reply, PageError> {
    let asked = asked(site, request, room)?;
    let cues = asked.film.ok_or(PageError::NotFound)?.cues()?;
    // Shown in the page, or saved: a player looks for the same name with another ending.
    let name = request.query("save").map(|_| format!("{}.vtt", packages::file_name(&asked.title)));
    Ok(Reply::Bytes("text/vtt", name, captions(&cues).into_bytes()))
}

fn back(class: &Subject) -> Reply {
    Reply::To(format!("/classes/{class}/film"))
}
