//! The page of a class that goes on: what it needs to know is given with it, so that it stands also when the link is cut.

use askama::Template;
use assets::{Shelf, Slide, pages_of};
use base::{Hash, Subject};
use records::vocabulary::TEACHING_LANGUAGES;
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value as Json, json};
use text::Words;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{CLASS_ROOM, LIVE_CLASS};
use crate::pack;
use crate::talk::at_room;
use crate::who::{About, mark};

/// Words that the script says.
const WORDS: &[&str] = &[
    "class-page",
    "class-over",
    "class-ready-teacher",
    "class-waits",
    "class-floor",
    "class-heads-n",
    "class-link-ok",
    "class-link-slow",
    "class-link-cut",
    "class-link-away",
    "class-record-on",
    "class-record-off",
    "class-consent-lacks",
    "class-hand-up",
    "class-hand-down",
    "class-count-send",
    "class-count-said",
    "class-answer-shown",
    "class-late",
    "class-node-away",
    "class-refused-role",
    "class-refused-closed",
    "class-refused-much",
    "class-refused-heads",
    "class-more-answers",
    "class-tally-of",
    "class-refused-cut",
    "class-refused-consent",
    "class-refused-guest",
    "class-refused-voice",
    "class-mic-on",
    "class-mic-off",
    "class-mic-insecure",
    "class-mic-deaf",
    "class-mic-blind",
    "class-camera-on",
    "class-camera-off",
    "class-no-floor",
    "class-sure-end",
    "class-yes",
    "class-no",
    "class-cut",
    "class-admit",
    "class-send-out",
    "class-looks-on",
    "class-asks-in",
    "class-guest-asks",
    "class-guest-out",
    "class-hands-n",
    "class-short-room",
    "class-number-value",
    "class-number-many",
    "class-sketch",
    "class-sketch-full",
    "class-draw-send",
    "class-drawing",
    "class-devices-answered",
    "class-show-class",
    "class-pupils-open",
    "class-pupils-close",
    "class-pupils-here",
    "class-pupils-qr",
    "class-pupils-closed",
    "class-answer",
    "class-answer-send",
    "class-answered",
    "class-undo",
    "class-black",
    "class-red",
    "class-blue",
    "class-green",
    "class-refused-number",
    "class-refused-full",
    "class-exit-ask",
    "class-exit-close",
    "class-exit-closed",
    "class-exit-open",
    "class-exit-few",
    "class-exit-understood",
    "class-exit-u0",
    "class-exit-u1",
    "class-exit-u2",
    "class-exit-enjoyed",
    "class-exit-e0",
    "class-exit-e1",
    "class-exit-e2",
    "class-exit-hands",
    "class-exit-noted",
    "class-original",
    "class-interprets",
    "class-interprets-not",
    "class-interpret-as",
    "class-still-of",
    "class-still-coming",
    "class-still-sent",
    "class-still-failed",
    "class-still-consent-first",
    "class-group",
    "class-group-shared",
    "class-groups",
    "class-group-show",
    "class-group-hide",
    "class-group-shown",
    "class-group-all",
    "class-group-back",
    "class-groups-end",
    "class-group-other",
    "class-group-choose",
    "class-group-line",
    "class-group-add",
    "class-group-line-away",
    "class-group-wipe",
    "class-groups-empty-sheet",
    "class-groups-this-page",
    "class-refused-sheet",
    "class-refused-later",
    "class-still-sure",
    "class-still-withdrawn",
    "class-page-coming",
];
pub(crate) const COLOURS: [&str; 6] =
    ["class-black", "class-red", "class-blue", "class-green", "class-amber", "class-white"];
const KINDS: [(&str, &str); 4] = [
    ("choice", "class-ask-choice"),
    ("number", "class-ask-number"),
    ("short", "class-ask-short"),
    ("draw", "class-ask-draw"),
];
const WIDTHS: [&str; 3] = ["class-thin", "class-middle", "class-thick"];

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    given: String,
    rooms: Vec<Line>,
    colours: Vec<(usize, String)>,
    kinds: Vec<(&'static str, String)>,
    widths: Vec<(usize, String)>,
    /// Teachers meet: nothing on it is for pupils.
    meeting: bool,
    /// It is the page of a room whose adult leads the class as well.
    at_room: bool,
}

pub(crate) struct Line {
    pub n: usize,
    pub title: String,
    pub byline: String,
}

/// The page of a class that goes on.
pub(crate) fn live(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &LIVE_CLASS, &class)?;
        let about = About::read(conn, &class)?;
        if !matches!(&*about.state, "planned" | "failed" | "live") {
            return Err(PageError::Rule("class-not-open".to_owned()));
        }
        let look = Look::new(site, request, conn);
        let words = request.words(site);
        let rooms = rooms(&look, &about)?;
        let named = |names: &[&str]| names.iter().map(|n| words.get(n).into_owned()).enumerate().collect::<Vec<_>>();
        let page = LivePage {
            id: class.to_string(),
            title: about.title.clone(),
            given: given(site, request, conn, shelf, &class, &about, &rooms)?.to_string(),
            rooms,
            meeting: about.meeting,
            at_room: at_room(request),
            colours: named(&COLOURS),
            kinds: KINDS.iter().map(|(code, key)| (*code, words.get(key).into_owned())).collect(),
            widths: named(&WIDTHS),
            s: Shell::new(site, request, about.title.clone()),
        };
        Ok(Reply::Page(page.render()?))
    })
}

