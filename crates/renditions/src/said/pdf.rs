use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::{Affine, BezPath, Point, Rect};

use super::Said;
use crate::RenditionError;

/// Pages that are read.
const MAX_PAGES: usize = 1000;

/// The text of a PDF's pages, as far as its fonts tell which letters they draw.
pub(crate) fn pages(pdf: Vec<u8>, said: &mut Said) -> Result<(), RenditionError> {
    let pdf = Pdf::new(pdf).map_err(|e| match e {
        LoadPdfError::Decryption(_) => RenditionError::Password,
        LoadPdfError::Invalid => RenditionError::Broken,
    })?;
    let cache = InterpreterCache::new();
    for page in pdf.pages().iter().take(MAX_PAGES) {
        let settings = InterpreterSettings::default();
        let mut context = Context::new(Affine::IDENTITY, Rect::new(0.0, 0.0, 1.0, 1.0), &cache, pdf.xref(), settings);
        let mut letters = Letters::default();
        interpret_page(page, &mut context, &mut letters);
        said.lines(&letters.text);
        if said.is_full() {
            break;
        }
    }
    Ok(())
}

/// Letters in the order in which a page draws them, with the spaces and line breaks that their places tell.
#[derive(Default)]
struct Letters {
    text: String,
    /// Where the last one ended, and how high it is.
    end: Option<(Point, f64)>,
}

impl Letters {
    fn put(&mut self, said: &str, at: Point, size: f64, advance: f64) {
        if let Some((end, last)) = self.end {
            let (along, across) = (at.x - end.x, (at.y - end.y).abs());
            let high = size.max(last).max(0.1);
            let ends_han = self.text.chars().next_back().is_some_and(is_han);
            let han = ends_han && said.chars().next().is_some_and(is_han);
            if across > high * 0.5 || along < -high * 2.0 {
                // A word of Chinese goes on in the next line without a sign.
                let goes_on = han && across < high * 2.2 && along < 0.0 && (size - last).abs() < high * 0.1;
                if !goes_on {
                    self.text.push('\n');
                }
            } else if along > high * if han { 1.0 } else { 0.2 } && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
        self.text.push_str(said);
        self.end = Some((Point::new(at.x + advance, at.y), size));
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

impl Device<'_> for Letters {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, mode: &DrawMode) {
        // Text that is filled and outlined is drawn twice.
        if matches!(mode, DrawMode::Stroke(_)) || self.text.len() > super::MOST {
            return;
        }
        for glyph in run.glyphs() {
            let transform = props.transform * glyph.transform();
            let [a, b, c, d, ..] = transform.as_coeffs();
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let advance = f64::from(advance.unwrap_or(500.0)) * a.hypot(b);
            let (at, size) = (transform * Point::ZERO, c.hypot(d) * 1000.0);
            match glyph.as_unicode() {
                Some(BfString::Char(c)) if c != '\0' => self.put(c.encode_utf8(&mut [0; 4]), at, size, advance),
                Some(BfString::String(word)) => self.put(&word, at, size, advance),
                _ => {}
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stream: &str) -> String {
        let text = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length {}>>stream\n{stream}\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
            stream.len()
        );
        let mut said = Said::default();
        pages(text.into_bytes(), &mut said).unwrap();
        said.finish()
    }

    #[test]
    fn words_and_lines_are_told_by_their_places() {
        let stream = "BT /F 20 Tf 50 700 Td (Snow) Tj 90 0 Td (lotus) Tj -90 -30 Td [(her) -20 (bs)] TJ ET";
        assert_eq!(said(stream), "Snow lotus\nherbs\n");
        let outlined = "BT 2 Tr /F 20 Tf 50 700 Td (once) Tj ET";
        assert_eq!(said(outlined), "once\n");
        let unseen = "BT 3 Tr /F 20 Tf 50 700 Td (read by a scanner) Tj ET";
        assert_eq!(said(unseen), "read by a scanner\n");
    }
}
