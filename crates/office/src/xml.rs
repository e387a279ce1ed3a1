//! A document's XML files, one element after another.

use std::io::{Read, Seek};

use packages::{Archive, Bounds};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::{MAX_DEPTH, MAX_PART, OfficeError};

/// An archive of a document, looked through.
pub(crate) struct Parts<R> {
    archive: Archive<R>,
}

impl<R: Read + Seek> Parts<R> {
    pub(crate) fn open(reader: R) -> Result<Self, OfficeError> {
        let bounds = Bounds { entries: 10_000, ..Bounds::default() };
        Ok(Self { archive: Archive::open(reader, &bounds)? })
    }

    /// The paths of its files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.archive.entries().iter().map(|e| e.path.as_str())
    }

    /// An XML file, if it is there.
    pub(crate) fn part(&mut self, path: &str) -> Result<Option<Vec<u8>>, OfficeError> {
        let Some(entry) = self.archive.entries().iter().find(|e| e.path == path).cloned() else { return Ok(None) };
        if entry.size > MAX_PART {
            return Err(OfficeError::TooLong);
        }
        self.archive.read(&entry, |reader| {
            let mut out = Vec::new();
            reader.read_to_end(&mut out).map_err(|_| OfficeError::Broken)?;
            Ok(Some(out))
        })
    }
}

/// What stands in an XML file: names without their prefix, since office programs choose those freely.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// An element begins.
    Start(&'a str, &'a BytesStart<'a>),
    /// It ends.
    End(&'a str),
    /// Text, its entities resolved.
    Text(&'a str),
}

/// Walks through an XML file. An empty element begins and ends.
pub(crate) fn walk(bytes: &[u8], mut step: impl FnMut(Step<'_>) -> Result<(), OfficeError>) -> Result<(), OfficeError> {
    // Office programs write UTF-8.
    let text = std::str::from_utf8(bytes).map_err(|_| OfficeError::Broken)?;
    let mut reader = quick_xml::Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut depth = 0usize;
    loop {
        match reader.read_event().map_err(|_| OfficeError::Broken)? {
            Event::Start(e) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(OfficeError::Broken);
                }
                step(Step::Start(e.local_name().as_ref(), &e))?;
            }
            Event::Empty(e) => {
                step(Step::Start(e.local_name().as_ref(), &e))?;
                step(Step::End(e.local_name().as_ref()))?;
            }
            Event::End(e) => {
                depth = depth.saturating_sub(1);
                step(Step::End(e.local_name().as_ref()))?;
            }
            Event::Text(text) => step(Step::Text(&text))?,
            Event::CData(text) => step(Step::Text(&text))?,
            Event::GeneralRef(entity) => {
                let said = match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    // Only the five of XML itself: a document has no business with others.
                    _ => resolve_predefined_entity(&entity).unwrap_or_default().to_owned(),
                };
                step(Step::Text(&said))?;
            }
            Event::Eof => return if depth == 0 { Ok(()) } else { Err(OfficeError::Broken) },
            _ => {}
        }
    }
}

/// An attribute by its name without prefix.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
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
        Ok(())
    })?;
    Ok(out)
}

/// A relation's target, as a path in the archive.
pub(crate) fn target(from: &str, to: &str) -> String {
    if let Some(whole) = to.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in to.split('/') {
        match part {
            ".." => drop(path.pop()),
            "." => {}
            part => path.push(part),
        }
    }
    path.join("/")
}
