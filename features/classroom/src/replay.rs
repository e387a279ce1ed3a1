//! A class that is played again: what happened and what was said, from this node's own blocks, also with the link down.

use askama::Template;
use assets::Shelf;
use base::Subject;
use live::{Replay, Track};
use register::Look;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::LIVE_CLASS;
use crate::item::may_keep;
use crate::keep::kept;
use crate::open::{Classes, Open};
use crate::pack;
use crate::page::{Line, languages, rooms, said};
use crate::say::is_for_pages;
use crate::still::is_withdrawn;
use crate::wire::{framed, happened};

#[derive(Template)]
#[template(path = "replay.html")]
pub(crate) struct ReplayPage<'a> {
    pub s: Shell<'a>,
    /// Where one came from.
    pub back: String,
    pub title: String,
    pub given: String,
    pub rooms: Vec<Line>,
    /// What is not here yet.
    pub coming: Option<String>,
    /// Where its teacher makes an item of a course of it.
    pub keeps: Option<String>,
    /// What adults wrote stands beside it.
    pub chats: bool,
}

/// What is here of a class's record.
pub(crate) fn record(site: &Site, shelf: &Shelf, conn: &Connection, class: &Subject) -> Result<Replay, PageError> {
    let mut trees = Vec::new();
    let mut any = false;
    for (_, hash) in kept(conn)?.into_iter().filter(|(of, _)| of == class) {
        any = true;
        trees.extend(shelf.tree(&hash).map_err(|e| PageError::Internal(e.to_string()))?);
    }
    if any { Ok(Replay::new((*site.blobs).clone(), &trees)) } else { Err(PageError::NotFound) }
}

/// Whether all of a class's record is here that facts name.
pub(crate) fn is_whole(shelf: &Shelf, conn: &Connection, class: &Subject, replay: &Replay) -> Result<bool, PageError> {
    for (_, hash) in kept(conn)?.into_iter().filter(|(of, _)| of == class) {
        if shelf.tree(&hash).map_err(|e| PageError::Internal(e.to_string()))?.is_none() {
            return Ok(false);
        }
    }
    Ok(replay.lacks().is_empty())
}

/// What was said aloud, of all who let it be heard, each with its number.
fn heard(open: &Open, replay: &Replay) -> Result<Vec<(usize, Track, u64)>, PageError> {
    let events = replay.events().map_err(|e| PageError::Internal(e.to_string()))?;
    let fold = open.fold_of(&events);
    let all = tracks(replay)?.into_iter().enumerate();
    Ok(all.filter(|(_, (track, _))| open.consented(&fold, track)).map(|(n, (track, ms))| (n, track, ms)).collect())
}

/// What was said aloud: in the order of its beginnings, so that a number names it.
pub(crate) fn tracks(replay: &Replay) -> Result<Vec<(Track, u64)>, PageError> {
    replay.tracks().map_err(|e| PageError::Internal(e.to_string()))
}

pub(crate) fn seen(conn: &Connection, request: &Request) -> Result<Subject, PageError> {
    let class = request.id("id")?;
    register::visible(conn, request.reader()?, &LIVE_CLASS, &class)?;
    Ok(class)
}

/// The page.
pub(crate) fn page(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    site.store.read(|conn| {
        let class = seen(conn, request)?;
        let replay = record(site, shelf, conn, &class)?;
        let open = classes.planned(conn, &class)?;
        let about = open.about();
        let look = Look::new(site, request, conn);
        let words = request.words(site);
        let rooms = rooms(&look, about)?;
        let voices: Vec<Json> = heard(&open, &replay)?
            .iter()
            .map(|(n, track, ms)| {
                let src = format!("/classes/{class}/replay/voice/{n}");
                json!({ "src": src, "at": track.began_ms, "ms": ms, "channel": track.channel })
            })
            .collect();
        let lacks: u64 = replay.lacks().iter().map(|(_, bytes)| bytes).sum();
        // A record that is named before its list of blocks has come lacks nothing that is known of.
        let coming = match lacks {
            0 if is_whole(shelf, conn, &class, &replay)? => None,
            0 => Some(words.get("rule-class-keep-coming").into_owned()),
            _ => Some(words.with("class-coming", &[("size", words.bytes(lacks).as_str().into())])),
        };
        // What was shown then, and not what the course holds today; of a class of before, nothing else is known.
        let at = pack::place(&class);
        let mut shown = pack::of_record(shelf, conn, &class)?;
        if shown.is_empty() {
            shown = pack::of_course(conn, shelf, about, request.reader()?.person)?;
        }
        let given = json!({
            "pages": shown.iter().map(|s| s.told(&at)).collect::<Vec<_>>(),
            "shown": at,
            "rooms": rooms.iter().map(|r| json!({ "n": r.n, "title": r.title })).collect::<Vec<_>>(),
            "words": said(&words),
            "stills": format!("/classes/{class}/stills"),
            "languages": languages(&words),
            "events": format!("/classes/{class}/replay/events"),
            "voices": voices,
            "teacher": about.taught_by(&look)?,
        });
        let page = ReplayPage {
            back: format!("/classes/{class}"),
            title: about.title.clone(),
            given: given.to_string(),
            rooms,
            coming,
            keeps: may_keep(site, request, &open).then(|| format!("/classes/{class}/keep")),
            chats: true,
            s: Shell::new(site, request, about.title.clone()),
        };
        Ok(Reply::Page(page.render()?))
    })
}

/// What happened, as the page of the class was told it.
pub(crate) fn events(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    site.store.read(|conn| {
        let class = seen(conn, request)?;
        let replay = record(site, shelf, conn, &class)?;
        let open = classes.planned(conn, &class)?;
        let events = replay.events().map_err(|e| PageError::Internal(e.to_string()))?;
        let mut bytes = Vec::new();
        for event in events.iter().filter(|event| is_for_pages(&event.payload)) {
            if !is_withdrawn(conn, &event.payload)? {
                bytes.extend(framed(&happened(&open, event)));
            }
        }
        Ok(Reply::Bytes("application/octet-stream", None, bytes))
    })
}

/// What was said on one track, unless who answers for the room has taken the consent back.
pub(crate) fn voice(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    site.store.read(|conn| {
        let class = seen(conn, request)?;
        let n: usize = request.params.get("n").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
        let replay = record(site, shelf, conn, &class)?;
        let open = classes.planned(conn, &class)?;
        let mut heard = heard(&open, &replay)?.into_iter();
        let (_, track, ms) = heard.find(|(of, ..)| *of == n).ok_or(PageError::NotFound)?;
        let ogg = replay.ogg(track.id, 0, ms).map_err(|e| PageError::Internal(e.to_string()))?;
        Ok(Reply::Bytes("audio/ogg", None, ogg))
    })
}
