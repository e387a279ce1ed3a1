//! A set of lessons that somebody sends as one archive becomes the parts of a course: its folders are units, its files
//! stand in the order in which they are taught. A package that only its own player can open stays whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use assets::Shelf;
use blobs::MAX_BLOB;
use packages::{Archive, Bounds, Entry, Refusal, units};
use players::LaunchError;
use records::Change;
use web::{PageError, Sent, Site};

use crate::cartridge::questions;
use crate::channel::{Channel, channel};
use crate::form::{media_of, title_of};
use crate::kept::kept;
use crate::package::{Carried, MAX_TEXT, carried, read, text_part};
use crate::pages;
use crate::subtitles::{Beside, FORM, beside, pair};

/// Files of one course: more than any year of lessons has.
const MOST: usize = 400;

/// A file as it becomes a part of a course.
pub(crate) struct Piece {
    pub what: What,
    pub title: String,
    /// The folder that it lay in.
    pub unit: String,
    /// What it is to who uses it, where its type does not say so.
    pub form: Option<&'static str>,
    /// It stands beside another of the parts.
    pub beside: Option<Beside>,
    /// What is said of it.
    pub about: String,
}

/// What a part of a course holds.
pub(crate) enum What {
    File(Sent),
    Text(String),
}

impl Piece {
    fn of(sent: Sent, unit: String, form: Option<&'static str>) -> Self {
        Self { title: title_of(&sent.name), what: What::File(sent), unit, form, beside: None, about: String::new() }
    }
}

/// What somebody sent.
#[derive(Default)]
pub(crate) struct Unpacked {
    pub pieces: Vec<Piece>,
    /// What a package that came from such a library says of its course.
    pub about: Option<Change>,
}

/// Why files are not taken in.
pub(crate) enum Trouble {
    /// The archive of this name is refused: the end of the key of its words.
    Refused(String, &'static str),
    Page(PageError),
}

impl From<PageError> for Trouble {
    fn from(e: PageError) -> Self {
        Self::Page(e)
    }
}

/// What somebody sent, archives taken apart. Nothing is written into the log meanwhile; what was unpacked before a
/// refusal is named by nothing, and swept away.
pub(crate) fn unpacked(site: &Site, shelf: &Shelf, files: &[Sent]) -> Result<Unpacked, Trouble> {
    let mut all = Unpacked::default();
    let out = &mut all.pieces;
    for sent in files {
        let media = media_of(sent.media, &sent.name);
        if media == pages::ZIM {
            let refused = |e: zim::ZimError| Trouble::Refused(sent.name.clone(), e.code());
            out.push(pages::piece(site, sent.clone(), "")?.map_err(refused)?);
            continue;
        }
        if !ARCHIVES.contains(&media) {
            out.push(Piece::of(sent.clone(), String::new(), crate::quiz::is_item(site, sent).then_some("quiz")));
            continue;
        }
        let inside = |e: &dyn std::fmt::Display| Trouble::Page(PageError::Internal(e.to_string()));
        let file = site.blobs.open_blob(&sent.hash).map_err(|e| inside(&e))?;
        let file = file.ok_or_else(|| inside(&"a file that was sent is gone"))?;
        let named = |refusal: Refusal| Trouble::Refused(sent.name.clone(), refusal.code());
        let mut archive = Archive::open(file, &Bounds { file: MAX_BLOB, ..Bounds::default() }).map_err(named)?;
        let stopped = |stop| match stop {
            Stop::Refused(code) => Trouble::Refused(sent.name.clone(), code),
            Stop::Page(e) => Trouble::Page(e),
        };
        if let Some(one) = one_thing(site, shelf, &mut archive, sent, "").map_err(stopped)? {
            let asked = if one.form == Some("web") { questions(site, &mut archive, &one)? } else { Vec::new() };
            out.push(one);
            out.extend(asked);
            continue;
        }
        if media != "application/zip" {
            return Err(named(Refusal::Broken));
        }
        if out.len() + archive.entries().len() > MOST {
            return Err(named(Refusal::TooMany));
        }
        let carried = carried(&mut archive).map_err(named)?;
        let done = match carried {
            Some(carried) => {
                let done = whole(site, shelf, &mut archive, carried.parts, out);
                all.about = Some(carried.about);
                done
            }
            None => match channel(&mut archive).map_err(named)? {
                Some(mut channel) => {
                    let done = topics(site, shelf, &mut archive, &channel, out);
                    all.about = Some(std::mem::take(&mut channel.about));
                    done
                }
                None => set(site, shelf, &mut archive, out),
            },
        };
        done.map_err(stopped)?;
    }
    pair(site, &mut all.pieces)?;
    Ok(all)
}

/// Types of files that are archives of files.
const ARCHIVES: [&str; 2] = ["application/zip", "application/epub+zip"];

/// An archive that is one thing: questions, or a package that brings what plays it.
fn one_thing(
    site: &Site,
    shelf: &Shelf,
    archive: &mut Archive<File>,
    sent: &Sent,
    unit: &str,
) -> Result<Option<Piece>, Stop> {
    if quizzes::is_quiz(archive) {
        return Ok(Some(Piece::of(sent.clone(), unit.to_owned(), Some("quiz"))));
    }
    kept(site, shelf, archive, &sent.name, unit)
}

/// A file that lay in an archive. An archive in it that is no one thing stays a file.
fn inner(site: &Site, shelf: &Shelf, sent: Sent, unit: &str) -> Result<Piece, Stop> {
    let media = media_of(sent.media, &sent.name);
    if media == pages::ZIM {
        return pages::piece(site, sent, unit).map_err(Stop::Page)?.map_err(|e| Stop::Refused(e.code()));
    }
    if ARCHIVES.contains(&media) {
        let inside = |e: &dyn std::fmt::Display| Stop::Page(PageError::Internal(e.to_string()));
        let file = site.blobs.open_blob(&sent.hash).map_err(|e| inside(&e))?;
        let file = file.ok_or_else(|| inside(&"a file that was unpacked is gone"))?;
        let mut archive = Archive::open(file, &Bounds { file: MAX_BLOB, ..Bounds::default() })?;
        if let Some(one) = one_thing(site, shelf, &mut archive, &sent, unit)? {
            return Ok(one);
        }
    }
    Ok(Piece::of(sent, unit.to_owned(), None))
}

/// Why taking one archive apart stops.
pub(crate) enum Stop {
    /// It is refused: the end of the key of its words.
    Refused(&'static str),
    Page(PageError),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(_, code) => Self::Refused(code),
            Trouble::Page(e) => Self::Page(e),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.code())
    }
}

