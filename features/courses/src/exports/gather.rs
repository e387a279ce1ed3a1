//! What goes out of a course: each of its parts as files that lie in a package, and how a page shows them.

use std::collections::BTreeMap;

use assets::{Leaf, TREE, Tree, recipes_for};
use base::{Hash, Subject};
use packages::{Archive, Bounds};
use players::{Part, Player, launch};
use quizzes::{Block, Item as Question};
use rusqlite::Connection;
use serde_json::Value as Json;
use web::{PageError, escape};

use super::{Format, Going};
use crate::facts::{ALONE, RESOURCE};
use crate::kept::{Leaves, packed, whole};
use crate::micro::LESSON;
use crate::quiz::quiz_of;
use crate::show::{File, file, made_of, tree};
use crate::subtitles;

/// Characters, and folders in folders, that a path of a package may have in a package of ours.
const MAX_PATH: usize = 200;
const MAX_DEPTH: usize = 9;

/// A part of a course, as it goes out.
pub(crate) struct Thing {
    pub unit: String,
    pub title: String,
    pub form: String,
    pub text: String,
    pub shown: Shown,
    /// What is said in a film or a sound: path, language, and what that is called.
    pub tracks: Vec<(String, String, String)>,
    /// The file itself, where it goes along: its path, and what it is called.
    pub saved: Option<(String, String)>,
    /// All that it is made of, by the paths in the package.
    pub files: Vec<(String, Source)>,
}

/// Where the bytes of a file are.
pub(crate) enum Source {
    /// On the node; packed already, as films are, or not.
    Blob(Hash, bool),
    /// Here.
    Bytes(Vec<u8>),
}

/// How a page shows a part.
pub(crate) enum Shown {
    /// Nothing but its text.
    Text,
    /// Pages as pictures, with the voice that goes with them: path, width, height.
    Pages(Vec<(String, u64, u64)>, Option<(String, String)>),
    /// A film: path, type, and its picture.
    Film(String, String, Option<String>),
    /// Sound: path and type.
    Sound(String, String),
    /// A picture.
    Picture(String),
    /// Questions, with where their pictures lie.
    Questions(Vec<Question>, BTreeMap<String, String>),
    /// A package whose pages are the course's: the folder it lies in, and what it begins with.
    Package(Player, String, Vec<Part>),
    /// A file that only its own program opens.
    File,
}

/// The parts of a course that the reader sees, in their order.
///
/// # Errors
/// [`PageError::Rule`] where something of it is not here yet: a package that lacks something would be taken for the whole.
pub(crate) fn things(
    going: &Going<'_>,
    conn: &Connection,
    course: &Subject,
    sees: &str,
) -> Result<Vec<Thing>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT r.id, coalesce(r.unit, ''), coalesce(r.title, ''), coalesce(r.form, 'text'), coalesce(r.text, '')
         FROM {} r WHERE r.course = ?1 AND {ALONE} AND {sees} ORDER BY r.place, r.made",
        RESOURCE.name
    ))?;
    let mut rows = stmt.query([course.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id = Subject::try_from(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).unwrap_or_default();
        let mut thing = Thing {
            unit: row.get(1)?,
            title: row.get(2)?,
            form: row.get(3)?,
            text: row.get(4)?,
            shown: Shown::Text,
            tracks: Vec::new(),
            saved: None,
            files: Vec::new(),
        };
        if let Some(found) = file(conn, &id)? {
            let folder = format!("files/{:02}", out.len() + 1);
            Taking { going, conn, folder, thing: &mut thing }.take(&id, &found)?;
        }
        out.push(thing);
    }
    Ok(out)
}

/// A part that is being taken out.
struct Taking<'a> {
    going: &'a Going<'a>,
    conn: &'a Connection,
    folder: String,
    thing: &'a mut Thing,
}