/// The rooms as they are listed.
pub(crate) fn rooms(look: &Look<'_>, about: &About) -> Result<Vec<Line>, PageError> {
    let line = |(n, room): (usize, &crate::who::Room)| {
        let byline = register::byline_now(look, &room.person, &room.byline)?;
        Ok(Line { n: n + 1, title: look.title(&CLASS_ROOM, &room.id)?, byline })
    };
    about.rooms.iter().enumerate().map(line).collect()
}

/// What the script is given.
fn given(
    site: &Site,
    request: &Request,
    conn: &Connection,
    shelf: &Shelf,
    class: &Subject,
    about: &About,
    rooms: &[Line],
) -> Result<Json, PageError> {
    let words = request.words(site);
    let at = pack::place(class);
    let pages = pack::of_course(conn, shelf, about, request.reader()?.person)?;
    Ok(json!({
        "pages": pages.iter().map(|s| s.told(&at)).collect::<Vec<_>>(),
        "shown": at,
        "rooms": rooms.iter().map(|r| json!({ "n": r.n, "title": r.title })).collect::<Vec<_>>(),
        "words": said(&words),
        "live": format!("/classes/{class}/talk?rooms={}{}", mark(&about.ids()), if at_room(request) { "&as=room" } else { "" }),
        "me": request.reader()?.person.to_string(),
        "stills": format!("/classes/{class}/stills"),
        "languages": languages(&words),
        "teacher": about.taught_by(&Look::new(site, request, conn))?,
        "recorded": about.recorded,
        "meeting": about.meeting,
    }))
}

/// The script's words.
pub(crate) fn said(words: &Words<'_>) -> Map<String, Json> {
    WORDS.iter().map(|key| (key.trim_start_matches("class-").to_owned(), json!(words.get(key)))).collect()
}

/// The languages that somebody may interpret into, in the order of their channels, from 1.
pub(crate) fn languages(words: &Words<'_>) -> Vec<Json> {
    let name = |lang: &&str| json!({ "lang": lang, "title": words.get(&format!("word-{lang}")) });
    TEACHING_LANGUAGES.iter().map(name).collect()
}

/// A slide of a course.
pub(crate) struct Shown {
    pub slide: Slide,
    pub bytes: u64,
}

/// A file of a course.
pub(crate) struct File {
    pub id: Subject,
    pub content: Hash,
    pub media: String,
}

/// The files of a course, in their order.
pub(crate) fn files(conn: &Connection, course: &Subject) -> Result<Vec<File>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, content, coalesce(media, '') FROM resource WHERE course = ?1 AND content IS NOT NULL ORDER BY place, made, id",
    )?;
    let mut rows = stmt.query([course.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Vec<u8> = row.get(0)?;
        let content: Vec<u8> = row.get(1)?;
        if let (Ok(id), Ok(content)) = (Subject::try_from(id.as_slice()), Hash::try_from(content.as_slice())) {
            out.push(File { id, content, media: row.get(2)? });
        }
    }
    Ok(out)
}

/// Whether a course is shown to any of these readers: what it holds, its own room decides who sees, and one in somebody's hands
/// alone is for those.
pub(crate) fn is_shown(conn: &Connection, course: &Subject, readers: &[Subject]) -> Result<bool, PageError> {
    let state: Option<String> = conn
        .prepare_cached("SELECT coalesce(state, '') FROM course WHERE id = ?1")?
        .query_row([course.as_bytes()], |r| r.get(0))
        .optional()?;
    let Some(state) = state else { return Ok(false) };
    if !matches!(&*state, "draft" | "withdrawn") {
        return Ok(true);
    }
    let mut hand = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM course_hand WHERE course = ?1 AND person = ?2 AND part IN ('lead', 'author'))",
    )?;
    for reader in readers {
        if hand.query_row([course.as_bytes(), reader.as_bytes()], |r| r.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The slides of a course, in their order, as far as any of these readers may see them; for pupils, those of a course that is
/// shared.
pub(crate) fn shown(
    conn: &Connection,
    shelf: &Shelf,
    course: &Subject,
    readers: &[Subject],
) -> Result<Vec<Shown>, PageError> {
    if !is_shown(conn, course, readers)? {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for file in files(conn, course)? {
        out.extend(slides(conn, shelf, &file)?);
    }
    Ok(out)
}

fn slides(conn: &Connection, shelf: &Shelf, file: &File) -> Result<Vec<Shown>, PageError> {
    let Some(recipe) = pages_of(&file.media) else { return Ok(Vec::new()) };
    let sql = "SELECT content FROM rendition WHERE source = ?1 AND recipe = ?2 AND content IS NOT NULL
               ORDER BY made, id LIMIT 1";
    let tree: Option<Vec<u8>> = conn
        .prepare_cached(sql)?
        .query_row(rusqlite::params![file.content.0.as_slice(), recipe.name], |r| r.get(0))
        .optional()?;
    let Some(tree) = tree.and_then(|t| Hash::try_from(t.as_slice()).ok()) else { return Ok(Vec::new()) };
    let Some(tree) = shelf.tree(&tree).map_err(|e| PageError::Internal(e.to_string()))? else { return Ok(Vec::new()) };
    let of = |slide: Slide| Shown { bytes: tree.get(&slide.name).map_or(0, |leaf| leaf.bytes), slide };
    Ok(assets::slides(&tree).into_iter().map(of).collect())
}
