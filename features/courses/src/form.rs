//! What a file is to who uses it, by its bytes; by its name only where the bytes leave it open.

/// The type of a file: an archive that is an office document is told by its ending, which decides nothing but what is
/// tried with it.
pub(crate) fn media_of(sniffed: &str, name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    let office = "application/vnd.openxmlformats-officedocument";
    match (sniffed, ending.as_str()) {
        ("application/zip", "pptx") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ("application/zip", "docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ("application/zip", "xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ("application/zip", "odp") => "application/vnd.oasis.opendocument.presentation",
        ("application/zip", "odt") => "application/vnd.oasis.opendocument.text",
        ("application/zip", "epub") => "application/epub+zip",
        (media::UNKNOWN, "vtt") | ("text/vtt", _) => "text/vtt",
        (media::UNKNOWN, "txt" | "md") => "text/plain",
        (media::UNKNOWN | "text/xml", "xml") => "text/xml",
        _ => KNOWN.iter().find(|k| **k == sniffed).copied().unwrap_or(if sniffed.starts_with(office) {
            "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        } else {
            media::UNKNOWN
        }),
    }
}

/// Types that mean something here.
const KNOWN: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.ms-powerpoint",
    "application/msword",
    "application/pdf",
    "application/epub+zip",
    assets::TREE,
    crate::pages::ZIM,
    "application/zip",
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "video/mp4",
    "video/webm",
    "video/x-matroska",
    "video/quicktime",
    "video/x-msvideo",
    "video/mpeg",
    "video/x-m4v",
    "video/ogg",
    "audio/mpeg",
    "audio/mp4",
    "audio/m4a",
    "audio/ogg",
    "audio/opus",
    "audio/x-wav",
    "audio/wav",
    "audio/aac",
    "audio/x-flac",
    "audio/amr",
];

/// What a file of a type is to who uses it: one of [`crate::facts::FORMS`].
pub(crate) fn form_of(media: &str) -> &'static str {
    match media {
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        | "application/vnd.oasis.opendocument.presentation"
        | "application/vnd.ms-powerpoint" => "slides",
        "application/epub+zip" => "book",
        "application/zip" => "archive",
        crate::pages::ZIM => "web",
        m if m.starts_with("video/") => "video",
        m if m.starts_with("audio/") => "audio",
        m if m.starts_with("image/") => "picture",
        "application/pdf" => "document",
        m if m.starts_with("application/vnd.o") || m == "application/msword" => "document",
        _ => "file",
    }
}

/// A title for a file without one: its name without the ending.
pub(crate) fn title_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let spaced = stem.replace('_', " ");
    text::clean_line(spaced.trim(), 120).unwrap_or_else(|_| name.chars().take(120).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say_and_its_name_where_they_do_not() {
        let pptx = media_of("application/zip", "藏药.PPTX");
        assert_eq!(form_of(pptx), "slides");
        assert_eq!(form_of(media_of("video/mp4", "lesson.pptx")), "video");
        assert_eq!(form_of(media_of(media::UNKNOWN, "lesson.mp4")), "file");
        assert_eq!(form_of(media_of("application/zip", "set.zip")), "archive");
        assert_eq!(title_of("第3课_草药.pptx"), "第3课 草药");
    }
}
