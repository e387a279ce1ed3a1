//! A picture as a page.

use std::fs;
use std::io::BufReader;
use std::path::Path;

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgba, RgbaImage, imageops};

use crate::RenditionError;
use crate::pages::{LARGE, write};

/// The longer side of a picture that is read, in pixels, and the bytes that it may take in memory: a panorama of a telephone.
const MAX_SIDE: u32 = 20_000;
const MAX_BYTES: u64 = 512 << 20;

/// Draws a picture as one page: upright, on white, no larger than a page is.
pub(crate) fn draw(file: &Path, out: &Path) -> Result<(), RenditionError> {
    let picture = read(BufReader::new(fs::File::open(file)?)).map_err(|_| RenditionError::Broken)?;
    let (width, height) = (picture.width(), picture.height());
    if width.min(height) == 0 {
        return Err(RenditionError::Empty);
    }
    let large = u32::from(LARGE);
    let picture = if width.max(height) > large { picture.resize(large, large, FilterType::Lanczos3) } else { picture };
    let mut page = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut page, &picture.to_rgba8(), 0, 0);
    write(1, page.as_raw(), page.width(), page.height(), out)
}

fn read(file: BufReader<fs::File>) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(file).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // A telephone says how it was held.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str, bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, RenditionError> {
        let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = dir.path().join(name);
        fs::write(&file, bytes).unwrap();
        draw(&file, out.path())?;
        let files = fs::read_dir(out.path()).unwrap().map(|f| f.unwrap());
        Ok(files.map(|f| (f.file_name().into_string().unwrap(), fs::read(f.path()).unwrap())).collect())
    }

    fn encoded(picture: &RgbaImage, format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = DynamicImage::from(picture.clone());
        let picture = if format == image::ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_one_page_no_larger_than_pages_are() {
        let wide = RgbaImage::from_pixel(2560, 640, Rgba([200, 30, 30, 255]));
        for format in [image::ImageFormat::Png, image::ImageFormat::Jpeg] {
            let made = drawn("a", &encoded(&wide, format)).unwrap();
            assert_eq!(made.len(), 1);
            assert_eq!(made[0].0, "p001-1280x320.webp");
        }
        // One that is small stays so, and what shines through is white.
        let clear = RgbaImage::from_pixel(40, 30, Rgba([0, 0, 0, 0]));
        let made = drawn("b", &encoded(&clear, image::ImageFormat::Png)).unwrap();
        assert_eq!(made[0].0, "p001-40x30.webp");
        let seen = webp::Decoder::new(&made[0].1).decode().unwrap();
        assert!(seen[..3].iter().all(|c| *c > 250), "{:?}", &seen[..3]);
    }

    #[test]
    fn what_is_no_picture_is_broken() {
        assert!(matches!(drawn("a.png", b"\x89PNG\r\n\x1a\n no"), Err(RenditionError::Broken)));
        assert!(matches!(drawn("a.jpg", b""), Err(RenditionError::Broken)));
    }
}
