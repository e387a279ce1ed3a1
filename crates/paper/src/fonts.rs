use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst_kit::fonts::{FontStore, system};

/// Noto Serif Tibetan and Noto Sans: see `fonts/README.md`.
const OWN: [&[u8]; 5] = [
    include_bytes!("../fonts/latin-400.ttf"),
    include_bytes!("../fonts/latin-700.ttf"),
    include_bytes!("../fonts/latin-400-italic.ttf"),
    include_bytes!("../fonts/tibetan-400.ttf"),
    include_bytes!("../fonts/tibetan-700.ttf"),
];
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
    let mut store = FontStore::new();
    for font in OWN.into_iter().flat_map(|bytes| Font::iter(Bytes::new(bytes))) {
        let info = font.info().clone();
        store.push((font, info));
    }
    // Only what is used: a system may have hundreds.
    let of_system: Vec<_> = system().filter(|(_, info)| CHINESE.contains(&info.family.as_str())).collect();
    let chinese = CHINESE.into_iter().find(|name| of_system.iter().any(|(_, info)| info.family == *name));
    store.extend(of_system.into_iter().filter(|(_, info)| Some(info.family.as_str()) == chinese));
    Fonts { store, chinese }
});

struct Fonts {
    store: FontStore,
    chinese: Option<&'static str>,
}

/// The font that Chinese is set in; none where the system has none, and Chinese would be boxes.
pub fn chinese() -> Option<&'static str> {
    FONTS.chinese
}

pub(crate) fn book() -> &'static LazyHash<FontBook> {
    FONTS.store.book()
}

pub(crate) fn font(index: usize) -> Option<Font> {
    FONTS.store.font(index)
}
