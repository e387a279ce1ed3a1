/// Bytes at the beginning of a file that tell what it is.
pub const HEAD: usize = 8192;

/// The type of what is not known: bytes to be saved.
pub const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file by its first bytes ([`HEAD`] of them are enough).
pub fn sniff(head: &[u8]) -> &'static str {
    // A library of pages, as Kiwix has them.
    if head.starts_with(&[0x5a, 0x49, 0x4d, 0x04]) {
        return "application/x-zim";
    }
    infer::get(head).map_or(UNKNOWN, |found| found.mime_type())
}

/// Whether a page may show a file of this type itself. Anything that could carry a script is only ever saved.
pub fn opens_in_page(media: &str) -> bool {
    crate::is_picture(media)
        || media == "image/gif"
        || media.starts_with("audio/")
        || matches!(media, "video/mp4" | "video/webm" | "video/ogg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(sniff(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(sniff(&[0xff, 0xd8, 0xff, 0xe0]), "image/jpeg");
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(sniff(b"ZIM\x04\x06\0\x03\0"), "application/x-zim");
        assert_eq!(sniff("只是文字".as_bytes()), UNKNOWN);
        assert_eq!(sniff(b""), UNKNOWN);
    }

    #[test]
    fn what_could_carry_a_script_is_only_saved() {
        for media in ["image/svg+xml", "text/html", "application/pdf", "text/xml", UNKNOWN] {
            assert!(!opens_in_page(media), "{media}");
        }
        assert!(opens_in_page("image/jpeg") && opens_in_page("audio/ogg"));
    }
}
