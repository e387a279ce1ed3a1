//! Slides of a presentation: what they say, and what the speaker wrote beside them.

use std::io::{Read, Seek};

use packages::xml::{Step, attribute, target, walk};

use crate::parts::{Parts, relations};
use crate::{MAX_TEXT, OfficeError, Slide};

const PRESENTATION: &str = "ppt/presentation.xml";

/// Reads the slides of a .pptx.
///
/// # Errors
/// [`OfficeError`].
pub fn pptx(reader: impl Read + Seek) -> Result<Vec<Slide>, OfficeError> {
    let mut parts = Parts::open(reader)?;
    let show = parts.part(PRESENTATION)?.ok_or(OfficeError::Kind)?;
    let known = parts.part("ppt/_rels/presentation.xml.rels")?.ok_or(OfficeError::Kind)?;
    let known = relations(&known)?;
    let mut order = Vec::new();
    walk(&show, |step| {
        // It has an `id` of its own beside that of the relation.
        if let Step::Start("sldId", e) = step {
            let ids = e.attributes().flatten().filter(|a| a.key.local_name().as_ref() == "id");
            order.extend(ids.map(|a| a.value.into_owned()));
        }
        Ok::<_, OfficeError>(())
    })?;
    let paths = order
        .iter()
        .filter_map(|id| known.iter().find(|(known, of, _)| known == id && of.ends_with("/slide")))
        .map(|(.., to)| target(PRESENTATION, to));
    let mut out = Vec::new();
    let mut left = MAX_TEXT;
    for path in paths.collect::<Vec<_>>() {
        let Some(bytes) = parts.part(&path)? else { continue };
        let (title, lines) = said(&bytes)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let beside = parts.part(&format!("{folder}/_rels/{name}.rels"))?;
        let beside = beside.map(|b| relations(&b)).transpose()?.unwrap_or_default();
        let notes = match beside.iter().find(|(_, of, _)| of.ends_with("/notesSlide")) {
            Some((.., to)) => parts.part(&target(&path, to))?.map(|b| said(&b)).transpose()?.map(|(_, lines)| lines),
            None => None,
        };
        let slide = Slide { title, lines, notes: notes.unwrap_or_default() };
        let took: usize = slide.lines.iter().chain(&slide.notes).map(String::len).sum();
        left = left.checked_sub(took + slide.title.len()).ok_or(OfficeError::TooLong)?;
        out.push(slide);
    }
    Ok(out)
}

/// The title and the lines of a slide or of its notes. Numbers of pages, dates and footers are the program's, not the
/// speaker's.
fn said(bytes: &[u8]) -> Result<(String, Vec<String>), OfficeError> {
    let (mut title, mut lines) = (String::new(), Vec::new());
    let mut place = String::new();
    let (mut line, mut inside) = (String::new(), false);
    walk(bytes, |step| {
        match step {
            Step::Start("sp" | "graphicFrame", _) => place.clear(),
            Step::Start("ph", e) => place = attribute(e, "type").unwrap_or_default(),
            Step::Start("t", _) => inside = true,
            Step::End("t") => inside = false,
            Step::Start("br", _) => line.push(' '),
            Step::Text(text) if inside => line.push_str(text),
            Step::End("p") => {
                let said = std::mem::take(&mut line);
                let said = said.trim();
                match place.as_str() {
                    "sldNum" | "dt" | "ftr" | "hdr" | "sldImg" => {}
                    _ if said.is_empty() => {}
                    "title" | "ctrTitle" if title.is_empty() => said.clone_into(&mut title),
                    "title" | "ctrTitle" => title.push_str(&format!(" {said}")),
                    _ => lines.push(said.to_owned()),
                }
            }
            _ => {}
        }
        Ok::<_, OfficeError>(())
    })?;
    Ok((title, lines))
}
