//! A library of pages in one file (ZIM, as Kiwix has them): it stays one file, and the stage shows its pages out of it.

use std::fs::File;

use askama::Template;
use base::{Hash, Subject};
use web::{Freedom, PageError, Reply, Request, Sent, Shell, Site, Staged, escape, stage_of};
use zim::{Found, Zim, ZimError};

use crate::facts::RESOURCE;
use crate::form::title_of;
use crate::play::{redeem, token};
use crate::show::file;
use crate::unpack::{Piece, What};

/// The type of such a file.
pub(crate) const ZIM: &str = "application/x-zim";
/// Titles that are shown.
const SHOWN: usize = 40;

#[derive(Template)]
#[template(path = "pages.html")]
struct Pages<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    /// What the frame shows: its address, and the stage's name.
    frame: Option<(String, String)>,
    /// What stands where nothing can be shown.
    said: Option<String>,
    typed: String,
    /// Titles and where they lead, once something was typed.
    hits: Option<Vec<(String, String)>>,
}

/// A file of pages as a part of a course, once it was seen that its first page can be read.
pub(crate) fn piece(site: &Site, sent: Sent, unit: &str) -> Result<Result<Piece, ZimError>, PageError> {
    let open = site.blobs.open_blob(&sent.hash).map_err(|e| PageError::Internal(e.to_string()))?;
    let open = open.ok_or_else(|| PageError::Internal("a file that was sent is gone".to_owned()))?;
    let read = || {
        let mut zim = Zim::open(open)?;
        let first = zim.first()?;
        zim.find(&first)?;
        Ok::<_, ZimError>((zim.said("Title"), zim.said("Description")))
    };
    Ok(read().map(|(title, about)| {
        let line = |said: Option<String>, most| said.and_then(|s| text::clean_line(&s, most).ok()).unwrap_or_default();
        let title = line(title, 120);
        Piece {
            title: if title.is_empty() { title_of(&sent.name) } else { title },
            about: line(about, 400),
            what: What::File(sent),
            unit: unit.to_owned(),
            form: Some("web"),
            beside: None,
        }
    }))
}

/// A resource that is such a file: its title and content.
pub(crate) fn opened(site: &Site, request: &Request, id: &Subject) -> Result<Option<(String, Hash)>, PageError> {
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, id)?;
        let Some(found) = file(conn, id)?.filter(|f| f.media == ZIM) else { return Ok(None) };
        let title: String = conn
            .prepare_cached("SELECT coalesce(title, '') FROM resource WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| r.get(0))?;
        Ok(Some((title, found.content)))
    })
}

fn zim(site: &Site, content: &Hash) -> Result<Option<Result<Zim<File>, ZimError>>, PageError> {
    let open = site.blobs.open_blob(content).map_err(|e| PageError::Internal(e.to_string()))?;
    Ok(open.map(Zim::open))
}

/// The page around it: the stage, and titles that one finds.
pub(crate) fn page(site: &Site, request: &Request, id: &Subject, of: &(String, Hash)) -> Result<Reply, PageError> {
    let words = request.words(site);
    let (title, content) = of;
    let mut page = Pages {
        id: id.to_string(),
        title: title.clone(),
        frame: None,
        said: None,
        typed: request.query("q").unwrap_or_default().chars().take(120).collect(),
        hits: None,
        s: Shell::new(site, request, title.clone()),
    };
    let refused = |e: &ZimError| words.get(&format!("rule-package-{}", e.code())).into_owned();
    match (zim(site, content)?, stage_of(&request.host)) {
        (None, _) => page.said = Some(words.get("file-coming").into_owned()),
        (Some(Err(e)), _) => page.said = Some(refused(&e)),
        (_, None) => page.said = Some(words.get("play-no-name").into_owned()),
        (Some(Ok(mut zim)), Some(stage)) => {
            if page.typed.is_empty() {
                let wanted = request.query("at").map(|at| zim.find(at).map(|_| at.to_owned()));
                match wanted.unwrap_or_else(|| zim.first()) {
                    Ok(at) => page.frame = Some((format!("//{stage}{}", address(site, content, &at)?), stage)),
                    Err(ZimError::None) => page.said = Some(words.get("pages-gone").into_owned()),
                    Err(e) => page.said = Some(refused(&e)),
                }
            } else {
                let hits = zim.titles(&page.typed, SHOWN).unwrap_or_default();
                let to = |place: &str| format!("/resources/{id}/play?at={}", escape(place));
                page.hits = Some(hits.into_iter().map(|h| (to(&h.place), h.title)).collect());
            }
        }
    }
    Ok(Reply::Page(page.render()?))
}

/// The address of a page on the stage.
fn address(site: &Site, content: &Hash, place: &str) -> Result<String, PageError> {
    Ok(format!("/z/{}/{}", token(site, content, Freedom::Run)?, escaped(place)))
}

fn escaped(place: &str) -> String {
    place.split('/').map(escape).collect::<Vec<_>>().join("/")
}

/// Something of such a file, on the stage.
pub(crate) fn staged(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let param = |name: &str| request.params.get(name).map(String::as_str).unwrap_or_default();
    let (content, freedom) = redeem(site, param("token"))?;
    let found = match zim(site, &content)?.ok_or(PageError::NotFound)?.and_then(|mut zim| zim.find(param("path"))) {
        Ok(found) => found,
        Err(ZimError::Io(e)) => return Err(PageError::Internal(e.to_string())),
        Err(_) => return Err(PageError::NotFound),
    };
    let what = match found {
        Found::Moved(place) => Staged::Moved(format!("/z/{}/{}", param("token"), escaped(&place))),
        Found::Plain(media, from, len) => Staged::Slice { hash: content, media, from, len },
        Found::Packed(media, bytes) => Staged::Bytes { media, bytes },
    };
    Ok(Reply::Stage(what, freedom))
}