impl Taking<'_> {
    fn take(mut self, id: &Subject, found: &File) -> Result<(), PageError> {
        let going = self.going;
        let here = whole(going.site, going.shelf, &found.media, &found.content)?;
        let done = match &*found.media {
            TREE if here => self.package(found)?,
            _ if here && self.thing.form == "quiz" => self.questions(found)?,
            media if media.starts_with("video/") => self.film(found, here)?,
            media if media.starts_with("audio/") => self.sound(found, here)?,
            media if media.starts_with("image/") && here && media::opens_in_page(media) => {
                let path = self.own(found, found.content, true);
                self.thing.shown = Shown::Picture(path);
                return Ok(());
            }
            _ => self.pages(found)?,
        };
        match (done, here) {
            (Some(shown), _) => self.thing.shown = shown,
            (None, true) => self.thing.shown = Shown::File,
            (None, false) => return Err(PageError::Rule("package-away".to_owned())),
        }
        if matches!(self.thing.shown, Shown::Film(..) | Shown::Sound(..)) {
            self.subtitles(id)?;
        }
        // A film and a sound are what is shown, and need not go along twice.
        let once = matches!(self.thing.shown, Shown::Film(..) | Shown::Sound(..) | Shown::Package(..));
        // A cartridge has questions in a form of its own.
        let written = going.format == Format::Cartridge && matches!(self.thing.shown, Shown::Questions(..));
        if here && !once && !written {
            let tree = found.media == TREE;
            let content = if tree { packed(going.site, going.shelf, &found.content)? } else { found.content };
            let path = self.own(found, content, true);
            self.thing.saved = Some((path, found.name.clone()));
        }
        Ok(())
    }

    fn put(&mut self, name: &str, source: Source) -> String {
        let path = format!("{}/{name}", self.folder);
        self.thing.files.push((path.clone(), source));
        path
    }

    /// The file as it came; its name in the package is one that every system takes.
    fn own(&mut self, found: &File, content: Hash, is_packed: bool) -> String {
        let ending = found.name.rsplit_once('.').map_or("", |(_, e)| e).to_lowercase();
        let plain = (1..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric());
        self.put(&format!("file.{}", if plain { &ending } else { "bin" }), Source::Blob(content, is_packed))
    }

    fn leaf(&mut self, name: &str, leaf: &Leaf) -> String {
        let kinds = ["video/", "audio/", "image/jpeg", "image/png", "image/webp", "font/woff"];
        let is_packed = kinds.iter().any(|k| leaf.media.starts_with(k));
        self.put(name, Source::Blob(leaf.content, is_packed))
    }

    /// What a recipe made of a file, if all of it is here.
    fn made(&self, content: &Hash, recipe: &str) -> Result<Option<Tree>, PageError> {
        let Some(hash) = made_of(self.conn, content, recipe)?.and_then(|m| m.tree) else { return Ok(None) };
        let tree = tree(self.going.shelf, &hash)?;
        Ok(tree.filter(|t| t.leaves().all(|(_, leaf)| self.going.site.blobs.has(&leaf.content))))
    }

    /// Pages that were made of slides or a document.
    fn pages(&mut self, found: &File) -> Result<Option<Shown>, PageError> {
        for recipe in recipes_for(&found.media) {
            let Some(tree) = self.made(&found.content, recipe.name)? else { continue };
            let mut pages = Vec::new();
            for page in crate::show::pages(self.going.site, &tree) {
                let Some(leaf) = tree.get(&page.name) else { continue };
                pages.push((self.leaf(&page.name, leaf), page.width.into(), page.height.into()));
            }
            if !pages.is_empty() {
                return Ok(Some(Shown::Pages(pages, None)));
            }
        }
        Ok(None)
    }

    /// A film in the finest way that a browser plays and that is here.
    fn film(&mut self, found: &File, here: bool) -> Result<Option<Shown>, PageError> {
        let mut ways: Vec<(String, Leaf)> = Vec::new();
        let mut poster = None;
        for recipe in recipes_for(&found.media) {
            let Some(tree) = self.made(&found.content, recipe.name)? else { continue };
            for (name, leaf) in tree.leaves() {
                if name.starts_with("poster") {
                    poster = Some((name.to_owned(), leaf.clone()));
                } else if leaf.media.starts_with("video/") {
                    ways.push((name.to_owned(), leaf.clone()));
                }
            }
        }
        let poster = poster.map(|(name, leaf)| self.leaf(&name, &leaf));
        let finest = ways.into_iter().max_by_key(|(_, leaf)| leaf.bytes);
        let opens = here && media::opens_in_page(&found.media);
        Ok(match finest {
            // Where the film as it came is the smaller one, nothing finer was made of it.
            Some((name, leaf)) if !opens || leaf.bytes < found.bytes => {
                Some(Shown::Film(self.leaf(&name, &leaf), leaf.media.clone(), poster))
            }
            _ if opens => Some(Shown::Film(self.own(found, found.content, true), found.media.clone(), poster)),
            _ => None,
        })
    }

    fn sound(&mut self, found: &File, here: bool) -> Result<Option<Shown>, PageError> {
        // As it came it plays in more browsers than the small voice does.
        if here && media::opens_in_page(&found.media) {
            return Ok(Some(Shown::Sound(self.own(found, found.content, true), found.media.clone())));
        }
        for recipe in recipes_for(&found.media) {
            let Some(tree) = self.made(&found.content, recipe.name)? else { continue };
            if let Some((name, leaf)) = tree.leaves().find(|(_, leaf)| leaf.media.starts_with("audio/")) {
                return Ok(Some(Shown::Sound(self.leaf(name, leaf), leaf.media.clone())));
            }
        }
        Ok(None)
    }

    /// What is said in it, in each of the languages that it has.
    fn subtitles(&mut self, id: &Subject) -> Result<(), PageError> {
        for said in subtitles::of(self.conn, id)? {
            if self.thing.tracks.iter().any(|(_, language, _)| *language == said.language) {
                continue;
            }
            let Some(found) = file(self.conn, &said.id)? else { continue };
            if !self.going.site.blobs.has(&found.content) {
                return Err(PageError::Rule("package-away".to_owned()));
            }
            let path =
                self.put(&format!("said{}.vtt", self.thing.tracks.len() + 1), Source::Blob(found.content, false));
            let label = said.label();
            self.thing.tracks.push((path, said.language, label));
        }
        Ok(())
    }

    fn questions(&mut self, found: &File) -> Result<Option<Shown>, PageError> {
        let inside = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
        let open = || -> Result<std::fs::File, PageError> {
            let blob = self.going.site.blobs.open_blob(&found.content).map_err(|e| inside(&e))?;
            blob.ok_or(PageError::NotFound)
        };
        let items = quiz_of(open()?, &found.media).items;
        if items.is_empty() {
            return Ok(None);
        }
        let mut pictures = BTreeMap::new();
        if let Ok(mut archive) = Archive::open(open()?, &Bounds::default()) {
            for path in named(&items) {
                let Ok(bytes) = quizzes::picture(&mut archive, path) else { continue };
                let media = media::sniff(bytes.get(..media::HEAD).unwrap_or(&bytes));
                let ending = match media {
                    "image/jpeg" => "jpg",
                    "image/png" => "png",
                    "image/gif" => "gif",
                    "image/webp" => "webp",
                    _ => continue,
                };
                if !pictures.contains_key(path) {
                    let at = self.put(&format!("{:02}.{ending}", pictures.len() + 1), Source::Bytes(bytes));
                    pictures.insert(path.to_owned(), at);
                }
            }
        }
        Ok(Some(Shown::Questions(items, pictures)))
    }

    /// A package that brings what plays it: its pages, where who takes the whole can show them; else the file.
    fn package(&mut self, found: &File) -> Result<Option<Shown>, PageError> {
        let going = self.going;
        let Some(tree) = tree(going.shelf, &found.content)? else { return Ok(None) };
        let mut leaves = Leaves { tree: &tree, blobs: &going.site.blobs };
        if self.thing.form == "micro" {
            return Ok(self.lesson(&tree, &mut leaves));
        }
        let Ok(Some(begun)) = launch(&mut leaves) else { return Ok(None) };
        let plays = match begun.player {
            Player::Web | Player::Cartridge => true,
            Player::Scorm12 => going.format == Format::Scorm,
            Player::Scorm2004 | Player::Book | Player::Activity => false,
        };
        let fits = |path: &str| path.chars().count() <= MAX_PATH && path.split('/').count() <= MAX_DEPTH;
        if !plays || !tree.leaves().all(|(path, _)| fits(path)) {
            return Ok(None);
        }
        for (path, leaf) in tree.leaves() {
            self.leaf(path, leaf);
        }
        Ok(Some(Shown::Package(begun.player, self.folder.clone(), begun.parts)))
    }

    /// A micro-lesson's pages and its voice; its pen moves only where it was recorded.
    fn lesson(&mut self, tree: &Tree, leaves: &mut Leaves<'_>) -> Option<Shown> {
        let said: Json = serde_json::from_slice(&players::Files::read(leaves, LESSON, 1 << 20)?).ok()?;
        let voice = said.get("voice")?.as_str()?.to_owned();
        let leaf = tree.get(&voice)?;
        let sound = (self.leaf(&voice, leaf), leaf.media.clone());
        let mut pages: Vec<(String, u64, u64)> = Vec::new();
        for page in said.get("pages")?.as_array()? {
            let Some(path) = page.get("path").and_then(Json::as_str) else { continue };
            let at = format!("{}/{path}", self.folder);
            if pages.iter().any(|(p, ..)| *p == at) {
                continue;
            }
            let side = |key: &str| page.get(key).and_then(Json::as_u64).unwrap_or(1);
            let leaf = tree.get(path)?;
            pages.push((self.leaf(path, leaf), side("width"), side("height")));
        }
        Some(Shown::Pages(pages, Some(sound)))
    }
}

/// The pictures that questions show.
fn named(items: &[Question]) -> impl Iterator<Item = &str> {
    let shown = items.iter().flat_map(|i| &i.blocks).filter_map(|b| match b {
        Block::Picture(p) => Some(p.path.as_str()),
        _ => None,
    });
    let chosen = items.iter().flat_map(|i| &i.questions).flat_map(|q| super::render::options(&q.kind));
    shown.chain(chosen.filter_map(|o| o.picture.as_ref().map(|p| p.path.as_str())))
}

/// A path as an address.
pub(crate) fn address(path: &str) -> String {
    path.split('/').map(escape).collect::<Vec<_>>().join("/")
}
