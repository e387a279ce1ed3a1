use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

/// The style sheet, the script, the icons and the Tibetan font, as the front end's build left them; each with a
/// `.br` or `.gz` beside it where that is smaller.
#[derive(RustEmbed)]
#[folder = "../../islands/dist/"]
struct Files;

static STAMP: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = blake3::Hasher::new();
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    for name in names {
        if let Some(file) = Files::get(&name) {
            hasher.update(&file.data);
        }
    }
    hasher.finalize().to_hex().chars().take(10).collect()
});

/// A stamp of all static files: part of their addresses, so that they can be kept for ever.
pub(crate) fn stamp() -> &'static str {
    &STAMP
}

/// The font of Tibetan (WOFF2), for pages that leave the node: many machines have none.
pub fn tibetan_font() -> Option<std::borrow::Cow<'static, [u8]>> {
    Files::get("tibetan-400.woff2").map(|file| file.data)
}

/// A file, with its type, and whether it is compressed with Brotli.
pub(crate) fn file(name: &str, brotli: bool) -> Option<(std::borrow::Cow<'static, [u8]>, &'static str, bool)> {
    static TYPES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
        BTreeMap::from([
            ("css", "text/css; charset=utf-8"),
            ("js", "text/javascript; charset=utf-8"),
            ("svg", "image/svg+xml"),
            ("woff2", "font/woff2"),
        ])
    });
    let kind = TYPES.get(name.rsplit('.').next()?)?;
    if brotli && let Some(file) = Files::get(&format!("{name}.br")) {
        return Some((file.data, kind, true));
    }
    Files::get(name).map(|file| (file.data, *kind, false))
}
