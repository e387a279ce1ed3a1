//! A micro-lesson as a film, for what plays MP4 and nothing else: made on this node when somebody asks, and kept for some
//! days. It is no part of the course, and goes over no link.

use std::path::PathBuf;

use askama::Template;
use assets::{Films, Script, Sheet, Shelf, Stand, TREE, Tool, Tree, Voice};
use base::{Hash, Subject};
use serde_json::Value as Json;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::RESOURCE;
use crate::here::Carrier;
use crate::kept::whole;
use crate::micro::{LESSON, MAX_LESSON};
use crate::show::file;

/// What a route of films does.
pub(crate) type Handle = fn(&Site, &Request, &Shelf, &Films, &dyn Carrier) -> Result<Reply, PageError>;

const BROKEN: PageError = PageError::Malformed("no micro-lesson");

#[derive(Template)]
#[template(path = "film.html")]
struct FilmPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    /// It is waited for: the page renews itself, and offers to stop.
    waits: bool,
    /// How much of it is made, of a hundred.
    part: Option<i64>,
    /// How large it is, where it is there.
    ready: Option<String>,
    /// What stands where it cannot be made.
    said: Option<String>,
    /// It can be asked for.
    asks: bool,
}

/// A micro-lesson that is here.
struct Lesson {
    title: String,
    content: Hash,
    tree: Option<Tree>,
}

fn lesson(site: &Site, request: &Request, shelf: &Shelf) -> Result<Lesson, PageError> {
    let id: Subject = request.id("id")?;
    let (title, content) = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &id)?;
        let (title, form): (String, String) = conn
            .prepare_cached("SELECT coalesce(title, ''), coalesce(form, '') FROM resource WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let found = file(conn, &id)?.filter(|f| form == "micro" && f.media == TREE).ok_or(PageError::NotFound)?;
        Ok::<_, PageError>((title, found.content))
    })?;
    let tree = if whole(site, shelf, TREE, &content)? { crate::show::tree(shelf, &content)? } else { None };
    Ok(Lesson { title, content, tree })
}

/// Where a film is asked for, seen to grow, and saved.
pub(crate) fn page(
    site: &Site,
    request: &Request,
    shelf: &Shelf,
    films: &Films,
    carrier: &dyn Carrier,
) -> Result<Reply, PageError> {
    let lesson = lesson(site, request, shelf)?;
    let words = request.words(site);
    let say = |key: &str| Some(words.get(key).into_owned());
    let mut page = FilmPage {
        id: request.id("id")?.to_string(),
        title: lesson.title,
        waits: false,
        part: None,
        ready: None,
        said: None,
        asks: false,
        s: Shell::new(site, request, words.get("film-title")),
    };
    // One that a sweep took is asked for anew.
    let stand = films.stand(&lesson.content).filter(|s| !matches!(s, Stand::Ready(film, _) if !site.blobs.has(film)));
    match stand {
        Some(Stand::Waits) => page.waits = true,
        Some(Stand::Runs(at, of)) => {
            page.waits = true;
            page.part = Some((i64::from(at) * 100 / i64::from(of.max(1))).min(100));
        }
        Some(Stand::Ready(_, bytes)) => page.ready = Some(words.bytes(bytes)),
        _ if carrier.missing().contains(&Tool::Ffmpeg) => page.said = say("rule-film-without"),
        _ if lesson.tree.is_none() => page.said = say("file-coming"),
        Some(Stand::Failed(_)) => (page.said, page.asks) = (say("film-failed"), true),
        None => page.asks = true,
    }
    Ok(Reply::Page(page.render()?))
}

/// Asks for the film.
pub(crate) fn ask(
    site: &Site,
    request: &Request,
    shelf: &Shelf,
    films: &Films,
    carrier: &dyn Carrier,
) -> Result<Reply, PageError> {
    let lesson = lesson(site, request, shelf)?;
    if carrier.missing().contains(&Tool::Ffmpeg) {
        return Err(PageError::Rule("film-without".to_owned()));
    }
    let tree = lesson.tree.ok_or(PageError::Rule("package-away".to_owned()))?;
    if !films.ask(lesson.content, script(site, &tree)?) {
        return Err(PageError::Rule("film-many".to_owned()));
    }
    back(request)
}

/// Nobody wants it any more.
pub(crate) fn cancel(
    site: &Site,
    request: &Request,
    shelf: &Shelf,
    films: &Films,
    _: &dyn Carrier,
) -> Result<Reply, PageError> {
    films.cancel(&lesson(site, request, shelf)?.content);
    back(request)
}

/// The film.
pub(crate) fn save(
    site: &Site,
    request: &Request,
    shelf: &Shelf,
    films: &Films,
    _: &dyn Carrier,
) -> Result<Reply, PageError> {
    let lesson = lesson(site, request, shelf)?;
    match films.stand(&lesson.content) {
        Some(Stand::Ready(hash, _)) if site.blobs.has(&hash) => {
            let name = format!("{}.mp4", packages::file_name(&lesson.title));
            Ok(Reply::File { hash, media: "video/mp4".to_owned(), name })
        }
        _ => Err(PageError::NotFound),
    }
}

fn back(request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::To(format!("/resources/{}/film", request.id("id")?)))
}

/// What the film of a lesson is made of: its parts where they lie among the blobs.
fn script(site: &Site, tree: &Tree) -> Result<Script, PageError> {
    let place = |path: &str| -> Result<PathBuf, PageError> {
        let leaf = tree.get(path).ok_or(BROKEN)?;
        std::path::absolute(site.blobs.path(&leaf.content)).map_err(|e| PageError::Internal(e.to_string()))
    };
    let about = tree.get(LESSON).filter(|leaf| leaf.bytes <= MAX_LESSON).ok_or(BROKEN)?;
    let about = std::fs::read(site.blobs.path(&about.content)).map_err(|e| PageError::Internal(e.to_string()))?;
    let about: Json = serde_json::from_slice(&about).map_err(|_| BROKEN)?;
    let path = |key: &str| about.get(key).and_then(Json::as_str).ok_or(BROKEN);
    let number = |of: &Json, key: &str| {
        of.get(key).and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).ok_or(BROKEN)
    };
    let sheet = |page: &Json| {
        let picture = page.get("path").and_then(Json::as_str).map(place).transpose()?;
        Ok::<_, PageError>(Sheet { picture, width: number(page, "width")?, height: number(page, "height")? })
    };
    Ok(Script {
        ms: number(&about, "ms")?,
        pages: about
            .get("pages")
            .and_then(Json::as_array)
            .ok_or(BROKEN)?
            .iter()
            .map(sheet)
            .collect::<Result<_, _>>()?,
        pens: vec![place(path("pen")?)?],
        voices: vec![Voice { file: place(path("voice")?)?, at: 0 }],
    })
}
