//! A recorded class as an item of a course: what happened, what was said, and what was shown, in one tree of files that plays by
//! itself wherever the course goes. Who may make it is its teacher, and what it holds is what was consented to: a room whose
//! adult has taken the consent back is not heard in it, and what adults wrote to each other stays with the class.

use std::borrow::Cow;

use askama::Template;
use assets::{Leaf, Shelf, TREE, Tree};
use base::{Hash, Subject};
use log::Context;
use records::{Change, Kind, Value, append, record_scope};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::LIVE_CLASS;
use crate::fold::{DRAWN, Fold};
use crate::groups::group_of;
use crate::open::{Classes, Open};
use crate::pack::{Sheet, hex};
use crate::page::{Line, languages, rooms, said, shown};
use crate::pupils::for_pupils;
use crate::replay::{ReplayPage, is_whole, record, seen, tracks};
use crate::say::of_node;
use crate::wire::{framed, happened_as};

/// What says that a tree is such a class, and how its parts belong together.
const CLASS: &str = "class.json";
const EVENTS: &str = "events";
/// Bytes of what says it.
const MAX_CLASS: usize = 1 << 20;

fn inside(e: impl std::fmt::Display) -> PageError {
    PageError::Internal(e.to_string())
}

fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

/// Whether a reader makes an item of a class: its teacher, or who teaches with them.
pub(crate) fn may_keep(site: &Site, request: &Request, open: &Open) -> bool {
    let about = open.about();
    let may_make = kind(site, "course").is_ok_and(|course| request.reader().is_ok_and(|r| r.may_make(course)));
    may_make && request.reader().is_ok_and(|r| [about.teacher, about.co_teacher].contains(&Some(r.person)))
}

/// Makes a course of a class, in its teacher's hands alone until they share it; the one that was made before, if there is one.
pub(crate) fn keep(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    let reader = request.reader()?.person;
    let (class, open, tree) = site.store.read(|conn| {
        let class = seen(conn, request)?;
        let open = classes.planned(conn, &class)?;
        if !may_keep(site, request, &open) {
            return Err(PageError::NotAllowed);
        }
        let look = Look::new(site, request, conn);
        let rooms = rooms(&look, open.about())?;
        let tree = tree(site, shelf, conn, &class, &open, &rooms)?;
        Ok((class, open, tree))
    })?;
    let (hash, len) = site.blobs.put(tree.encode().as_slice()).map_err(inside)?;
    // On the shelf before a fact names it: who hears of the fact asks for its leaves.
    shelf.lacks(&hash, len).map_err(inside)?;
    let (course, resource) = (kind(site, "course")?, kind(site, "resource")?);
    if let Some(made) = site.store.read(|conn| made(conn, &hash))? {
        return Ok(Reply::To(format!("/{}/{made}", resource.route)));
    }
    let id = site.store.write(Context { author: reader }, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &LIVE_CLASS, &class)?;
        let id = tx.subject(&scope);
        append(tx, course, scope, id, about(tx.conn(), &class)?, None)?;
        let hand = Change::new()
            .with_link("course", id)
            .with_link("person", reader)
            .with("byline", Value::Text(register::byline(tx.conn(), reader)?))
            .with_text("part", "lead");
        append(tx, kind(site, "course_hand")?, scope, tx.subject(&scope), hand, None)?;
        let title = &open.about().title;
        let part = Change::new()
            .with_link("course", id)
            .with_text("title", title.as_str())
            .with("place", Value::Int(10))
            .with_text("form", "class")
            .with_text("file", format!("{}.zip", title.chars().take(100).collect::<String>()))
            .with_text("media", TREE)
            .with("bytes", Value::Int(i64::try_from(len).unwrap_or(0)))
            .with("content", Value::Bytes(hash.0.to_vec()));
        append(tx, resource, scope, tx.subject(&scope), part, None)?;
        tx.fold()?;
        Ok::<_, PageError>(id)
    })?;
    Ok(register::done(course, id, "done-saved"))
}

/// The item that was made of the same class before, in a course that is not withdrawn.
fn made(conn: &Connection, tree: &Hash) -> Result<Option<Subject>, PageError> {
    let sql = "SELECT r.id FROM resource r JOIN course c ON c.id = r.course
               WHERE r.content = ?1 AND r.form = 'class' AND c.state <> 'withdrawn' ORDER BY r.made LIMIT 1";
    let found: Option<Vec<u8>> = conn.prepare_cached(sql)?.query_row([tree.0.as_slice()], |r| r.get(0)).optional()?;
    Ok(found.and_then(|id| Subject::try_from(id.as_slice()).ok()))
}

