//! A course as a package that one can carry: its files in folders that anybody can open, and beside them what Zampa
//! needs to have it again as it was, with its makers named and its licence kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use assets::{Shelf, TREE};
use base::Subject;
use packages::{Archive, Packer, Refusal, file_name};
use records::{Change, Kind, Value, check_value};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::facts::{COURSE, FORMS, RESOURCE};
use crate::form::title_of;
use crate::kept::{packed, whole};
use crate::show::file;
use crate::subtitles::tag;

/// What says that an archive is such a package, and what is in it.
pub(crate) const MANIFEST: &str = "zampa.json";
/// Bytes of it that are read.
const MAX_MANIFEST: u64 = 2 << 20;
/// Bytes of a part that is text.
pub(crate) const MAX_TEXT: u64 = 32 << 10;
/// Parts of a package.
const MAX_PARTS: usize = 400;
/// What of a course goes along. Its state does not: elsewhere it is a draft again.
const CARRIED: [&str; 10] =
    ["title", "subject", "stage", "grade", "licence", "credit", "curriculum", "minutes", "adult_needed", "about"];

struct Part {
    id: Subject,
    path: String,
    /// The part that it is the subtitles of.
    beside: Option<Subject>,
    said: Json,
    what: What,
}

enum What {
    Text(String),
    Blob(base::Hash),
}

/// Sends a course as a package.
pub(crate) fn send(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let (title, manifest, parts) = site.store.read(|conn| {
        let reader = request.reader()?;
        register::visible(conn, reader, &COURSE, &id)?;
        let parts = parts(site, shelf, conn, &id, &reader.sees(&RESOURCE, "r"))?;
        let mut said = about(conn, &id)?;
        let title = said.get("title").and_then(Json::as_str).unwrap_or_default().to_owned();
        said.insert("zampa".to_owned(), json!(1));
        said.insert("parts".to_owned(), parts.iter().map(|p| p.said.clone()).collect());
        Ok::<_, PageError>((title, Json::Object(said), parts))
    })?;
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| PageError::Internal(e.to_string()))?;
    let made = site.blobs.make(|out: &mut File| {
        let mut packer = Packer::new(out);
        packer.add(MANIFEST, false, text.as_bytes())?;
        for part in &parts {
            match &part.what {
                What::Text(text) => packer.add(&part.path, false, text.as_bytes())?,
                What::Blob(hash) => {
                    let blob = site.blobs.open_blob(hash)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
                    packer.add(&part.path, true, blob)?;
                }
            }
        }
        packer.finish()?;
        Ok(())
    });
    let (hash, _) = made.map_err(|e| PageError::Internal(e.to_string()))?;
    Ok(Reply::File { hash, media: "application/zip".to_owned(), name: format!("{}.zip", file_name(&title)) })
}

fn parts(site: &Site, shelf: &Shelf, conn: &Connection, course: &Subject, sees: &str) -> Result<Vec<Part>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT r.id, coalesce(r.unit, ''), coalesce(r.title, ''), coalesce(r.form, 'text'), coalesce(r.text, ''),
           r.beside, coalesce(r.language, '')
         FROM resource r WHERE r.course = ?1 AND {sees} ORDER BY r.place, r.made"
    ))?;
    let mut rows = stmt.query([course.as_bytes()])?;
    let mut out: Vec<Part> = Vec::new();
    let mut units: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default();
        let (unit, title, form, text): (String, String, String, String) =
            (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        let beside = row.get::<_, Option<Vec<u8>>>(5)?.and_then(|b| Subject::try_from(b.as_slice()).ok());
        let language: String = row.get(6)?;
        let at = units.iter().position(|u| *u == unit).unwrap_or_else(|| {
            units.push(unit.clone());
            units.len() - 1
        });
        let folder = if unit.is_empty() { String::new() } else { format!("{:02} {}/", at + 1, file_name(&unit)) };
        let n = out.len() + 1;
        let mut about = String::new();
        let (ending, what, name) = match file(conn, &id)? {
            Some(found) if whole(site, shelf, &found.media, &found.content)? => {
                let ending = found.name.rsplit_once('.').map_or("bin", |(_, e)| e).to_lowercase();
                let tree = found.media == TREE;
                let content = if tree { packed(site, shelf, &found.content)? } else { found.content };
                about = text;
                (file_name(&ending), What::Blob(content), found.name)
            }
            // A package that lacks something would be taken for the whole.
            Some(_) => return Err(PageError::Rule("package-away".to_owned())),
            None => ("txt".to_owned(), What::Text(text), String::new()),
        };
        let path = format!("{folder}{n:02} {}.{ending}", file_name(&title));
        let mut said = Map::new();
        let known = [("path", path.clone()), ("title", title), ("form", form)];
        let more = [("unit", unit), ("file", name), ("language", language), ("about", about)];
        for (key, value) in known.into_iter().chain(more) {
            if !value.is_empty() {
                said.insert(key.to_owned(), json!(value));
            }
        }
        out.push(Part { id, path, beside, said: Json::Object(said), what });
    }
    let paths: BTreeMap<Subject, String> = out.iter().map(|p| (p.id, p.path.clone())).collect();
    for part in &mut out {
        let film = part.beside.and_then(|of| paths.get(&of));
        if let (Some(film), Json::Object(said)) = (film, &mut part.said) {
            said.insert("beside".to_owned(), json!(film));
        }
    }
    // What stands beside another comes after it.
    out.sort_by_key(|part| part.beside.is_some());
    Ok(out)
}

