//! A course as other systems take it: SCORM 1.2 for those that play packages, Common Cartridge 1.3 for those that take
//! courses apart, and statements of its use (xAPI). The course's own package is another thing: see [`crate::package`].

mod gather;
mod render;
mod statements;

use std::borrow::Cow;
use std::fs::File;
use std::io;

use assets::Shelf;
use base::{Lang, Subject};
use packages::{Packer, file_name};
use players::{Leaf, LeafKind, Outline, Player, Section, Thing as Entry, cartridge13, scorm12};
use quizzes::write_older;
use rusqlite::Connection;
use serde_json::Value as Json;
use text::Words;
use web::{PageError, Reply, Request, Site, tibetan_font};

use crate::facts::{COURSE, RESOURCE};
use crate::package::about;
use gather::{Shown, Source, Thing, address, things};

pub(crate) use statements::{all as all_statements, of_course as statements};

/// What pages of a package share.
const LOOK: &str = include_str!("../../export/look.css");
const SPEAK: &str = include_str!("../../export/scorm.js");
const MARK: &str = include_str!("../../export/questions.js");

/// Where the font of Tibetan lies in a package that has Tibetan on its pages.
const FONT: &str = "tibetan.woff2";

/// A manifest, the files that are written for it, and the font that its pages need.
type Written = (String, Vec<(String, String)>, Option<Cow<'static, [u8]>>);

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Scorm,
    Cartridge,
}

/// A course on its way out.
pub(crate) struct Going<'a> {
    pub site: &'a Site,
    pub shelf: &'a Shelf,
    pub format: Format,
    /// What the course says of itself.
    pub title: String,
    pub about: String,
    pub licence: String,
    pub credit: String,
    /// The words of its pages: in the languages of the course, or else in the reader's.
    pub words: Vec<Words<'a>>,
    pub languages: Vec<String>,
}

/// Sends a course as SCORM 1.2.
pub(crate) fn scorm(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    send(site, request, shelf, Format::Scorm)
}

/// Sends a course as a Common Cartridge.
pub(crate) fn cartridge(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    send(site, request, shelf, Format::Cartridge)
}

fn send(site: &Site, request: &Request, shelf: &Shelf, format: Format) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let (going, things) = site.store.read(|conn| {
        let reader = request.reader()?;
        register::visible(conn, reader, &COURSE, &id)?;
        let going = going(site, request, shelf, format, conn, &id)?;
        let things = things(&going, conn, &id, &reader.sees(&RESOURCE, "r"))?;
        Ok::<_, PageError>((going, things))
    })?;
    let (manifest, made, font) = going.package(&id, &things)?;
    let packed = site.blobs.make(|out: &mut File| {
        let mut packer = Packer::new(out);
        packer.add("imsmanifest.xml", false, manifest.as_bytes())?;
        for (path, text) in &made {
            packer.add(path, false, text.as_bytes())?;
        }
        if let Some(font) = &font {
            packer.add(FONT, true, font.as_ref())?;
        }
        for (path, source) in things.iter().flat_map(|t| &t.files) {
            match source {
                Source::Bytes(bytes) => packer.add(path, true, bytes.as_slice())?,
                Source::Blob(hash, is_packed) => {
                    let blob = site.blobs.open_blob(hash)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
                    packer.add(path, *is_packed, blob)?;
                }
            }
        }
        packer.finish()?;
        Ok(())
    });
    let (hash, _) = packed.map_err(|e| PageError::Internal(e.to_string()))?;
    let name = match format {
        Format::Scorm => format!("{} SCORM.zip", file_name(&going.title)),
        Format::Cartridge => format!("{}.imscc", file_name(&going.title)),
    };
    Ok(Reply::File { hash, media: "application/zip".to_owned(), name })
}

fn going<'a>(
    site: &'a Site,
    request: &Request,
    shelf: &'a Shelf,
    format: Format,
    conn: &Connection,
    id: &Subject,
) -> Result<Going<'a>, PageError> {
    let said = about(conn, id)?;
    let of = |key: &str| said.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let listed = said.get("languages").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let mut spoken: Vec<Lang> = listed.filter_map(Lang::parse).collect();
    spoken.sort_unstable();
    spoken.dedup();
    let languages = spoken.iter().map(|l| l.code().to_owned()).collect();
    if spoken.is_empty() {
        spoken.push(request.lang);
    }
    let second = spoken.iter().copied().find(|l| *l != Lang::Bo).unwrap_or(request.second);
    Ok(Going {
        site,
        shelf,
        format,
        title: of("title"),
        about: of("about"),
        licence: of("licence"),
        credit: of("credit"),
        words: spoken.iter().map(|l| site.words(*l, Some(second))).collect(),
        languages,
    })
}

