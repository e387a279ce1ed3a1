//! A set of lessons that somebody sends as one archive becomes the parts of a course: its folders are units, its files
//! stand in the order in which they are taught. A package that only its own player can open stays whole.

use std::fs::File;
use std::io;

use blobs::MAX_BLOB;
use packages::{Archive, Bounds, Refusal, units};
use web::{PageError, Sent, Site};

use crate::form::media_of;

/// Files of one course: more than any year of lessons has.
const MOST: usize = 400;

/// A file as it becomes a part of a course.
pub(crate) struct Piece {
    pub sent: Sent,
    /// The folder that it lay in.
    pub unit: String,
    /// What it is to who uses it, where its type does not say so.
    pub form: Option<&'static str>,
}

/// Why files are not taken in.
pub(crate) enum Trouble {
    /// The archive of this name is refused.
    Refused(String, Refusal),
    Page(PageError),
}

impl From<PageError> for Trouble {
    fn from(e: PageError) -> Self {
        Self::Page(e)
    }
}

/// What somebody sent, archives taken apart. Nothing is written into the log meanwhile; what was unpacked before a
/// refusal is named by nothing, and swept away.
pub(crate) fn unpacked(site: &Site, files: &[Sent]) -> Result<Vec<Piece>, Trouble> {
    let mut out = Vec::new();
    for sent in files {
        if media_of(sent.media, &sent.name) != "application/zip" {
            out.push(Piece { sent: sent.clone(), unit: String::new(), form: None });
            continue;
        }
        let inside = |e: &dyn std::fmt::Display| Trouble::Page(PageError::Internal(e.to_string()));
        let file = site.blobs.open_blob(&sent.hash).map_err(|e| inside(&e))?;
        let file = file.ok_or_else(|| inside(&"a file that was sent is gone"))?;
        let named = |refusal| Trouble::Refused(sent.name.clone(), refusal);
        let mut archive = Archive::open(file, &Bounds { file: MAX_BLOB, ..Bounds::default() }).map_err(named)?;
        if let Some(form) = player(&archive) {
            out.push(Piece { sent: sent.clone(), unit: String::new(), form: Some(form) });
            continue;
        }
        if out.len() + archive.entries().len() > MOST {
            return Err(named(Refusal::TooMany));
        }
        set(site, &mut archive, &mut out).map_err(|stop| match stop {
            Stop::Refused(refusal) => named(refusal),
            Stop::Page(e) => Trouble::Page(e),
        })?;
    }
    Ok(out)
}

/// What opens an archive that is one thing: by the file that its standard asks for.
fn player(archive: &Archive<File>) -> Option<&'static str> {
    let has = |path: &str| archive.entries().iter().any(|e| e.path == path);
    if has("h5p.json") {
        Some("activity")
    } else if has("imsmanifest.xml") {
        Some("scorm")
    } else if has("META-INF/container.xml") {
        Some("book")
    } else {
        None
    }
}

/// Why taking one archive apart stops.
enum Stop {
    Refused(Refusal),
    Page(PageError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn set(site: &Site, archive: &mut Archive<File>, out: &mut Vec<Piece>) -> Result<(), Stop> {
    let entries = archive.entries().to_vec();
    for unit in units(entries.iter().map(|e| e.path.as_str())) {
        let title = text::clean_line(&unit.title, 120).unwrap_or_else(|_| unit.title.chars().take(120).collect());
        for path in unit.paths {
            let Some(entry) = entries.iter().find(|e| e.path == path).filter(|e| e.size > 0) else { continue };
            let (media, hash, len) = archive.read(entry, |reader| {
                let (media, hash, len) = web::store(&site.blobs, &mut *reader).map_err(Stop::Page)?;
                // A picture may be whole before its file ends; the archive's own checksum stands at the end.
                io::copy(reader, &mut io::sink()).map_err(|_| Stop::Refused(Refusal::Broken))?;
                Ok::<_, Stop>((media, hash, len))
            })?;
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let sent = Sent { name, media, hash, len };
            out.push(Piece { sent, unit: title.clone(), form: None });
        }
    }
    Ok(())
}