/// What is said of a course, with its makers among those whom it credits.
pub(crate) fn about(conn: &Connection, id: &Subject) -> Result<Map<String, Json>, PageError> {
    let sql = format!("SELECT {} FROM course WHERE id = ?1", CARRIED.join(", "));
    let mut out = Map::new();
    conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |row| {
        for (i, name) in CARRIED.iter().enumerate() {
            let yes = COURSE.field(name).is_some_and(|f| matches!(f.shape, records::Shape::Yes));
            let value = match row.get_ref(i)? {
                ValueRef::Integer(n) if yes => json!(n != 0),
                ValueRef::Integer(n) => json!(n),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                _ => continue,
            };
            out.insert((*name).to_owned(), value);
        }
        Ok(())
    })?;
    let list = |sql: &str| -> rusqlite::Result<Vec<String>> {
        conn.prepare_cached(sql)?.query_map([id.as_bytes()], |r| r.get(0))?.collect()
    };
    let languages = list("SELECT value FROM course_languages WHERE id = ?1 ORDER BY value")?;
    out.insert("languages".to_owned(), json!(languages));
    let makers = list(
        "SELECT DISTINCT byline FROM course_hand WHERE course = ?1 AND part IN ('lead', 'author') AND byline IS NOT NULL",
    )?;
    let credit = out.get("credit").and_then(Json::as_str).map(ToOwned::to_owned);
    let credit: Vec<String> = credit.into_iter().chain(makers).collect();
    out.insert("credit".to_owned(), json!(credit.join(", ").chars().take(120).collect::<String>()));
    Ok(out)
}

/// What a package says of itself.
#[derive(Default)]
pub(crate) struct Said {
    /// What the course is to say; what does not fit its fields is left out.
    pub about: Change,
    /// The parts in their order.
    pub parts: Vec<Carried>,
}

/// A part, as a package tells it.
pub(crate) struct Carried {
    pub path: String,
    pub unit: String,
    pub title: String,
    /// What the file was called; empty where nothing tells.
    pub name: String,
    /// What is said of it.
    pub about: String,
    pub form: Option<&'static str>,
    /// The path of the part that it is the subtitles of, and their language.
    pub of: Option<(String, Option<String>)>,
}

/// Reads what a package says of itself. None where the archive is no such package.
///
/// # Errors
/// [`Refusal::Broken`] where what it says cannot be, or names what it has not.
pub(crate) fn carried(archive: &mut Archive<File>) -> Result<Option<Said>, Refusal> {
    let Some(entry) = archive.entries().iter().find(|e| e.path == MANIFEST).cloned() else { return Ok(None) };
    let text = read(archive, &entry, MAX_MANIFEST)?;
    let said: Json = serde_json::from_slice(&text).map_err(|_| Refusal::Broken)?;
    if said.get("zampa").and_then(Json::as_u64) != Some(1) {
        return Err(Refusal::Broken);
    }
    let mut out = Said::default();
    for name in CARRIED {
        let value = match said.get(name) {
            Some(Json::String(text)) => Value::text(text.as_str()),
            Some(Json::Bool(yes)) => Value::Bool(*yes),
            Some(Json::Number(n)) => Value::Int(n.as_i64().ok_or(Refusal::Broken)?),
            _ => continue,
        };
        if fits(&COURSE, name, &value) {
            out.about = std::mem::take(&mut out.about).with(name, value);
        }
    }
    for language in said.get("languages").and_then(Json::as_array).into_iter().flatten() {
        let value = Value::text(language.as_str().unwrap_or_default());
        if fits(&COURSE, "languages", &value) {
            out.about = std::mem::take(&mut out.about).with_added("languages", value);
        }
    }
    let parts = said.get("parts").and_then(Json::as_array).ok_or(Refusal::Broken)?;
    if parts.len() > MAX_PARTS {
        return Err(Refusal::TooMany);
    }
    for part in parts {
        let of = |key: &str| part.get(key).and_then(Json::as_str).unwrap_or_default();
        let line = |key: &str| text::clean_line(of(key), 120).map_err(|_| Refusal::Broken);
        let (path, unit, title, name) = (of("path").to_owned(), line("unit")?, line("title")?, line("file")?);
        if !archive.entries().iter().any(|e| e.path == path) {
            return Err(Refusal::Broken);
        }
        let title = if title.is_empty() { title_of(&path) } else { title };
        let form = FORMS.iter().copied().find(|f| *f == of("form"));
        let film = of("beside");
        let about = text_part(of("about").as_bytes())?;
        let of = (!film.is_empty()).then(|| (film.to_owned(), tag(of("language"))));
        out.parts.push(Carried { path, unit, title, name, about, form, of });
    }
    Ok(Some(out))
}

pub(crate) fn fits(kind: &Kind, field: &str, value: &Value) -> bool {
    kind.field(field).is_some_and(|f| check_value(f.shape, value).is_ok())
}

/// A text part, clean; broken where it is longer than a part may be.
pub(crate) fn text_part(bytes: &[u8]) -> Result<String, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Broken)?;
    let text = text::clean_text(text, 4000).map_err(|_| Refusal::Broken)?;
    if fits(&RESOURCE, "text", &Value::text(text.as_str())) { Ok(text) } else { Err(Refusal::Broken) }
}

/// A file of an archive, as far as it is no longer than that.
pub(crate) fn read(archive: &mut Archive<File>, entry: &packages::Entry, most: u64) -> Result<Vec<u8>, Refusal> {
    if entry.size > most {
        return Err(Refusal::TooLarge);
    }
    archive.read(entry, |reader| {
        let mut out = Vec::new();
        reader.take(most).read_to_end(&mut out).map_err(|_| Refusal::Broken)?;
        Ok(out)
    })
}
