//! The files that a document is made of, and how they point to each other.

use std::io::{Read, Seek};

use packages::xml::{Step, attribute, walk};
use packages::{Archive, Bounds};

use crate::{MAX_XML, OfficeError};

/// An archive of a document, looked through.
pub(crate) struct Parts<R> {
    archive: Archive<R>,
    /// Bytes that may still be read: a small archive can hold a thousand large files.
    left: u64,
}

impl<R: Read + Seek> Parts<R> {
    pub(crate) fn open(reader: R) -> Result<Self, OfficeError> {
        let bounds = Bounds { entries: 10_000, ..Bounds::default() };
        Ok(Self { archive: Archive::open(reader, &bounds)?, left: MAX_XML })
    }

    /// The paths of its files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.archive.entries().iter().map(|e| e.path.as_str())
    }

    /// An XML file, if it is there.
    pub(crate) fn part(&mut self, path: &str) -> Result<Option<Vec<u8>>, OfficeError> {
        let Some(entry) = self.archive.entries().iter().find(|e| e.path == path).cloned() else { return Ok(None) };
        self.left = self.left.checked_sub(entry.size).ok_or(OfficeError::TooLong)?;
        self.archive.read(&entry, |reader| {
            let mut out = Vec::new();
            reader.read_to_end(&mut out).map_err(|_| OfficeError::Broken)?;
            Ok(Some(out))
        })
    }
}

/// Relations of a file: id to type and target.
pub(crate) fn relations(bytes: &[u8]) -> Result<Vec<(String, String, String)>, OfficeError> {
    let mut out = Vec::new();
    walk(bytes, |step| {
        if let Step::Start("Relationship", e) = step
            && attribute(e, "TargetMode").as_deref() != Some("External")
            && let (Some(id), Some(of), Some(to)) = (attribute(e, "Id"), attribute(e, "Type"), attribute(e, "Target"))
        {
            out.push((id, of, to));
        }
        Ok::<_, OfficeError>(())
    })?;
    Ok(out)
}
