//! Pictures that are taken in a class and shown to all: small, freed of what they say of place and device, of a room only with
//! the consent of everyone seen there. They are files as any other, so they take what voice and pen leave of the link.

use base::Subject;
use log::Context;
use records::{Change, Value, append, record_scope};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;
use web::{PageError, Reply, Request, Site};

use crate::facts::{CLASS_STILL, LIVE_CLASS};
use crate::open::Classes;
use crate::say::of_node;
use crate::who::Part;

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
    let (goes_on, part) = (open.inner().fold.goes_on(), classes.part(&open, &reader.person));
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

/// A picture, once it has come to this node.
pub(crate) fn picture(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (class, still) = (request.id("id")?, request.id("still")?);
    site.store.read(|conn: &Connection| {
        register::visible(conn, request.reader()?, &LIVE_CLASS, &class)?;
        let found: Option<(String, Vec<u8>)> = conn
            .prepare_cached("SELECT coalesce(media, ''), content FROM class_still WHERE id = ?1 AND class = ?2")?
            .query_row([still.as_bytes(), class.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let (media, content) = found.ok_or(PageError::NotFound)?;
        let hash = base::Hash::try_from(content.as_slice()).map_err(|_| PageError::NotFound)?;
        Ok(Reply::File { hash, media, name: "still".to_owned() })
    })
}
