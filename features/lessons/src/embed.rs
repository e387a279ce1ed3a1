//! Pictures within a document of an office program.

use std::collections::BTreeMap;

use documents::Node;
use text::Words;
use web::Site;

use crate::pictures::{self, MOST, Pictures};

/// Units of a drawing in a twentieth of a point.
const EMU: u64 = 635;
/// Units of a drawing in a picture's pixel, at 96 to an inch.
const PIXEL: u64 = 9525;
/// Units of a drawing that a picture may be high: two thirds of a page.
const HIGHEST: u64 = 6_000_000;

/// A picture that goes into the document.
pub(crate) struct Used {
    pub name: String,
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

/// The pictures of a plan, and which of them its document has.
pub(crate) struct Embedded<'a> {
    site: &'a Site,
    pictures: Pictures,
    words: &'a Words<'a>,
    known: BTreeMap<String, usize>,
    drawn: usize,
    left: usize,
    pub used: Vec<Used>,
}

impl<'a> Embedded<'a> {
    pub fn new(site: &'a Site, pictures: Pictures, words: &'a Words<'a>) -> Self {
        Self { site, pictures, words, known: BTreeMap::new(), drawn: 0, left: MOST, used: Vec::new() }
    }

    /// A picture as a drawing at most so wide, in twentieths of a point; the words in its place where it is not here, or
    /// office programs cannot show it.
    pub fn drawn(&mut self, node: &Node, width: u32) -> Result<String, String> {
        let alt = node.attribute("alt").unwrap_or_default();
        let words = self.words;
        let found = node.attribute("file").and_then(|id| self.take(id));
        let Some((used, (wide, high))) =
            found.and_then(|i| self.used.get(i)).and_then(|u| Some((u, pixels(&u.bytes)?)))
        else {
            return Err(pictures::instead(node, words));
        };
        let most = u64::from(width.saturating_sub(200)) * EMU;
        let (mut x, mut y) = (u64::from(wide) * PIXEL, u64::from(high) * PIXEL);
        for (side, most) in [(x, most), (y, HIGHEST)] {
            if side > most {
                (x, y) = (x * most / side, y * most / side);
            }
        }
        let (x, y) = (x.max(PIXEL), y.max(PIXEL));
        self.drawn += 1;
        let (n, name, alt) = (self.drawn, &used.name, packages::xml::escape(alt));
        Ok(format!(
            r#"<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{x}" cy="{y}"/><wp:docPr id="{n}" name="{name}" descr="{alt}"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{n}" name="{name}" descr="{alt}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{name}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{x}" cy="{y}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"#
        ))
    }

    /// The number of a picture in the document, read once.
    fn take(&mut self, id: &str) -> Option<usize> {
        if let Some(known) = self.known.get(id) {
            return Some(*known);
        }
        let picture = self.pictures.get(id).filter(|p| p.here)?;
        let ending = match picture.media.as_str() {
            "image/jpeg" => "jpeg",
            "image/png" => "png",
            "image/gif" => "gif",
            _ => return None,
        };
        let bytes = pictures::read(self.site, picture, &mut self.left)?;
        let n = self.used.len();
        self.used.push(Used { name: format!("p{}", n + 1), ending, bytes });
        self.known.insert(id.to_owned(), n);
        Some(n)
    }
}

/// How wide and high a picture is, as its first bytes say: PNG (W3C, 11.2.2), GIF (89a, 18), JPEG (ITU-T T.81, B.2.2).
fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize, len: usize| {
        bytes.get(at..at + len).map(|b| b.iter().fold(0_u32, |n, byte| (n << 8) | u32::from(*byte)))
    };
    let size = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (big(16, 4)?, big(20, 4)?)
    } else if bytes.starts_with(b"GIF8") {
        let little = |at: usize| Some(u32::from(*bytes.get(at)?) | (u32::from(*bytes.get(at + 1)?) << 8));
        (little(6)?, little(8)?)
    } else {
        let mut at = 2;
        loop {
            let (mark, kind) = (big(at, 1)?, big(at + 1, 1)?);
            if mark != 0xff {
                return None;
            }
            // A frame's head: all of C0 to CF but tables (C4, CC) and an extension (C8).
            if (0xc0..=0xcf).contains(&kind) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
                break (big(at + 7, 2)?, big(at + 5, 2)?);
            }
            at += 2 + usize::try_from(big(at + 2, 2)?).ok()?.max(2);
        }
    };
    (size.0 > 0 && size.1 > 0 && size.0 < 1 << 20 && size.1 < 1 << 20).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_say_how_large_they_are() {
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 0, 1, 44, 0, 0, 0, 200]].concat();
        assert_eq!(pixels(&png), Some((300, 200)));
        assert_eq!(pixels(b"GIF89a\x2c\x01\xc8\0"), Some((300, 200)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 0, 200, 1, 44, 1];
        assert_eq!(pixels(&jpeg), Some((300, 200)));
        for end in 0..jpeg.len() - 1 {
            assert_eq!(pixels(jpeg.get(..end).unwrap()), None);
        }
        assert_eq!(pixels(&[0xff, 0xd8, 0, 0, 0, 0, 0, 0]), None);
    }
}
