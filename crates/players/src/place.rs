//! Where things lie in a package.

use packages::xml::target;

use crate::Files;

/// The folder that a package lies in: often its maker packed the folder, and not what is in it.
pub(crate) struct Root(String);

impl Root {
    pub(crate) fn of(files: &dyn Files) -> Self {
        let paths = files.paths();
        let first = |path: &str| path.split_once('/').map(|(folder, _)| folder.to_owned());
        let folder = paths.first().and_then(|p| first(p));
        match folder {
            Some(folder) if paths.iter().all(|p| first(p).as_deref() == Some(&*folder)) && folder != "META-INF" => {
                Self(format!("{folder}/"))
            }
            _ => Self(String::new()),
        }
    }

    /// A path of the package as one of the archive.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The page that a folder of pages begins with.
    pub(crate) fn index(&self, files: &dyn Files) -> Option<String> {
        ["index.html", "index.htm", "index.xhtml", "story.html"]
            .into_iter()
            .map(|name| self.at(name))
            .find(|path| files.has(path))
    }
}

/// An address in a package as a file that lies there, with what follows the path. `None` for what lies elsewhere.
pub(crate) fn resolve(files: &dyn Files, from: &str, address: &str) -> Option<(String, String)> {
    let address = address.trim();
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, after) = address.split_at(end);
    if path.is_empty() || path.starts_with("//") || path.split('/').next().is_some_and(|head| head.contains(':')) {
        return None;
    }
    let plain = |path: &str| target(from, &path.replace('\\', "/"));
    let (written, meant) = (plain(path), plain(&decoded(path)));
    let found = if files.has(&meant) {
        meant
    } else if files.has(&written) {
        written
    } else {
        // Made on a system where case does not count.
        files.paths().into_iter().find(|p| p.to_lowercase() == meant.to_lowercase())?
    };
    let fits = after.len() <= 2000 && !after.chars().any(char::is_control);
    fits.then(|| (found, after.to_owned()))
}

fn decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if let (b'%', [high, low, after @ ..]) = (byte, tail)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*byte);
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| path.to_owned())
}

/// What a file of a package is, by its ending: pages name files so, and a browser must believe it.
pub fn media_of(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "html" | "htm" => "text/html",
        "xhtml" => "application/xhtml+xml",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "json" | "map" => "application/json",
        "xml" | "opf" | "ncx" | "xsd" | "dtd" => "text/xml",
        "txt" | "md" | "csv" => "text/plain",
        "vtt" => "text/vtt",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "ico" => "image/x-icon",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "ogv" => "video/ogg",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
