use std::fs;
use std::path::Path;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use crate::RenditionError;

/// Pages that are drawn; a longer book is read as it is.
const MAX_PAGES: usize = 300;
/// The longer side of a page, in pixels: what a projector shows.
pub(crate) const LARGE: u16 = 1280;
/// WebP quality: letters stay sharp at a tenth of PNG's size.
const QUALITY: f32 = 72.0;

/// Draws the pages of a PDF as `p001-1280x720.webp` and so on.
pub(crate) fn draw(pdf: Vec<u8>, out: &Path) -> Result<(), RenditionError> {
    let pdf = Pdf::new(pdf).map_err(|e| match e {
        LoadPdfError::Decryption(_) => RenditionError::Password,
        LoadPdfError::Invalid => RenditionError::Broken,
    })?;
    let cache = RenderCache::new();
    let settings = InterpreterSettings::default();
    let mut drawn = 0_usize;
    for page in pdf.pages().iter().take(MAX_PAGES) {
        let (width, height) = page.render_dimensions();
        let longer = width.max(height);
        if !(longer.is_finite() && width.min(height) >= 1.0) {
            continue;
        }
        let scale = f32::from(LARGE) / longer;
        let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
        let pixmap = render(page, &cache, &settings, &RenderSettings::default(), &size);
        let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
        if width == 0 || height == 0 {
            continue;
        }
        drawn += 1;
        // On white, nothing shines through: what the pixmap multiplied by its alpha is what it was.
        write(drawn, pixmap.data_as_u8_slice(), width, height, out)?;
    }
    if drawn == 0 { Err(RenditionError::Empty) } else { Ok(()) }
}

/// Writes a page: four bytes a point, none of which shines through.
pub(crate) fn write(n: usize, rgba: &[u8], width: u32, height: u32, out: &Path) -> Result<(), RenditionError> {
    let encoded = webp::Encoder::from_rgba(rgba, width, height).encode(QUALITY);
    Ok(fs::write(out.join(format!("p{n:03}-{width}x{height}.webp")), &*encoded)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PDF of so many empty pages, with its table of contents left to be mended by the reader.
    fn pdf(pages: usize) -> Vec<u8> {
        let kids: String = (0..pages).map(|n| format!("{} 0 R ", n + 3)).collect();
        let mut text = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[{kids}]/Count {pages}>>endobj\n"
        );
        for n in 0..pages {
            text += &format!("{} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 640 360]>>endobj\n", n + 3);
        }
        text += "trailer<</Root 1 0 R>>\n%%EOF";
        text.into_bytes()
    }

    #[test]
    fn pages_become_pictures_with_their_sizes_in_their_names() {
        let dir = tempfile::tempdir().unwrap();
        draw(pdf(2), dir.path()).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["p001-1280x720.webp", "p002-1280x720.webp"]);
        assert!(fs::read(dir.path().join(&names[0])).unwrap().starts_with(b"RIFF"));
    }

    #[test]
    fn what_is_no_pdf_is_broken_and_one_without_pages_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(draw(b"no".to_vec(), dir.path()), Err(RenditionError::Broken)));
        let none = draw(pdf(0), dir.path());
        assert!(matches!(none, Err(RenditionError::Empty | RenditionError::Broken)), "{none:?}");
    }
}
