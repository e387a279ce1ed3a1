//! EPUB 2 and 3: the order of reading, and the names of the chapters.

use std::collections::BTreeMap;

use packages::xml::{Step, attribute, attributes, walk};

use crate::place::{Root, resolve};
use crate::{Files, Launch, LaunchError, MAX_PARTS, MAX_SAID, Part, Player, line};

/// Ways of hiding a font that are no lock.
const FONTS: [&str; 2] = ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];

#[derive(Default)]
struct Opf {
    title: String,
    /// Address, type and properties by identifier.
    manifest: BTreeMap<String, (String, String, String)>,
    spine: Vec<String>,
    contents: String,
}

pub(crate) fn launch(files: &mut dyn Files, root: &Root) -> Result<Launch, LaunchError> {
    if locked(files, root)? {
        return Err(LaunchError::Locked);
    }
    let container = files.read(&root.at("META-INF/container.xml"), MAX_SAID).ok_or(LaunchError::Broken)?;
    let mut opf = None;
    walk(&container, |step| {
        if let Step::Start("rootfile", e) = step {
            opf = opf.take().or(attribute(e, "full-path"));
        }
        Ok::<_, LaunchError>(())
    })?;
    let path = opf.map(|path| root.at(&path)).ok_or(LaunchError::Broken)?;
    let opf = read(&files.read(&path, MAX_SAID).ok_or(LaunchError::Lacks)?)?;
    let titles = contents(files, &path, &opf);
    let (mut parts, mut left_out) = (Vec::new(), 0);
    for id in opf.spine.iter().take(MAX_PARTS) {
        let at = opf.manifest.get(id).filter(|(_, media, _)| media.contains("html") || media.contains("svg"));
        let Some((path, after)) = at.and_then(|(href, ..)| resolve(files, &path, href)) else {
            left_out += 1;
            continue;
        };
        let (title, depth) = titles.get(&path).cloned().unwrap_or_default();
        parts.push(Part { title, path, after, depth });
    }
    let title = Some(line(&opf.title)).filter(|t| !t.is_empty());
    Ok(Launch { player: Player::Book, title, parts, left_out, questions: Vec::new(), activity: None })
}

/// Whether anything but fonts is encrypted.
fn locked(files: &mut dyn Files, root: &Root) -> Result<bool, LaunchError> {
    let Some(bytes) = files.read(&root.at("META-INF/encryption.xml"), MAX_SAID) else { return Ok(false) };
    let mut locked = false;
    walk(&bytes, |step| {
        if let Step::Start("EncryptionMethod", e) = step {
            let how = attribute(e, "Algorithm").unwrap_or_default();
            locked |= !FONTS.contains(&how.as_str());
        }
        Ok::<_, LaunchError>(())
    })?;
    Ok(locked)
}

fn read(bytes: &[u8]) -> Result<Opf, LaunchError> {
    let mut out = Opf::default();
    let mut title = false;
    walk(bytes, |step| {
        match step {
            Step::Start("title", _) => title = out.title.is_empty(),
            Step::End("title") => title = false,
            Step::Text(text) if title => out.title.push_str(text),
            Step::Start("item", e) if out.manifest.len() < MAX_PARTS * 4 => {
                let said: BTreeMap<String, String> = attributes(e).into_iter().collect();
                let get = |key: &str| said.get(key).cloned().unwrap_or_default();
                out.manifest.insert(get("id"), (get("href"), get("media-type"), get("properties")));
            }
            Step::Start("spine", e) => out.contents = attribute(e, "toc").unwrap_or_default(),
            Step::Start("itemref", e)
                if out.spine.len() < MAX_PARTS && attribute(e, "linear").as_deref() != Some("no") =>
            {
                out.spine.extend(attribute(e, "idref"));
            }
            _ => {}
        }
        Ok::<_, LaunchError>(())
    })?;
    Ok(out)
}

/// The names of the chapters by their paths; the first that a path has. Without contents that can be read, none.
fn contents(files: &mut dyn Files, opf_path: &str, opf: &Opf) -> BTreeMap<String, (String, u8)> {
    let navigation = opf.manifest.values().find(|(_, _, properties)| properties.split(' ').any(|p| p == "nav"));
    let found = navigation.or_else(|| opf.manifest.get(&opf.contents));
    let Some((path, _)) = found.and_then(|(href, ..)| resolve(files, opf_path, href)) else { return BTreeMap::new() };
    let Some(bytes) = files.read(&path, MAX_SAID) else { return BTreeMap::new() };
    let lines = if path.to_lowercase().ends_with(".ncx") { points(&bytes) } else { links(&bytes) };
    let mut out = BTreeMap::new();
    for (title, address, depth) in lines {
        if let Some((path, _)) = resolve(files, &path, &address) {
            out.entry(path).or_insert((line(&title), depth));
        }
    }
    out
}

/// Title, address and depth.
type Line = (String, String, u8);

/// The contents of EPUB 3: the first `nav`, unless another says that it is the contents.
fn links(bytes: &[u8]) -> Vec<Line> {
    let (mut all, mut depth, mut inside, mut link, mut chosen) = (Vec::new(), 0u8, 0u8, false, false);
    let done = walk(bytes, |step| {
        match step {
            Step::Start("nav", e) => {
                let contents = attribute(e, "type").is_some_and(|t| t.split(' ').any(|t| t == "toc"));
                if contents {
                    all.clear();
                    chosen = true;
                }
                inside += u8::from(contents || !chosen);
                depth = 0;
            }
            Step::End("nav") => inside = 0,
            Step::Start("ol", _) => depth = depth.saturating_add(1),
            Step::End("ol") => depth = depth.saturating_sub(1),
            Step::Start("a", e) if inside > 0 && all.len() < MAX_PARTS => {
                link = true;
                all.push((String::new(), attribute(e, "href").unwrap_or_default(), depth.saturating_sub(1)));
            }
            Step::End("a") => link = false,
            Step::Text(text) if link => {
                if let Some((title, ..)) = all.last_mut() {
                    title.push_str(text);
                }
            }
            _ => {}
        }
        Ok::<_, LaunchError>(())
    });
    if done.is_ok() { all } else { Vec::new() }
}

/// The contents of EPUB 2.
fn points(bytes: &[u8]) -> Vec<Line> {
    let (mut all, mut depth, mut text_of) = (Vec::<Line>::new(), 0u8, false);
    let mut title = String::new();
    let done = walk(bytes, |step| {
        match step {
            Step::Start("navPoint", _) => depth = depth.saturating_add(1),
            Step::End("navPoint") => depth = depth.saturating_sub(1),
            Step::Start("text", _) => {
                text_of = depth > 0;
                title.clear();
            }
            Step::End("text") => text_of = false,
            Step::Text(text) if text_of => title.push_str(text),
            Step::Start("content", e) if depth > 0 && all.len() < MAX_PARTS => {
                let address = attribute(e, "src").unwrap_or_default();
                all.push((std::mem::take(&mut title), address, depth - 1));
            }
            _ => {}
        }
        Ok::<_, LaunchError>(())
    });
    if done.is_ok() { all } else { Vec::new() }
}
