//! Pictures that are taken in a class and shown to all: small, freed of what they say of place and device, of a room only with
//! the consent of everyone seen there. They are files as any other, so they take what voice and pen leave of the link.

use askama::Template;
use base::Subject;
use log::Context;
use records::{Change, REMOVED, Value, append, record_scope};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{CLASS_ROOM, CLASS_STILL, LIVE_CLASS};
use crate::fold::WORDS;
use crate::open::Classes;
use crate::say::of_node;
use crate::talk::at_room;
use crate::who::{About, Part};

/// Bytes of a picture: some seconds of a link of 64 kbit/s.
const MAX_STILL: u64 = 40 * 1024;
/// Pictures of one class.
const MAX_STILLS: i64 = 100;

/// Who shows it: as whom they speak in the class, and their room, if it has a record.
struct Shows {
    class: Subject,
    who: Subject,
    room: Option<Subject>,
}

fn shows(site: &Site, request: &Request, classes: &Classes) -> Result<Shows, PageError> {
    let class = request.id("id")?;
    let reader = request.reader()?;
    site.store.read(|conn| register::visible(conn, reader, &LIVE_CLASS, &class))?;
    let open = classes.get(&class).ok_or(PageError::Rule("class-not-open".to_owned()))?;
    let (goes_on, part) = (open.inner().fold.goes_on(), classes.part(&open, &reader.person, at_room(request)));
    if !goes_on {
        return Err(PageError::Rule("class-not-open".to_owned()));
    }
    match part {
        Part::Teacher => Ok(Shows { class, who: class, room: None }),
        Part::Co => Ok(Shows { class, who: reader.person, room: None }),
        Part::Adult(room) => {
            let consents = open.inner().fold.may_be_heard(room, true);
            let id = open.about().rooms.get(usize::from(room) - 1).map(|r| r.id).filter(|_| consents);
            let id = id.ok_or(PageError::Rule("class-still-consent".to_owned()))?;
            Ok(Shows { class, who: id, room: Some(id) })
        }
        Part::Guest => Err(PageError::NotAllowed),
    }
}

/// Refuses who shows nothing, before a byte of it is read.
pub(crate) fn may_show(site: &Site, request: &Request, classes: &Classes) -> Result<(), PageError> {
    shows(site, request, classes).map(|_| ())
}

/// Shows a picture to all.
pub(crate) fn show(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let Shows { class, who, room } = shows(site, request, classes)?;
    let sent = request.files.first().ok_or(PageError::Malformed("no picture"))?;
    if sent.len > MAX_STILL || !matches!(sent.media, "image/jpeg" | "image/webp") {
        return Err(PageError::Rule("class-still-large".to_owned()));
    }
    let count: i64 = site.store.read(|conn| {
        let sql = "SELECT count(*) FROM class_still WHERE class = ?1";
        Ok::<_, PageError>(conn.prepare_cached(sql)?.query_row([class.as_bytes()], |r| r.get(0))?)
    })?;
    if count >= MAX_STILLS {
        return Err(PageError::Rule("class-still-many".to_owned()));
    }
    let mut change = Change::new()
        .with_link("class", class)
        .with_text("media", sent.media)
        .with("bytes", Value::Int(i64::try_from(sent.len).unwrap_or(0)))
        .with("content", Value::Bytes(sent.hash.0.to_vec()));
    if let Some(room) = room {
        change = change.with_link("room", room);
    }
    let id = site.store.write(Context { author: request.reader()?.person }, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &LIVE_CLASS, &class)?;
        let id = tx.subject(&scope);
        append(tx, &CLASS_STILL, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(id)
    })?;
    let said = json!({ "k": "still", "id": id.to_string() });
    let _ = classes.live()?.say(class, who, &of_node(&said));
    Ok(Reply::Page(String::new()))
}

/// Who looks on at a class sees nothing of it before its teacher has let them in, nor once sent out; afterwards it is seen as
/// its record is. At a node that has no part in it, nobody is let in.
fn may_see(conn: &Connection, request: &Request, class: &Subject, classes: &Classes) -> Result<(), PageError> {
    let reader = request.reader()?;
    let state = register::visible(conn, reader, &LIVE_CLASS, class)?;
    let (goes_on, is_in) = match classes.get(class) {
        Some(open) => {
            let fold = &open.inner().fold;
            (fold.goes_on(), fold.admitted.contains(&reader.person))
        }
        None => (state == "live", false),
    };
    if goes_on && !is_in && About::read(conn, class)?.part(&reader.person) == Part::Guest {
        return Err(PageError::NotAllowed);
    }
    Ok(())
}

