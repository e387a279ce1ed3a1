//! Putting a lesson into the library: the first thing that a teacher can do. Several files at once make one course; a
//! file that cannot be taken in as it is stays on the node until somebody has mended what was wrong beside it.

use std::collections::BTreeMap;

use askama::Template;
use assets::Shelf;
use base::{Hash, Scope, Subject};
use log::{Context, Tx};
use records::{Change, Shape, Value, append, check, check_value, record_scope};
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Sent, Shell, Site};

use crate::facts::{COURSE, RESOURCE};
use crate::form::{form_of, media_of, title_of};
use crate::made::hand;
use crate::unpack::{Piece, Trouble, Unpacked, What, unpacked};

/// Files that wait for somebody to go on.
const MAX_HELD: usize = 40;

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage<'a> {
    s: Shell<'a>,
    errors: Vec<(String, String)>,
    title: String,
    subjects: Vec<(String, String, bool)>,
    licences: Vec<(String, String, bool)>,
    held: Vec<Held>,
    /// The plan that the course is made from: its address' end, and its title.
    plan: Option<(String, String)>,
}

/// A file that was sent with a form that could not be saved.
struct Held {
    hash: String,
    name: String,
    size: String,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::Page(render(site, request, Vec::new())?))
}

fn render(site: &Site, request: &Request, errors: Vec<(String, String)>) -> Result<String, PageError> {
    let words = request.words(site);
    let plan = plan(site, request)?;
    let typed = |name: &str, planned: fn(&Plan) -> &str| -> String {
        request.form(name).or(plan.as_ref().map(planned)).unwrap_or_default().to_owned()
    };
    let (title, subject) = (typed("title", |p| &p.title), typed("subject", |p| &p.subject));
    let licence = typed("licence", |_| "");
    let options = |field: &str, chosen: &str| -> Vec<(String, String, bool)> {
        let Some((field, Shape::Choice(list))) = COURSE.field(field).map(|f| (f, f.shape)) else { return Vec::new() };
        list.iter().map(|w| ((*w).to_owned(), register::label(&words, &COURSE, Some(field), w), *w == chosen)).collect()
    };
    let held = held(site, request)?
        .into_iter()
        .map(|f| Held { hash: f.hash.to_string(), name: f.name, size: words.bytes(f.len) })
        .collect();
    let page = UploadPage {
        errors,
        title,
        subjects: options("subject", &subject),
        licences: options("licence", &licence),
        held,
        plan: plan.map(|p| (p.id.to_string(), p.title)),
        s: Shell::new(site, request, words.get("course-upload")),
    };
    Ok(page.render()?)
}

/// The plan that a course is made from.
struct Plan {
    id: Subject,
    title: String,
    subject: String,
}