impl Going<'_> {
    /// A message in each of the course's languages that has it.
    pub(crate) fn w(&self, key: &str) -> String {
        self.each(|words| words.said(key))
    }

    /// A message with a number.
    pub(crate) fn wn(&self, key: &str, n: usize) -> String {
        self.each(|words| words.said_with(key, &[("n", n.into())]))
    }

    fn each<'b>(&'b self, say: impl Fn(&Words<'b>) -> text::Said<'b>) -> String {
        let mut out: Vec<String> = Vec::new();
        for words in &self.words {
            let said = say(words);
            if said.lang == words.lang() && !out.contains(&said.text.to_string()) {
                out.push(said.text.into_owned());
            }
        }
        if out.is_empty() {
            out.extend(self.words.first().map(|w| say(w).text.into_owned()));
        }
        out.join(" · ")
    }

    /// Under what terms it may be used, and who is to be named.
    pub(crate) fn terms(&self) -> String {
        let licence = self.w(&format!("course-licence-{}", self.licence));
        [licence, self.credit.clone()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// The manifest, and the files that are written for this package.
    fn package(&self, id: &Subject, things: &[Thing]) -> Result<Written, PageError> {
        let mut made = vec![("look.css".to_owned(), LOOK.to_owned())];
        let asks = things.iter().any(|t| matches!(t.shown, Shown::Questions(..)));
        if self.format == Format::Scorm {
            made.push(("scorm.js".to_owned(), SPEAK.to_owned()));
        }
        if asks {
            made.push(("questions.js".to_owned(), MARK.to_owned()));
        }
        let mut common: Vec<String> =
            made.iter().map(|(path, _)| path.clone()).chain(["index.html".to_owned()]).collect();
        let mut units: Vec<Section> = Vec::new();
        let mut links: Vec<(String, Vec<render::Link>)> = Vec::new();
        let mut without = 0;
        for (n, thing) in (1..).zip(things) {
            let entry = self.entry(n, thing, &mut made, &mut without)?;
            let link = render::Link::of(&entry);
            match links.iter_mut().find(|(unit, _)| *unit == thing.unit) {
                Some((_, list)) => list.push(link),
                None => links.push((thing.unit.clone(), vec![link])),
            }
            match units.iter_mut().find(|u| u.title == thing.unit) {
                Some(unit) => unit.things.push(entry),
                None => units.push(Section { title: thing.unit.clone(), things: vec![entry] }),
            }
        }
        // Within the system that plays it, its contents lead; opened on a disk, this page does.
        made.push(("about.html".to_owned(), self.about_page(&links, false, without)?));
        made.push(("index.html".to_owned(), self.about_page(&links, true, without)?));
        let tibetan = made.iter().any(|(_, text)| text.contains(|c| matches!(c, '\u{f00}'..='\u{fff}')));
        let font = if tibetan { tibetan_font() } else { None };
        common.extend(font.as_ref().map(|_| FONT.to_owned()));
        let page = Leaf { href: "about.html".to_owned(), files: vec!["about.html".to_owned()], ..Leaf::default() };
        let first = Entry { title: self.w("export-about"), pages: vec![page] };
        units.insert(0, Section { title: String::new(), things: vec![first] });
        let outline = Outline {
            id: id.to_string(),
            title: self.title.clone(),
            languages: self.languages.clone(),
            about: self.about.split_whitespace().collect::<Vec<_>>().join(" "),
            terms: self.terms(),
            common,
            units,
        };
        let manifest = match self.format {
            Format::Scorm => scorm12(&outline),
            Format::Cartridge => cartridge13(&outline),
        };
        Ok((manifest, made, font))
    }

    /// A part as an entry of the contents, its page written.
    fn entry(
        &self,
        n: usize,
        thing: &Thing,
        made: &mut Vec<(String, String)>,
        without: &mut usize,
    ) -> Result<Entry, PageError> {
        let mut entry = Entry { title: thing.title.clone(), pages: Vec::new() };
        let mut files: Vec<String> = thing.files.iter().map(|(path, _)| address(path)).collect();
        if let Shown::Package(player, folder, parts) = &thing.shown {
            for part in parts {
                let href = format!("{}/{}", address(folder), address(&part.path));
                let kind = if *player == Player::Scorm12 { LeafKind::Speaks } else { LeafKind::Page };
                // The first page names the package's files; a file may be named once more by the page that it is.
                let mut named = std::mem::take(&mut files);
                if !named.contains(&href) {
                    named.push(href.clone());
                }
                entry.pages.push(Leaf {
                    title: part.title.clone(),
                    kind,
                    href,
                    after: part.after.clone(),
                    files: named,
                });
            }
            return Ok(entry);
        }
        let mut shown: Option<Vec<usize>> = None;
        if let (Format::Cartridge, Shown::Questions(items, _)) = (self.format, &thing.shown) {
            let older = write_older(&format!("a{n}"), &thing.title, items);
            if let Some(text) = older.assessment {
                let path = format!("questions/{n:02}.xml");
                made.push((path.clone(), text));
                let leaf = Leaf { kind: LeafKind::Questions, href: path.clone(), files: vec![path], ..Leaf::default() };
                entry.pages.push(leaf);
                *without += older.left_out.len();
                if older.left_out.is_empty() {
                    return Ok(entry);
                }
                shown = Some(older.left_out);
            }
        }
        let path = format!("items/{n:02}.html");
        made.push((path.clone(), self.item_page(thing, shown.as_deref())?));
        files.insert(0, path.clone());
        let kind = if self.format == Format::Scorm { LeafKind::Speaks } else { LeafKind::Page };
        let title = if entry.pages.is_empty() { String::new() } else { self.w("export-questions-page") };
        entry.pages.push(Leaf { title, kind, href: path, files, ..Leaf::default() });
        Ok(entry)
    }
}
