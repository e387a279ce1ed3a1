use packages::xml::{BrokenXml, Step, walk};

use super::Said;
use crate::RenditionError;

impl From<BrokenXml> for RenditionError {
    fn from(BrokenXml: BrokenXml) -> Self {
        Self::Broken
    }
}

/// The text of an `OpenDocument` file (ISO/IEC 26300): paragraphs and headings of its body.
pub(crate) fn text(bytes: &[u8], said: &mut Said) -> Result<(), RenditionError> {
    let (mut line, mut body, mut deep) = (String::new(), false, 0u32);
    walk(bytes, |step| {
        match step {
            Step::Start("body", _) => body = true,
            Step::Start("p" | "h", _) => deep += 1,
            Step::End("p" | "h") => {
                deep = deep.saturating_sub(1);
                said.lines(&std::mem::take(&mut line));
            }
            Step::Start("s" | "tab", _) => line.push(' '),
            Step::Start("line-break", _) => line.push('\n'),
            Step::Text(text) if body && deep > 0 && !said.is_full() => line.push_str(text),
            _ => {}
        }
        Ok(())
    })
}

/// The words of a workbook's cells (ECMA-376, part 1, 18.4); numbers stand elsewhere.
pub(crate) fn cells(bytes: &[u8], said: &mut Said) -> Result<(), RenditionError> {
    let (mut line, mut inside, mut sound) = (String::new(), false, false);
    walk(bytes, |step| {
        match step {
            Step::Start("t", _) => inside = !sound,
            Step::End("t") => inside = false,
            // How the characters are read aloud.
            Step::Start("rPh", _) => sound = true,
            Step::End("rPh") => sound = false,
            Step::End("si") => said.lines(&std::mem::take(&mut line)),
            Step::Text(text) if inside && !said.is_full() => line.push_str(text),
            _ => {}
        }
        Ok(())
    })
}
