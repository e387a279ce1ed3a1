/// A program of the machine that a recipe needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// LibreOffice, by the name of its program.
    Soffice,
    /// FFmpeg.
    Ffmpeg,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Soffice, Self::Ffmpeg];

    /// The program's name.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Soffice => "soffice",
            Self::Ffmpeg => "ffmpeg",
        }
    }
}

/// How a rendition is made. Its name holds its version: another way to make it is another recipe, and what was made by
/// the old one is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Its name with its version, e.g. `slides-1`.
    pub name: &'static str,
    /// Of what types it makes something.
    pub of: &'static [&'static str],
    /// What it needs of the machine.
    pub needs: Option<Tool>,
    /// Seconds that it may take.
    pub seconds: u64,
    /// Whether a page of the library shows what it makes; otherwise the search box reads it, or a class alone shows it.
    pub shown: bool,
    /// Whether what it makes are pages, one picture each ([`crate::slides`]): a class turns them.
    pub pages: bool,
}

/// Documents that LibreOffice opens.
const OFFICE: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.ms-powerpoint",
    "application/msword",
];
/// What has words in it: documents, packages, plain text.
const READ: &[&str] = &[
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "text/plain",
    "text/vtt",
    crate::TREE,
];
const PICTURE: &[&str] = &["image/jpeg", "image/png", "image/webp"];
const VIDEO: &[&str] = &[
    "video/mp4",
    "video/webm",
    "video/x-matroska",
    "video/quicktime",
    "video/x-msvideo",
    "video/mpeg",
    "video/x-m4v",
    "video/ogg",
];
const AUDIO: &[&str] = &[
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

/// The recipe that takes the text out of a file, into `text.txt`.
pub const TEXT: &str = "text-1";

/// All recipes, in the order in which they are made: what shows most for the least work comes first.
pub const RECIPES: &[Recipe] = &[
    // Pages as pictures of 1280 and 240 pixels' width, with their sizes.
    Recipe { name: "pages-1", of: &["application/pdf"], needs: None, seconds: 300, shown: true, pages: true },
    Recipe { name: "slides-2", of: OFFICE, needs: Some(Tool::Soffice), seconds: 300, shown: true, pages: true },
    // A picture as one page of a class; the library shows it as it is.
    Recipe { name: "picture-1", of: PICTURE, needs: None, seconds: 60, shown: false, pages: true },
    // What a document or a package says, for the search box: light, so that a school's box does it by day too.
    Recipe { name: TEXT, of: READ, needs: None, seconds: 60, shown: false, pages: false },
    // Opus at 24 kbit/s, mono: speech.
    Recipe { name: "voice-1", of: AUDIO, needs: Some(Tool::Ffmpeg), seconds: 1800, shown: true, pages: false },
    // 240 lines at no more than 150 kbit/s, and a poster: for bad links.
    Recipe { name: "small-1", of: VIDEO, needs: Some(Tool::Ffmpeg), seconds: 7200, shown: true, pages: false },
    // 720 lines: for the school's own network.
    Recipe { name: "large-1", of: VIDEO, needs: Some(Tool::Ffmpeg), seconds: 14400, shown: true, pages: false },
];

/// The recipes that make something of a file of a type which a page of the library shows.
pub fn recipes_for(media: &str) -> impl Iterator<Item = &'static Recipe> {
    RECIPES.iter().filter(move |r| r.shown && r.of.contains(&media))
}

/// The recipe that makes the pages of a file of a type which a class turns.
pub fn pages_of(media: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|r| r.pages && r.of.contains(&media))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_has_a_version_and_a_type() {
        for recipe in RECIPES {
            let (_, version) = recipe.name.rsplit_once('-').unwrap();
            assert!(version.parse::<u32>().is_ok() && !recipe.of.is_empty() && recipe.seconds > 0);
        }
        assert_eq!(recipes_for("video/mp4").count(), 2);
        assert_eq!(recipes_for("image/png").count(), 0);
        assert_eq!(recipes_for("text/plain").count(), 0, "its text is only read");
        assert_eq!(pages_of("image/png").map(|r| r.name), Some("picture-1"));
        assert_eq!(pages_of("application/pdf").map(|r| r.name), Some("pages-1"));
        assert_eq!(pages_of("text/plain"), None);
    }
}
