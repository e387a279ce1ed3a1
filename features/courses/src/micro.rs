//! Micro-lessons: slides, voice and a pen with its times, recorded in the page. They are kept as what they are made of, a
//! few megabytes for a lesson, and not as a film.

use std::fs::File;

use askama::Template;
use assets::{Leaf, Shelf, TREE, Tree, recipes_for};
use base::Subject;
use log::Context;
use packages::Archive;
use register::Look;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Sent, Shell, Site};

use crate::add::{may_add, put};
use crate::facts::{COURSE, RESOURCE};
use crate::package::read;
use crate::show::{Page, file, made_of, pages, tree};
use crate::unpack::{Piece, What};

/// What says that a tree is such a lesson, and how its parts belong together.
pub(crate) const LESSON: &str = "lesson.json";
/// What says that a tree is a class that was held: `classroom` makes and plays it.
const CLASS: &str = "class.json";
const PEN: &str = "lesson.zpen";
/// Bytes of it that are read.
pub(crate) const MAX_LESSON: u64 = 1 << 20;
/// Pages of one lesson.
const MAX_PAGES: usize = 500;
/// Milliseconds of one lesson.
const MAX_MS: u64 = 3 * 3_600_000;
/// Pixels of a page's side.
const MAX_SIDE: u64 = 10_000;
const MALFORMED: PageError = PageError::Malformed("no micro-lesson");

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage<'a> {
    s: Shell<'a>,
    course: String,
    course_title: String,
    /// Slides that can be spoken to: their resource, and their title; how many pages.
    slides: Vec<(String, String, i64)>,
    /// Slides that are not pictures yet.
    waiting: Vec<String>,
    /// What was chosen: the resource, or `blank`.
    of: Option<String>,
    title: String,
    pages: String,
}

/// Where one chooses slides, or speaks to those that were chosen.
pub(crate) fn page(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let course = request.id("id")?;
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = request.words(site);
        let mut page = RecordPage {
            course: course.to_string(),
            course_title: look.title(&COURSE, &course)?,
            slides: Vec::new(),
            waiting: Vec::new(),
            of: request.query("of").map(ToOwned::to_owned),
            title: String::new(),
            pages: "[]".to_owned(),
            s: Shell::new(site, request, words.get("micro-record")),
        };
        for (id, title) in slides_of(conn, request, &course)? {
            match slides(site, conn, shelf, &id)? {
                Some((recipe, found)) => {
                    if page.of.as_deref() == Some(id.to_string().as_str()) {
                        page.title.clone_from(&title);
                        let at = |p: &Page| {
                            json!({ "src": format!("/resources/{id}/made/{recipe}/{}", p.name), "width": p.width, "height": p.height })
                        };
                        page.pages = Json::Array(found.iter().map(at).collect()).to_string();
                    }
                    page.slides.push((id.to_string(), title, i64::try_from(found.len()).unwrap_or(0)));
                }
                None => page.waiting.push(title),
            }
        }
        let known = |of: &String| of == "blank" || page.slides.iter().any(|(id, ..)| id == of);
        if page.of.as_ref().is_some_and(|of| !known(of)) {
            return Err(PageError::NotFound);
        }
        Ok(Reply::Page(page.render()?))
    })
}

/// The slides of a course.
fn slides_of(conn: &Connection, request: &Request, course: &Subject) -> Result<Vec<(Subject, String)>, PageError> {
    let sees = request.reader()?.sees(&RESOURCE, "r");
    let mut stmt = conn.prepare(&format!(
        "SELECT r.id, coalesce(r.title, '') FROM resource r
         WHERE r.course = ?1 AND r.form IN ('slides', 'document') AND {sees} ORDER BY r.place, r.made"
    ))?;
    let rows = stmt.query_map([course.as_bytes()], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (id, title) = row?;
        out.push((Subject::try_from(id.as_slice()).unwrap_or_default(), title));
    }
    Ok(out)
}

/// The pages that were made of slides, all of them here, with the recipe that made them.
fn slides(
    site: &Site,
    conn: &Connection,
    shelf: &Shelf,
    id: &Subject,
) -> Result<Option<(&'static str, Vec<Page>)>, PageError> {
    let Some(file) = file(conn, id)? else { return Ok(None) };
    for recipe in recipes_for(&file.media) {
        let Some(made) = made_of(conn, &file.content, recipe.name)?.and_then(|m| m.tree) else { continue };
        let Some(tree) = tree(shelf, &made)? else { continue };
        let found = pages(site, &tree);
        if !found.is_empty() && found.iter().all(|p| p.here) {
            return Ok(Some((recipe.name, found)));
        }
    }
    Ok(None)
}