/// The plan that the form or the address names, if the reader sees it.
fn plan(site: &Site, request: &Request) -> Result<Option<Plan>, PageError> {
    let named = request.form("plan").or(request.query("plan")).filter(|n| !n.is_empty());
    let (Some(named), Some(kind)) = (named, site.kinds.get("lesson_plan")) else { return Ok(None) };
    let id: Subject = named.parse().map_err(|_| PageError::NotFound)?;
    let reader = request.reader()?;
    site.store.read(|conn| {
        register::visible(conn, reader, kind, &id)?;
        let (title, subject) = conn
            .prepare_cached("SELECT coalesce(title, ''), coalesce(subject, '') FROM lesson_plan WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(Some(Plan { id, title, subject }))
    })
}

/// Refuses who may not make courses: asked before the files are read.
pub(crate) fn may_make(_: &Site, request: &Request) -> Result<(), PageError> {
    if request.reader()?.may_make(&COURSE) { Ok(()) } else { Err(PageError::NotAllowed) }
}

/// Makes a course of what was sent.
pub(crate) fn make(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let mut files = chosen(site, request)?;
    files.extend(request.files.iter().cloned());
    let first = files.first().map(|f| title_of(&f.name)).unwrap_or_default();
    let typed = text::clean_line(request.form("title").unwrap_or_default(), 120);
    let title = typed.as_ref().map_or("", String::as_str);
    let title_is_free = title.is_empty();
    let title = if title_is_free { first } else { title.to_owned() };
    let mut wrong = Vec::new();
    if typed.is_err() {
        wrong.push(("title", "error-too-long"));
    }
    if files.is_empty() {
        wrong.push(("file", "rule-no-file"));
    }
    let mut change = Change::new().with_text("title", title);
    if let Some(plan) = plan(site, request)? {
        change = change.with_link("plan", plan.id);
    }
    for name in ["subject", "licence"] {
        let value = Value::text(request.form(name).unwrap_or_default());
        let fits = COURSE.field(name).is_some_and(|f| check_value(f.shape, &value).is_ok());
        if fits {
            change = change.with(name, value);
        } else {
            wrong.push((name, "error-required"));
        }
    }
    let words = request.words(site);
    let mut errors: Vec<(String, String)> =
        wrong.into_iter().map(|(name, key)| (format!("c-{name}"), words.get(key).into_owned())).collect();
    let mut taken = Unpacked::default();
    match unpacked(site, shelf, &files) {
        Ok(found) => taken = found,
        Err(Trouble::Refused(name, code)) => {
            let said = words.get(&format!("rule-package-{code}")).into_owned();
            errors.push(("c-file".to_owned(), format!("{name}: {said}")));
        }
        Err(Trouble::Page(e)) => return Err(e),
    }
    if !errors.is_empty() {
        hold(site, request, &files)?;
        return Ok(Reply::Invalid(render(site, request, errors)?));
    }
    // A package says itself under what licence it may be used, and by whom it is; only its title may be another.
    if let Some(about) = taken.about {
        for (name, value) in about.set.into_iter().filter(|(name, _)| name != "title" || title_is_free) {
            change = change.with(&name, value);
        }
        change.add.extend(about.add);
    }
    let reader = request.reader()?;
    let id = site.store.write(Context { author: reader.person }, |tx| {
        let scope = Scope::Programme(site.programme);
        let id = tx.subject(&scope);
        append(tx, &COURSE, scope, id, change, None)?;
        tx.fold()?;
        hand(tx, site, reader.person, "lead", &id)?;
        put(tx, site, &id, &taken.pieces)?;
        check(tx, &COURSE, &id)?;
        Ok::<_, PageError>(id)
    })?;
    let_go(site, request)?;
    Ok(register::done(&COURSE, id, "course-made"))
}

/// Refuses who does not make this course.
pub(crate) fn may_add(site: &Site, request: &Request) -> Result<(), PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.read(|conn| {
        register::visible(conn, reader, &COURSE, &id)?;
        if register::in_hands(conn, reader, &COURSE, &id)? { Ok(()) } else { Err(PageError::NotAllowed) }
    })
}

/// Adds files to a course.
pub(crate) fn add(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    may_add(site, request)?;
    let id = request.id("id")?;
    let mut files = chosen(site, request)?;
    files.extend(request.files.iter().cloned());
    if files.is_empty() {
        return Err(PageError::Rule("no-file".to_owned()));
    }
    let taken = unpacked(site, shelf, &files).map_err(|trouble| match trouble {
        Trouble::Refused(_, code) => PageError::Rule(format!("package-{code}")),
        Trouble::Page(e) => e,
    })?;
    site.store.write(Context { author: request.reader()?.person }, |tx| put(tx, site, &id, &taken.pieces))?;
    let_go(site, request)?;
    Ok(register::done(&COURSE, id, "done-saved"))
}

/// Appends resources after those that a course has.
pub(crate) fn put(tx: &Tx<'_>, site: &Site, course: &Subject, pieces: &[Piece]) -> Result<(), PageError> {
    let last: i64 = tx
        .conn()
        .prepare_cached("SELECT coalesce(max(place), 0) FROM resource WHERE course = ?1")?
        .query_row([course.as_bytes()], |r| r.get(0))?;
    let mut made = BTreeMap::new();
    // What stands beside another needs its id.
    let (beside, alone): (Vec<_>, Vec<_>) = pieces.iter().enumerate().partition(|(_, piece)| piece.beside.is_some());
    for (i, piece) in alone.into_iter().chain(beside) {
        let place = last + 10 * (i64::try_from(i).unwrap_or(0) + 1);
        let of = piece.beside.as_ref().and_then(|b| made.get(&b.of).copied());
        made.insert(i, one(tx, site, course, place, piece, of)?);
    }
    tx.fold()?;
    Ok(())
}