/// What the class says of the course: its subject, languages, length, plan.
fn about(conn: &Connection, class: &Subject) -> Result<Change, PageError> {
    let sql = "SELECT coalesce(title, ''), subject, held_minutes, plan FROM live_class WHERE id = ?1";
    let (title, subject, minutes, plan): (String, Option<String>, Option<i64>, Option<Vec<u8>>) = conn
        .prepare_cached(sql)?
        .query_row([class.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
    let subject = subject.ok_or(PageError::Rule("class-keep-subject".to_owned()))?;
    let mut change = Change::new()
        .with_text("title", title)
        .with_text("subject", subject)
        .with_text("licence", "programme")
        .with_text("state", "draft");
    if let Some(minutes) = minutes.filter(|m| (1..=6000).contains(m)) {
        change = change.with("minutes", Value::Int(minutes));
    }
    if let Some(plan) = plan.and_then(|p| Subject::try_from(p.as_slice()).ok()) {
        change = change.with_link("plan", plan);
    }
    let mut stmt = conn.prepare_cached("SELECT value FROM live_class_languages WHERE id = ?1 ORDER BY value")?;
    let mut rows = stmt.query([class.as_bytes()])?;
    while let Some(row) = rows.next()? {
        change = change.with_added("languages", Value::Text(row.get(0)?));
    }
    Ok(change)
}

/// The class as files.
fn tree(
    site: &Site,
    shelf: &Shelf,
    conn: &Connection,
    class: &Subject,
    open: &Open,
    rooms: &[Line],
) -> Result<Tree, PageError> {
    let replay = record(site, shelf, conn, class)?;
    if !is_whole(shelf, conn, class, &replay)? {
        return Err(PageError::Rule("class-keep-coming".to_owned()));
    }
    let mut out = Tree::default();
    let mut put = |path: &str, bytes: &[u8], media: &str| -> Result<(), PageError> {
        let (content, bytes) = site.blobs.put(bytes).map_err(inside)?;
        out.put(path, Leaf { content, bytes, media: media.to_owned() }).map_err(inside)
    };
    let mut events = Vec::new();
    let happened = replay.events().map_err(inside)?;
    let fold = open.fold_of(&happened);
    for event in happened {
        if let Some(payload) = for_item(&event.payload, &fold) {
            events.extend(framed(&happened_as(open, &event, &payload)));
        }
    }
    put(EVENTS, &events, "application/octet-stream")?;
    let mut voices = Vec::new();
    for (track, ms) in tracks(&replay)?.iter().filter(|(track, ms)| *ms > 0 && open.consented(&fold, track)) {
        let path = format!("voice/{:04}.ogg", voices.len());
        put(&path, &replay.ogg(track.id, 0, *ms).map_err(inside)?, "audio/ogg")?;
        voices.push(json!({ "path": path, "at": track.began_ms, "ms": ms, "channel": track.channel }));
    }
    // What was shown then; where the record does not say, what the course shows today.
    let mut sheets: Vec<Sheet> = fold.pack.sheets().copied().collect();
    if fold.pack.said == 0
        && let Some(course) = open.about().course
    {
        sheets.extend(shown(conn, shelf, &course, &open.about().leads())?.iter().map(Sheet::from));
    }
    let mut pages = Vec::new();
    for (n, sheet) in sheets.iter().enumerate() {
        let path = format!("slides/{n:04}.webp");
        let leaf = Leaf { content: sheet.content, bytes: sheet.bytes.into(), media: "image/webp".to_owned() };
        out.put(&path, leaf).map_err(inside)?;
        pages.push(json!({ "path": path, "hash": hex(&sheet.content), "width": sheet.width, "height": sheet.height }));
    }
    let about = json!({
        "zampa-class": 1,
        "title": open.about().title,
        "teacher": open.about().byline,
        "rooms": rooms.iter().map(|r| json!({ "n": r.n, "title": r.title })).collect::<Vec<_>>(),
        "pages": pages,
        "voices": voices,
        "events": EVENTS,
    });
    let (content, bytes) = site.blobs.put(about.to_string().as_bytes()).map_err(inside)?;
    out.put(CLASS, Leaf { content, bytes, media: "application/json".to_owned() }).map_err(inside)?;
    Ok(out)
}

/// What of an event goes into an item: what is shown, asked and answered, and of the sheets of groups those that were shown to
/// all; not who wrote what, came or looked on.
fn for_item<'a>(payload: &'a [u8], class: &Fold) -> Option<Cow<'a, [u8]>> {
    let (how, words) = payload.split_first()?;
    if let Some(group) = group_of(payload) {
        return class.groups.was_shown.contains(&group).then_some(Cow::Borrowed(payload));
    }
    if *how == DRAWN {
        return Some(Cow::Borrowed(payload));
    }
    for_pupils(payload).or_else(|| {
        let said: Json = serde_json::from_slice(words).ok()?;
        match said.get("k").and_then(Json::as_str)? {
            "tally" | "devices" => Some(Cow::Borrowed(payload)),
            // Without who it was.
            kind @ ("in" | "out") => Some(Cow::Owned(of_node(&json!({ "k": kind })))),
            _ => None,
        }
    })
}