/// Keeps what was recorded as a part of the course.
pub(crate) fn save(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let course = request.id("id")?;
    let title = text::clean_line(request.form("title").unwrap_or_default(), 120);
    let title = title.ok().filter(|t| !t.is_empty()).ok_or(PageError::Rule("micro-title".to_owned()))?;
    let about: Json = serde_json::from_str(request.form("about").unwrap_or_default()).map_err(|_| MALFORMED)?;
    let sent = |name: &str| request.files.iter().find(|f| f.name == name).ok_or(MALFORMED);
    let (voice, pen) = (sent("voice")?, sent("pen")?);
    let (said, mut leaves) = site.store.read(|conn| {
        let made = made_for(conn, request, shelf)?;
        lesson(site, &about, made.as_ref(), voice, pen)
    })?;
    let inside = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
    let (content, bytes) = site.blobs.put(said.to_string().as_bytes()).map_err(|e| inside(&e))?;
    let leaf = Leaf { content, bytes, media: "application/json".to_owned() };
    leaves.put(LESSON, leaf).map_err(|e| inside(&e))?;
    let (hash, len) = site.blobs.put(leaves.encode().as_slice()).map_err(|e| inside(&e))?;
    shelf.lacks(&hash, len).map_err(|e| inside(&e))?;
    let name = format!("{}.zip", packages::file_name(&title));
    let what = What::File(Sent { name, media: TREE, hash, len });
    let piece = Piece { what, title, unit: String::new(), form: Some("micro"), beside: None, about: String::new() };
    site.store.write(Context { author: request.reader()?.person }, |tx| put(tx, site, &course, &[piece]))?;
    Ok(register::done(&COURSE, course, "done-saved"))
}

/// The pages of the slides that were chosen.
fn made_for(conn: &Connection, request: &Request, shelf: &Shelf) -> Result<Option<Tree>, PageError> {
    let Some(of) = request.form("of").filter(|of| *of != "blank") else { return Ok(None) };
    let id: Subject = of.parse().map_err(|_| MALFORMED)?;
    register::visible(conn, request.reader()?, &RESOURCE, &id)?;
    let file = file(conn, &id)?.ok_or(MALFORMED)?;
    for recipe in recipes_for(&file.media) {
        let Some(made) = made_of(conn, &file.content, recipe.name)?.and_then(|m| m.tree) else { continue };
        if let Some(tree) = tree(shelf, &made)? {
            return Ok(Some(tree));
        }
    }
    Err(MALFORMED)
}

/// A lesson of what the page sent, with what says how its parts belong together.
fn lesson(
    site: &Site,
    about: &Json,
    slides: Option<&Tree>,
    voice: &Sent,
    pen: &Sent,
) -> Result<(Json, Tree), PageError> {
    let ms = about.get("ms").and_then(Json::as_u64).filter(|ms| (1..=MAX_MS).contains(ms)).ok_or(MALFORMED)?;
    let said = about.get("pages").and_then(Json::as_array).filter(|p| (1..=MAX_PAGES).contains(&p.len()));
    let mut tree = Tree::default();
    let mut pages = Vec::new();
    for page in said.ok_or(MALFORMED)? {
        if let Some(name) = page.get("name").and_then(Json::as_str) {
            let leaf = slides.and_then(|s| s.get(name)).ok_or(MALFORMED)?;
            let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
            let size = stem.split_once('-').and_then(|(_, size)| size.split_once('x')).ok_or(MALFORMED)?;
            let side = |text: &str| text.parse::<u64>().ok().filter(|n| (1..=MAX_SIDE).contains(n)).ok_or(MALFORMED);
            pages.push(json!({ "path": name, "width": side(size.0)?, "height": side(size.1)? }));
            if tree.get(name).is_none() {
                tree.put(name, leaf.clone()).map_err(|_| MALFORMED)?;
            }
        } else {
            let side = |key: &str| {
                page.get(key).and_then(Json::as_u64).filter(|n| (1..=MAX_SIDE).contains(n)).ok_or(MALFORMED)
            };
            pages.push(json!({ "path": null, "width": side("width")?, "height": side("height")? }));
        }
    }
    let (ending, media) = voice_of(voice.media).ok_or(MALFORMED)?;
    let path = format!("voice.{ending}");
    let drawn = std::fs::read(site.blobs.path(&pen.hash)).map_err(|e| PageError::Internal(e.to_string()))?;
    let sum = pen::read(&drawn, |_, _| {}).map_err(|_| MALFORMED)?;
    if sum.pages as usize > pages.len() {
        return Err(MALFORMED);
    }
    for (path, sent, media) in [(path.as_str(), voice, media), (PEN, pen, "application/octet-stream")] {
        let leaf = Leaf { content: sent.hash, bytes: sent.len, media: media.to_owned() };
        tree.put(path, leaf).map_err(|_| MALFORMED)?;
    }
    Ok((json!({ "zampa-micro": 1, "ms": ms, "voice": path, "pen": PEN, "pages": pages }), tree))
}