/// Appends a resource, beside another where it is its subtitles.
pub(crate) fn one(
    tx: &Tx<'_>,
    site: &Site,
    course: &Subject,
    place: i64,
    piece: &Piece,
    of: Option<Subject>,
) -> Result<Subject, PageError> {
    let scope = record_scope(tx.conn(), site.programme, &COURSE, course)?;
    let mut change = Change::new()
        .with_link("course", *course)
        .with_text("title", piece.title.as_str())
        .with("place", Value::Int(place));
    change = match &piece.what {
        What::Text(text) => change.with_text("form", "text").with_text("text", text.as_str()),
        What::File(sent) => {
            let media = media_of(sent.media, &sent.name);
            change
                .with_text("form", piece.form.unwrap_or_else(|| form_of(media)))
                .with_text("file", sent.name.chars().take(120).collect::<String>())
                .with_text("media", media)
                .with("bytes", Value::Int(i64::try_from(sent.len).unwrap_or(0)))
                .with("content", Value::Bytes(sent.hash.0.to_vec()))
        }
    };
    if !piece.about.is_empty() {
        change = change.with_text("text", piece.about.as_str());
    }
    if !piece.unit.is_empty() {
        change = change.with_text("unit", piece.unit.as_str());
    }
    if let Some((of, beside)) = of.zip(piece.beside.as_ref()) {
        change = change.with_link("beside", of).with_text("language", beside.language.as_str());
    }
    let id = tx.subject(&scope);
    append(tx, &RESOURCE, scope, id, change, None)?;
    Ok(id)
}

fn held_name(request: &Request) -> Result<String, PageError> {
    Ok(format!("held-{}", request.reader()?.person))
}

/// Keeps what was sent, so that it need not be sent again: contents that nothing names stay for a day.
fn hold(site: &Site, request: &Request, files: &[Sent]) -> Result<(), PageError> {
    let list: Vec<Json> = files
        .iter()
        .take(MAX_HELD)
        .map(|f| json!({ "hash": f.hash.to_string(), "name": f.name, "media": f.media, "len": f.len }))
        .collect();
    let text = Json::Array(list).to_string();
    site.local.set(&held_name(request)?, (!files.is_empty()).then_some(text.as_str()))?;
    Ok(())
}

/// Keeps one more file of this reader.
fn hold_also(site: &Site, request: &Request, file: Sent) -> Result<(), PageError> {
    let mut files = held(site, request)?;
    files.retain(|f| f.hash != file.hash);
    files.insert(0, file);
    hold(site, request, &files)
}

/// Puts a large file together from its pieces, and keeps it for the form that it was chosen in. Answers with its hash.
pub(crate) fn join(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let file = web::join_pieces(site, request)?;
    let hash = file.hash.to_string();
    hold_also(site, request, file)?;
    Ok(Reply::Bytes("text/plain; charset=utf-8", None, hash.into_bytes()))
}

fn let_go(site: &Site, request: &Request) -> Result<(), PageError> {
    Ok(site.local.set(&held_name(request)?, None)?)
}

/// What waits for this reader and is still here.
fn held(site: &Site, request: &Request) -> Result<Vec<Sent>, PageError> {
    let Some(text) = site.local.setting(&held_name(request)?)? else { return Ok(Vec::new()) };
    let list: Vec<Json> = serde_json::from_str(&text).unwrap_or_default();
    let files = list.iter().filter_map(|f| {
        let hash: Hash = f.get("hash")?.as_str()?.parse().ok()?;
        Some(Sent {
            hash,
            len: f.get("len")?.as_u64()?,
            name: f.get("name")?.as_str()?.to_owned(),
            media: media_of(f.get("media")?.as_str()?, ""),
        })
    });
    Ok(files.filter(|f| site.blobs.has(&f.hash)).collect())
}

/// Those of them that the form still wants.
fn chosen(site: &Site, request: &Request) -> Result<Vec<Sent>, PageError> {
    let wanted: Vec<&str> = request.form_all("held").collect();
    Ok(held(site, request)?.into_iter().filter(|f| wanted.contains(&f.hash.to_string().as_str())).collect())
}