/// An item that is here: its title and its tree.
fn item(
    site: &Site,
    request: &Request,
    conn: &Connection,
    shelf: &Shelf,
) -> Result<(Subject, String, Tree), PageError> {
    let id = request.id("id")?;
    register::visible(conn, request.reader()?, kind(site, "resource")?, &id)?;
    let found: Option<(String, Vec<u8>)> = conn
        .prepare_cached(
            "SELECT coalesce(title, ''), content FROM resource WHERE id = ?1 AND form = 'class' AND media = ?2",
        )?
        .query_row(rusqlite::params![id.as_bytes(), TREE], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (title, content) = found.ok_or(PageError::NotFound)?;
    let content = Hash::try_from(content.as_slice()).map_err(|_| PageError::NotFound)?;
    let tree = shelf.tree(&content).map_err(inside)?.ok_or(PageError::NotFound)?;
    Ok((id, title, tree))
}

/// The page that plays an item.
pub(crate) fn page(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    site.store.read(|conn| {
        let (id, title, tree) = item(site, request, conn, shelf)?;
        let words = request.words(site);
        let about = read(site, &tree)?;
        let at = |path: &Json| path.as_str().map(|path| format!("/resources/{id}/class/{path}"));
        let of = |from: &Json, key: &str| from.get(key).cloned().unwrap_or_default();
        let list = |key: &str| about.get(key).and_then(Json::as_array).into_iter().flatten();
        let pages: Vec<Json> = list("pages")
            .map(|p| json!({ "src": at(&of(p, "path")), "hash": of(p, "hash"), "width": of(p, "width"), "height": of(p, "height") }))
            .collect();
        let voices: Vec<Json> = list("voices")
            .map(|v| json!({ "src": at(&of(v, "path")), "at": of(v, "at"), "ms": of(v, "ms"), "channel": of(v, "channel") }))
            .collect();
        let rooms: Vec<Line> = list("rooms")
            .filter_map(|r| {
                let n = usize::try_from(r.get("n")?.as_u64()?).ok()?;
                Some(Line { n, title: r.get("title")?.as_str()?.to_owned(), byline: String::new() })
            })
            .collect();
        let given = json!({
            "pages": pages,
            "rooms": of(&about, "rooms"),
            "words": said(&words),
            "languages": languages(&words),
            "events": at(&of(&about, "events")),
            "voices": voices,
            "teacher": of(&about, "teacher"),
        });
        let lacks: u64 = tree.leaves().filter(|(_, l)| !site.blobs.has(&l.content)).map(|(_, l)| l.bytes).sum();
        let page = ReplayPage {
            back: format!("/resources/{id}"),
            title: title.clone(),
            given: given.to_string(),
            rooms,
            coming: (lacks > 0).then(|| words.with("class-coming", &[("size", words.bytes(lacks).as_str().into())])),
            keeps: None,
            chats: false,
            s: Shell::new(site, request, title),
        };
        Ok(Reply::Page(page.render()?))
    })
}

fn read(site: &Site, tree: &Tree) -> Result<Json, PageError> {
    let leaf = tree.get(CLASS).filter(|l| l.bytes <= MAX_CLASS as u64).ok_or(PageError::NotFound)?;
    let bytes =
        std::fs::read(site.blobs.path(&leaf.content)).map_err(|_| PageError::Rule("class-keep-coming".to_owned()))?;
    let said: Json = serde_json::from_slice(&bytes).map_err(|_| PageError::Malformed("no class"))?;
    if said.get("zampa-class").and_then(Json::as_u64) == Some(1) {
        Ok(said)
    } else {
        Err(PageError::Malformed("no class"))
    }
}

/// A part of an item.
pub(crate) fn part(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let path = request.params.get("path").map(String::as_str).unwrap_or_default();
    site.store.read(|conn| {
        let (_, _, tree) = item(site, request, conn, shelf)?;
        let leaf = tree.get(path).ok_or(PageError::NotFound)?;
        Ok(Reply::File { hash: leaf.content, media: leaf.media.clone(), name: path.to_owned() })
    })
}
