use std::fs;
use std::path::PathBuf;
use std::sync::{LazyLock, OnceLock};

use fontdb::{Database, FaceInfo, Source};
use fonts::{LATIN, TIBETAN};
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;

/// Fonts of simplified Chinese that systems have, the better first.
const CHINESE: [&str; 14] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Serif CJK SC",
    "SimHei",
    "SimSun",
    "AR PL UMing CN",
    "Droid Sans Fallback",
];

/// The fonts that papers are set in: Tibetan and Latin are in here, Chinese is the system's. They are looked for once, when
/// the first paper is set, and stay as they are for as long as the program runs.
static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let own = LATIN.into_iter().chain(TIBETAN).flat_map(|bytes| Font::iter(Bytes::new(bytes)));
    let mut faces: Vec<Face> =
        own.map(|font| Face { info: font.info().clone(), font: OnceLock::from(Some(font)), file: None }).collect();
    let mut system = Database::new();
    system.load_system_fonts();
    let has = |face: &FaceInfo, name: &str| face.families.iter().any(|(family, _)| family == name);
    let chinese = CHINESE.into_iter().find(|name| system.faces().any(|face| has(face, name)));
    // Only what is used: a system may have hundreds.
    for face in system.faces().filter(|face| chinese.is_some_and(|name| has(face, name))) {
        let (Source::File(path) | Source::SharedFile(path, _)) = &face.source else { continue };
        let info = system.with_face_data(face.id, FontInfo::new).flatten();
        let file = Some((path.clone(), face.index));
        faces.extend(info.map(|info| Face { info, font: OnceLock::new(), file }));
    }
    let book = FontBook::from_infos(faces.iter().map(|face| face.info.clone()));
    Fonts { book: LazyHash::new(book), faces, chinese }
});

struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
    chinese: Option<&'static str>,
}

/// A face, read when it is first used.
struct Face {
    info: FontInfo,
    font: OnceLock<Option<Font>>,
    file: Option<(PathBuf, u32)>,
}

/// The font that Chinese is set in; none where the system has none, and Chinese would be boxes.
pub fn chinese() -> Option<&'static str> {
    FONTS.chinese
}

pub(crate) fn book() -> &'static LazyHash<FontBook> {
    &FONTS.book
}

pub(crate) fn font(index: usize) -> Option<Font> {
    let face = FONTS.faces.get(index)?;
    let read = || {
        let (path, index) = face.file.as_ref()?;
        Font::new(Bytes::new(fs::read(path).ok()?), *index)
    };
    face.font.get_or_init(read).clone()
}
