//! A package that brings what plays it stays whole, as a tree of its files: what twenty packages have in common travels to
//! a school once, and what is shown is a file as any other.

use std::fs::File;
use std::io::{self, Read};

use assets::{Leaf, Shelf, TREE, Tree};
use base::Hash;
use blobs::Blobs;
use packages::{Archive, Packer, Refusal};
use players::{Files, Player, launch, media_of, player};
use web::{PageError, Sent, Site};

use crate::micro::{is_class, is_lesson};
use crate::unpack::{Piece, Stop, What};

/// A package as a part of a course; none where the archive is no such package.
pub(crate) fn kept(
    site: &Site,
    shelf: &Shelf,
    archive: &mut Archive<File>,
    name: &str,
    unit: &str,
) -> Result<Option<Piece>, Stop> {
    let lesson = is_lesson(archive);
    let own = if is_class(archive) { Some("class") } else { lesson.then_some("micro") };
    let Some(form) = player(&*archive).map(form_of).or(own) else { return Ok(None) };
    // What cannot be begun is told now, to who can mend it.
    let found = if matches!(form, "activity" | "micro" | "class") { None } else { launch(archive)? };
    // A manifest alone does not tell a cartridge from SCORM; what it says does.
    let form = found.as_ref().map_or(form, |begun| form_of(begun.player));
    let mut tree = Tree::default();
    for entry in archive.entries().to_vec() {
        let (content, bytes) = leaf(site, archive, &entry)?;
        let leaf = Leaf { content, bytes, media: media_of(&entry.path).to_owned() };
        tree.put(&entry.path, leaf).map_err(|_| Refusal::Name)?;
    }
    let inside = |e: &dyn std::fmt::Display| Stop::Page(PageError::Internal(e.to_string()));
    let (hash, len) = site.blobs.put(tree.encode().as_slice()).map_err(|e| inside(&e))?;
    // On the shelf before a fact names it: who hears of the fact asks for its leaves.
    shelf.lacks(&hash, len).map_err(|e| inside(&e))?;
    let sent = Sent { name: name.to_owned(), media: TREE, hash, len };
    let title = found.and_then(|l| l.title).unwrap_or_else(|| crate::form::title_of(name));
    let title = text::clean_line(&title, 120).unwrap_or_else(|_| crate::form::title_of(name));
    Ok(Some(Piece {
        what: What::File(sent),
        title,
        unit: unit.to_owned(),
        form: Some(form),
        beside: None,
        about: String::new(),
    }))
}

fn form_of(player: Player) -> &'static str {
    match player {
        Player::Activity => "activity",
        Player::Book => "book",
        Player::Scorm12 | Player::Scorm2004 => "scorm",
        Player::Cartridge | Player::Web => "web",
    }
}

/// A picture without its metadata, where it can be read; everything else as it is.
fn leaf(site: &Site, archive: &mut Archive<File>, entry: &packages::Entry) -> Result<(Hash, u64), Stop> {
    if media::is_picture(media_of(&entry.path)) {
        let cleaned = archive.read(entry, |reader| {
            let stored = web::store(&site.blobs, &mut *reader);
            io::copy(reader, &mut io::sink()).map_err(|_| Refusal::Broken)?;
            match stored {
                Ok((_, hash, len)) => Ok(Some((hash, len))),
                Err(PageError::Rule(code)) if code == "disk-full" => Err(Stop::Page(PageError::Rule(code))),
                Err(PageError::Rule(_)) => Ok(None),
                Err(e) => Err(Stop::Page(e)),
            }
        })?;
        if let Some(done) = cleaned {
            return Ok(done);
        }
    }
    archive.read(entry, |reader| site.blobs.put(reader).map_err(|e| Stop::Page(PageError::Internal(e.to_string()))))
}

/// The files of a tree, as a player asks for them.
pub(crate) struct Leaves<'a> {
    pub tree: &'a Tree,
    pub blobs: &'a Blobs,
}

impl Files for Leaves<'_> {
    fn paths(&self) -> Vec<String> {
        self.tree.leaves().map(|(path, _)| path.to_owned()).collect()
    }

    fn has(&self, path: &str) -> bool {
        self.tree.get(path).is_some()
    }

    fn read(&mut self, path: &str, most: u64) -> Option<Vec<u8>> {
        let leaf = self.tree.get(path).filter(|leaf| leaf.bytes <= most)?;
        let mut out = Vec::new();
        self.blobs.open_blob(&leaf.content).ok()??.take(most).read_to_end(&mut out).ok()?;
        Some(out)
    }
}

/// Whether a content is here, with all that lies in it where it is a tree.
pub(crate) fn whole(site: &Site, shelf: &Shelf, media: &str, content: &Hash) -> Result<bool, PageError> {
    if media != TREE {
        return Ok(site.blobs.has(content));
    }
    Ok(shelf.lacks(content, 0).map_err(|e| PageError::Internal(e.to_string()))?.is_empty())
}

/// The bytes of a file; of a tree, those of all that lies in it, as far as that is known here.
pub(crate) fn size(shelf: &Shelf, file: &crate::show::File) -> Result<u64, PageError> {
    if file.media != TREE {
        return Ok(file.bytes);
    }
    let leaves = shelf.leaves(&file.content).map_err(|e| PageError::Internal(e.to_string()))?;
    Ok(leaves.into_iter().fold(file.bytes, |sum, (_, bytes)| sum.saturating_add(bytes)))
}

/// A package as the archive that it came as; its files are the same, and lie in the order of their names.
///
/// # Errors
/// [`PageError::Rule`] where something of it is not here yet.
pub(crate) fn packed(site: &Site, shelf: &Shelf, hash: &Hash) -> Result<Hash, PageError> {
    let inside = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
    if !whole(site, shelf, TREE, hash)? {
        return Err(PageError::Rule("package-away".to_owned()));
    }
    let tree = shelf.tree(hash).map_err(|e| inside(&e))?.ok_or(PageError::NotFound)?;
    let made = site.blobs.make(|out: &mut File| {
        let mut packer = Packer::new(out);
        // EPUB asks for this one first, and as it is.
        let (first, others): (Vec<_>, Vec<_>) = tree.leaves().partition(|(path, _)| *path == "mimetype");
        for (path, leaf) in first.into_iter().chain(others) {
            let blob = site.blobs.open_blob(&leaf.content)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            let kinds = ["video/", "audio/", "image/jpeg", "image/png", "image/webp", "font/woff"];
            packer.add(path, path == "mimetype" || kinds.iter().any(|k| leaf.media.starts_with(k)), blob)?;
        }
        packer.finish()?;
        Ok(())
    });
    Ok(made.map_err(|e| inside(&e))?.0)
}
