use exif::{In, Tag};
use img_parts::jpeg::{Jpeg, markers};
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF};

use crate::MediaError;

/// Bytes that a picture may have: that of a good camera at its best.
pub const MAX_PICTURE: usize = 40 << 20;

/// Whether it is a picture that [`clean`] can free of its metadata.
pub fn is_picture(media: &str) -> bool {
    matches!(media, "image/jpeg" | "image/png" | "image/webp")
}

/// A picture without what it says about place, time, device and people: EXIF, XMP, IPTC, comments and texts are
/// gone; its pixels, its colours and the way it is turned stay, byte for byte. Other files come back as they are.
///
/// # Errors
/// [`MediaError::Broken`] where it is not the picture that its beginning says.
pub fn clean(media: &str, bytes: Vec<u8>) -> Result<Vec<u8>, MediaError> {
    let bytes = Bytes::from(bytes);
    let broken = |_| MediaError::Broken;
    let cleaned = match media {
        "image/jpeg" => {
            let mut jpeg = Jpeg::from_bytes(bytes).map_err(broken)?;
            let turned = orientation(jpeg.exif());
            // APP0 says how dense the pixels are, APP2 what their colours mean, APP14 how they are coded.
            jpeg.segments_mut().retain(|s| {
                !matches!(s.marker(), markers::APP1 | markers::APP3..=markers::APP13 | markers::APP15 | markers::COM)
            });
            jpeg.set_exif(turned.map(turned_so));
            jpeg.encoder().bytes()
        }
        "image/png" => {
            let mut png = Png::from_bytes(bytes).map_err(broken)?;
            let turned = orientation(png.exif());
            png.chunks_mut().retain(|c| !matches!(&c.kind(), b"eXIf" | b"tEXt" | b"iTXt" | b"zTXt" | b"tIME"));
            png.set_exif(turned.map(turned_so));
            png.encoder().bytes()
        }
        "image/webp" => {
            let mut webp = WebP::from_bytes(bytes).map_err(broken)?;
            let turned = orientation(webp.exif());
            webp.remove_chunks_by_id(*b"XMP ");
            webp.set_exif(turned.map(turned_so));
            webp.encoder().bytes()
        }
        _ => bytes,
    };
    Ok(cleaned.to_vec())
}

/// How the picture is turned, unless it stands upright.
fn orientation(exif: Option<Bytes>) -> Option<u8> {
    let parsed = exif::Reader::new().read_raw(exif?.to_vec()).ok()?;
    let turned = parsed.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(turned).ok().filter(|t| (2..=8).contains(t))
}

/// The smallest EXIF block that says how a picture is turned: one directory with one entry.
fn turned_so(orientation: u8) -> Bytes {
    let mut out = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    out.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    out.extend([0; 4]);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use img_parts::jpeg::JpegSegment;
    use proptest::prelude::*;

    /// A JPEG by its parts: enough for what reads segments, not for what draws pixels.
    fn jpeg(extra: Vec<JpegSegment>) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9]);
        let mut jpeg = Jpeg::from_bytes(Bytes::from(bytes)).unwrap();
        jpeg.segments_mut().splice(0..0, extra);
        jpeg.encoder().bytes().to_vec()
    }

    #[test]
    fn place_and_words_go_and_the_turn_stays() {
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend(turned_so(6));
        exif.extend(b"GPS 29.65N 91.1E");
        let said = jpeg(vec![
            JpegSegment::new_with_contents(markers::APP1, Bytes::from(exif)),
            JpegSegment::new_with_contents(markers::APP13, Bytes::from_static(b"Photoshop 3.0\0a name")),
            JpegSegment::new_with_contents(markers::COM, Bytes::from_static(b"a comment")),
            JpegSegment::new_with_contents(markers::APP2, Bytes::from_static(b"ICC_PROFILE\0colours")),
        ]);
        let cleaned = clean("image/jpeg", said).unwrap();
        let holds = |what: &[u8]| cleaned.windows(what.len()).any(|w| w == what);
        assert!(!holds(b"GPS") && !holds(b"a name") && !holds(b"a comment"));
        assert!(holds(b"colours") && holds(&[0x12, 0x34]));
        let left = Jpeg::from_bytes(Bytes::from(cleaned)).unwrap();
        assert_eq!(orientation(left.exif()), Some(6));
    }

    #[test]
    fn what_is_no_picture_is_refused_and_other_files_stay() {
        assert_eq!(clean("image/jpeg", b"\xff\xd8\xff no".to_vec()), Err(MediaError::Broken));
        assert_eq!(clean("image/png", b"\x89PNG".to_vec()), Err(MediaError::Broken));
        assert_eq!(clean("application/pdf", b"%PDF".to_vec()).unwrap(), b"%PDF");
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300), kind in 0..3usize) {
            let (media, head): (&str, &[u8]) = [
                ("image/jpeg", &b"\xff\xd8\xff\xe1"[..]),
                ("image/png", &b"\x89PNG\r\n\x1a\n"[..]),
                ("image/webp", &b"RIFF\x10\0\0\0WEBP"[..]),
            ][kind];
            let _ = clean(media, [head, &tail].concat());
        }
    }
}