impl From<LaunchError> for Stop {
    fn from(error: LaunchError) -> Self {
        Self::Refused(error.code())
    }
}

fn set(site: &Site, shelf: &Shelf, archive: &mut Archive<File>, out: &mut Vec<Piece>) -> Result<(), Stop> {
    let entries = archive.entries().to_vec();
    for unit in units(entries.iter().map(|e| e.path.as_str())) {
        let title = text::clean_line(&unit.title, 120).unwrap_or_else(|_| unit.title.chars().take(120).collect());
        for path in unit.paths {
            let Some(entry) = entries.iter().find(|e| e.path == path).filter(|e| e.size > 0) else { continue };
            let sent = stored(site, archive, entry)?;
            out.push(inner(site, shelf, sent, &title)?);
        }
    }
    Ok(())
}

/// The files of a channel, by the topics of its tables.
fn topics(
    site: &Site,
    shelf: &Shelf,
    archive: &mut Archive<File>,
    channel: &Channel,
    out: &mut Vec<Piece>,
) -> Result<(), Stop> {
    let entries = archive.entries().to_vec();
    let parts = entries.iter().map(|e| e.path.as_str()).filter(|path| channel.is_part(path));
    for path in units(parts).into_iter().flat_map(|unit| unit.paths) {
        let Some(entry) = entries.iter().find(|e| e.path == path).filter(|e| e.size > 0) else { continue };
        let sent = stored(site, archive, entry)?;
        let mut piece = inner(site, shelf, sent, &channel.unit(&path))?;
        if let Some((title, about)) = channel.told(&path) {
            piece.title = if title.is_empty() { piece.title } else { title };
            piece.about = about;
        }
        out.push(piece);
    }
    for exercise in &channel.exercises.all {
        let title = if exercise.title.is_empty() { title_of(&exercise.path) } else { exercise.title.clone() };
        let sent = crate::questions::kept(site, &title, &exercise.items).map_err(Stop::Page)?;
        out.push(Piece {
            what: What::File(sent),
            title,
            unit: channel.unit(&exercise.path),
            form: Some("quiz"),
            beside: None,
            about: exercise.about.clone(),
        });
    }
    Ok(())
}

/// Puts a file of an archive among the node's files.
fn stored(site: &Site, archive: &mut Archive<File>, entry: &Entry) -> Result<Sent, Stop> {
    let (media, hash, len) = archive.read(entry, |reader| {
        let (media, hash, len) = web::store(&site.blobs, &mut *reader).map_err(Stop::Page)?;
        // A picture may be whole before its file ends; the archive's own checksum stands at the end.
        io::copy(reader, &mut io::sink()).map_err(|_| Refusal::Broken)?;
        Ok::<_, Stop>((media, hash, len))
    })?;
    let name = entry.path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Sent { name, media, hash, len })
}

/// A package as it was: parts in their order, with their titles.
fn whole(
    site: &Site,
    shelf: &Shelf,
    archive: &mut Archive<File>,
    parts: Vec<Carried>,
    out: &mut Vec<Piece>,
) -> Result<(), Stop> {
    let mut places = BTreeMap::new();
    for Carried { path, unit, title, name, about, form, of } in parts {
        let entry = archive.entries().iter().find(|e| e.path == path).cloned().ok_or(Refusal::Broken)?;
        let mut piece = Piece { what: What::Text(String::new()), title, unit, form, beside: None, about };
        if form == Some("text") {
            piece.what = What::Text(text_part(&read(archive, &entry, MAX_TEXT)?)?);
        } else {
            let sent = stored(site, archive, &entry)?;
            let sent = Sent { name: if name.is_empty() { sent.name.clone() } else { name }, ..sent };
            let of = of.and_then(|(film, language)| Some((*places.get(&film)?, language)));
            if let Some((of, language)) = of {
                (piece.what, piece.beside) = beside(site, &sent, of, language)?;
                piece.form = Some(FORM);
            } else {
                piece.what = inner(site, shelf, sent, &piece.unit)?.what;
                piece.form = form.filter(|f| *f != FORM);
            }
        }
        places.insert(path, out.len());
        out.push(piece);
    }
    Ok(())
}