/// A picture, once it has come to this node.
pub(crate) fn picture(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let (class, still) = (request.id("id")?, request.id("still")?);
    site.store.read(|conn: &Connection| {
        may_see(conn, request, &class, classes)?;
        let found: Option<(String, Vec<u8>)> = conn
            .prepare_cached("SELECT coalesce(media, ''), content FROM class_still WHERE id = ?1 AND class = ?2")?
            .query_row([still.as_bytes(), class.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let (media, content) = found.ok_or(PageError::NotFound)?;
        let hash = base::Hash::try_from(content.as_slice()).map_err(|_| PageError::NotFound)?;
        Ok(Reply::File { hash, media, name: "still".to_owned() })
    })
}

#[derive(Template)]
#[template(path = "pictures.html")]
struct PicturesPage<'a> {
    s: Shell<'a>,
    /// Where the class is.
    at: String,
    title: String,
    pictures: Vec<Picture>,
}

struct Picture {
    id: String,
    /// Of which room it is; nothing where the teacher is.
    room: Option<String>,
    /// The reader may withdraw it.
    may: bool,
}

/// A picture of a class: its room, if it has one.
struct Shown {
    id: Subject,
    room: Option<Subject>,
}

fn subject(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

/// The pictures of a class that were not withdrawn, as they were shown.
fn of_class(conn: &Connection, class: &Subject) -> Result<Vec<Shown>, PageError> {
    let mut stmt = conn.prepare_cached("SELECT id, room FROM class_still WHERE class = ?1 ORDER BY made, id")?;
    let rows = stmt.query_map([class.as_bytes()], |r| Ok((subject(r.get(0)?), subject(r.get(1)?))))?;
    let mut out = Vec::new();
    for row in rows {
        let (id, room) = row?;
        out.extend(id.map(|id| Shown { id, room }));
    }
    Ok(out)
}

/// How many pictures a class has.
pub(crate) fn count(conn: &Connection, class: &Subject) -> Result<usize, PageError> {
    Ok(of_class(conn, class)?.len())
}

/// Whether a person withdraws a picture: who leads the class, who answers for the room that it is of, and who showed it.
fn may_withdraw(conn: &Connection, about: &About, person: &Subject, still: &Shown) -> Result<bool, PageError> {
    if matches!(about.part(person), Part::Teacher | Part::Co) {
        return Ok(true);
    }
    let answers = about.rooms.iter().any(|r| Some(r.id) == still.room && r.person == *person);
    Ok(answers || log::entries_of(conn, &still.id)?.first().is_some_and(|entry| entry.header.author == *person))
}

/// Where the pictures of a class stand, and are withdrawn.
pub(crate) fn page(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    let reader = request.reader()?;
    site.store.read(|conn| {
        may_see(conn, request, &class, classes)?;
        let (about, look) = (About::read(conn, &class)?, Look::new(site, request, conn));
        let picture = |still: &Shown| {
            Ok::<_, PageError>(Picture {
                id: still.id.to_string(),
                room: still.room.map(|room| look.title(&CLASS_ROOM, &room)).transpose()?,
                may: may_withdraw(conn, &about, &reader.person, still)?,
            })
        };
        let page = PicturesPage {
            at: format!("/classes/{class}"),
            pictures: of_class(conn, &class)?.iter().map(picture).collect::<Result<_, _>>()?,
            s: Shell::new(site, request, look.words.get("class-pictures")),
            title: about.title,
        };
        Ok(Reply::Page(page.render()?))
    })
}

/// Withdraws a picture, for ever: no page and no replay shows it any more. Where the class goes on, its pages are told at once.
pub(crate) fn withdraw(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let (class, id) = (request.id("id")?, request.id("still")?);
    let reader = request.reader()?;
    site.store.write(Context { author: reader.person }, |tx| {
        register::visible(tx.conn(), reader, &LIVE_CLASS, &class)?;
        let stills = of_class(tx.conn(), &class)?;
        let still = stills.iter().find(|s| s.id == id).ok_or(PageError::NotFound)?;
        if !may_withdraw(tx.conn(), &About::read(tx.conn(), &class)?, &reader.person, still)? {
            return Err(PageError::NotAllowed);
        }
        let scope = record_scope(tx.conn(), site.programme, &LIVE_CLASS, &class)?;
        append(tx, &CLASS_STILL, scope, id, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    if let Some(open) = classes.get(&class).filter(|open| open.inner().fold.goes_on()) {
        let who = match classes.part(&open, &reader.person, false) {
            Part::Teacher => Some(class),
            Part::Co => Some(reader.person),
            Part::Adult(room) => open.about().rooms.get(usize::from(room) - 1).map(|r| r.id),
            Part::Guest => None,
        };
        if let Some(who) = who {
            let said = json!({ "k": "still-gone", "id": id.to_string() });
            let _ = classes.live()?.say(class, who, &of_node(&said));
        }
    }
    Ok(Reply::To(format!("/classes/{class}/pictures")))
}

/// Whether an event shows a picture that was withdrawn: a replay tells nothing of it.
pub(crate) fn is_withdrawn(conn: &Connection, payload: &[u8]) -> Result<bool, PageError> {
    let Some((&WORDS, words)) = payload.split_first() else { return Ok(false) };
    // A needle first: this is asked of every event.
    if !words.windows(7).any(|w| w == b"\"still\"") {
        return Ok(false);
    }
    let said: Json = serde_json::from_slice(words).unwrap_or_default();
    let id = said.get("id").and_then(Json::as_str).and_then(|id| id.parse::<Subject>().ok());
    let Some(id) = id.filter(|_| said.get("k").and_then(Json::as_str) == Some("still")) else { return Ok(false) };
    let stands: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM class_still WHERE id = ?1)")?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    // One that has no entry here is still on its way.
    Ok(!stands && !log::entries_of(conn, &id)?.is_empty())
}