/// The ending and the type of a voice that a browser recorded: what holds it is often called a film.
fn voice_of(sniffed: &str) -> Option<(&'static str, &'static str)> {
    match sniffed {
        "video/webm" | "audio/webm" | "video/x-matroska" => Some(("webm", "audio/webm")),
        "audio/ogg" | "audio/opus" | "video/ogg" => Some(("ogg", "audio/ogg")),
        "audio/mp4" | "audio/m4a" | "video/mp4" | "video/quicktime" => Some(("m4a", "audio/mp4")),
        _ => None,
    }
}

/// Whether an archive is such a lesson, that came from elsewhere: all that it names is there, and the pen can be read.
pub(crate) fn is_lesson(archive: &mut Archive<File>) -> bool {
    let find = |archive: &Archive<File>, path: &str| archive.entries().iter().find(|e| e.path == path).cloned();
    let Some(entry) = find(archive, LESSON) else { return false };
    let Ok(said) = read(archive, &entry, MAX_LESSON) else { return false };
    let Ok(said) = serde_json::from_slice::<Json>(&said) else { return false };
    let path = |key: &str| said.get(key).and_then(Json::as_str).unwrap_or_default();
    let paths = said.get("pages").and_then(Json::as_array).into_iter().flatten();
    let named = paths.filter_map(|p| p.get("path").and_then(Json::as_str)).chain([path("voice")]);
    let there = said.get("zampa-micro").and_then(Json::as_u64) == Some(1)
        && named.into_iter().all(|path| find(archive, path).is_some());
    let Some(entry) = find(archive, path("pen")).filter(|_| there) else { return false };
    read(archive, &entry, pen::MAX_PEN as u64).is_ok_and(|bytes| pen::read(&bytes, |_, _| {}).is_ok())
}

/// Whether an archive is a class that was held and recorded: what it says of itself is there, and all that it names.
pub(crate) fn is_class(archive: &mut Archive<File>) -> bool {
    let find = |archive: &Archive<File>, path: &str| archive.entries().iter().find(|e| e.path == path).cloned();
    let Some(entry) = find(archive, CLASS) else { return false };
    let Ok(said) = read(archive, &entry, MAX_LESSON) else { return false };
    let Ok(said) = serde_json::from_slice::<Json>(&said) else { return false };
    let parts = ["pages", "voices"].into_iter().filter_map(|key| said.get(key).and_then(Json::as_array)).flatten();
    let paths = parts.filter_map(|p| p.get("path").and_then(Json::as_str));
    let events = said.get("events").and_then(Json::as_str);
    said.get("zampa-class").and_then(Json::as_u64) == Some(1)
        && events.is_some()
        && paths.chain(events).all(|path| find(archive, path).is_some())
}

/// A part of a lesson, for the page that plays it.
pub(crate) fn part(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let path = request.params.get("path").map(String::as_str).unwrap_or_default();
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &id)?;
        let form: String = conn
            .prepare_cached("SELECT coalesce(form, '') FROM resource WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| r.get(0))?;
        let found = file(conn, &id)?.filter(|f| form == "micro" && f.media == TREE).ok_or(PageError::NotFound)?;
        let tree = tree(shelf, &found.content)?.ok_or(PageError::NotFound)?;
        let leaf = tree.get(path).ok_or(PageError::NotFound)?;
        Ok(Reply::File { hash: leaf.content, media: leaf.media.clone(), name: path.to_owned() })
    })
}
