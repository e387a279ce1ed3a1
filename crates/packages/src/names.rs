use encoding_rs::GB18030;

use crate::Refusal;

/// Characters of a path.
const MAX_PATH: usize = 240;
/// Folders within folders.
const MAX_DEPTH: usize = 12;

/// A name as it stands in an archive: UTF-8, or what Windows in Chinese writes without saying so.
pub(crate) fn decoded(raw: &[u8]) -> Result<String, Refusal> {
    if let Ok(name) = std::str::from_utf8(raw) {
        return Ok(name.to_owned());
    }
    let (name, _, wrong) = GB18030.decode(raw);
    if wrong { Err(Refusal::Name) } else { Ok(name.into_owned()) }
}

/// A path that stays within the archive, its parts divided by `/`.
pub(crate) fn checked(name: &str) -> Result<String, Refusal> {
    // Windows' own archiver of old divided by backslashes.
    let path = name.replace('\\', "/");
    let path = path.trim_end_matches('/');
    let wild = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let drive = path.as_bytes().get(1) == Some(&b':');
    let parts: Vec<&str> = path.split('/').collect();
    let leads = parts.iter().any(|p| matches!(p.trim(), "" | "." | ".."));
    if leads || drive || path.chars().any(wild) || path.chars().count() > MAX_PATH || parts.len() > MAX_DEPTH {
        return Err(Refusal::Name);
    }
    Ok(path.to_owned())
}

/// What systems leave in archives without being asked.
pub(crate) fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("__MACOSX/")
        || name.starts_with("._")
        || name.starts_with("~$")
        || matches!(name.to_lowercase().as_str(), ".ds_store" | "thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_either_way_and_lead_nowhere() {
        let (gbk, ..) = encoding_rs::GBK.encode("第一课/课件.pptx");
        assert_eq!(decoded(&gbk).unwrap(), "第一课/课件.pptx");
        assert_eq!(decoded("སློབ་ཚན།.pdf".as_bytes()).unwrap(), "སློབ་ཚན།.pdf");
        assert_eq!(checked("a\\b.txt").unwrap(), "a/b.txt");
        for name in
            ["../a", "a/../../b", "/etc/passwd", "C:\\a", "c:a", "", "a//b", "a/\u{0}b", "x\u{202e}gpj.exe", "a/ /b"]
        {
            assert_eq!(checked(name), Err(Refusal::Name), "{name:?}");
        }
        assert!(is_litter("__MACOSX/a") && is_litter("a/.DS_Store") && !is_litter("a/b.pptx"));
    }
}
