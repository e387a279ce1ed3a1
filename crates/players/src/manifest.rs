//! `imsmanifest.xml`: what SCORM and Common Cartridge say of their contents.

use std::collections::BTreeMap;

use packages::xml::{Step, attributes, walk};

use crate::place::{Root, resolve};
use crate::{Files, Launch, LaunchError, MAX_PARTS, MAX_SAID, Part, Player, line};

#[derive(Default)]
struct Item {
    title: String,
    resource: String,
    parameters: String,
    depth: u8,
    hidden: bool,
}

#[derive(Default)]
struct Resource {
    kind: String,
    href: String,
    /// The first of its files.
    file: String,
    base: String,
}

#[derive(Default)]
struct Manifest {
    schema: String,
    version: String,
    /// The organisation that counts, and those that there are: identifier, title, items.
    default: String,
    organisations: Vec<(String, String, Vec<Item>)>,
    resources: BTreeMap<String, Resource>,
    /// Folders that addresses are read from: of the manifest, and of its resources.
    bases: [String; 2],
    /// What its metadata calls it, in the first language: a cartridge's organisation has no title.
    title: String,
}

pub(crate) fn launch(files: &mut dyn Files, root: &Root) -> Result<Launch, LaunchError> {
    let path = root.at("imsmanifest.xml");
    let bytes = files.read(&path, MAX_SAID).ok_or(LaunchError::Broken)?;
    let manifest = read(&bytes)?;
    let player = player(&manifest);
    let chosen = manifest.organisations.iter().find(|(id, ..)| *id == manifest.default);
    let (_, title, items) = chosen.or(manifest.organisations.first()).ok_or(LaunchError::Lacks)?;
    // A cartridge has one item around all others, which is no level of its contents.
    let root = items.first().filter(|i| i.title.trim().is_empty() && i.resource.is_empty());
    let around = u8::from(root.is_some_and(|_| items.iter().skip(1).all(|i| i.depth > 0)));
    let (mut parts, mut left_out, mut questions) = (Vec::new(), 0, Vec::new());
    for item in items.iter().filter(|i| !i.hidden && !i.resource.is_empty()).take(MAX_PARTS) {
        let resource = manifest.resources.get(&item.resource);
        let asked = resource.filter(|r| asks(r)).map(|r| if r.href.is_empty() { &r.file } else { &r.href });
        if let Some((path, _)) = asked.and_then(|asked| resolve(files, &path, asked)) {
            questions.push(path);
            continue;
        }
        let at = resource.and_then(|r| address(&manifest, r));
        let Some((path, after)) = at.and_then(|at| resolve(files, &path, &at)).filter(|(path, _)| shows(path)) else {
            left_out += 1;
            continue;
        };
        let after = with_parameters(after, &item.parameters);
        parts.push(Part { title: line(&item.title), path, after, depth: item.depth.saturating_sub(around) });
    }
    let title = if title.trim().is_empty() { &manifest.title } else { title };
    let title = Some(line(title)).filter(|t| !t.is_empty());
    Ok(Launch { player, title, parts, left_out, questions, activity: None })
}

fn player(manifest: &Manifest) -> Player {
    let (schema, version) = (manifest.schema.to_lowercase(), manifest.version.to_lowercase());
    let cartridge = |r: &Resource| r.kind.starts_with("imsdt") || r.kind.starts_with("imswl");
    if schema.contains("cartridge") || (schema.is_empty() && manifest.resources.values().any(cartridge)) {
        Player::Cartridge
    } else if version.contains("2004") || version.contains("1.3") {
        Player::Scorm2004
    } else {
        Player::Scorm12
    }
}

/// Whether a resource is an assessment of a cartridge.
fn asks(resource: &Resource) -> bool {
    resource.kind.starts_with("imsqti_xmlv1p2") && resource.kind.ends_with("/assessment")
}

/// Questions of a cartridge and addresses elsewhere have no page in the package.
fn address(manifest: &Manifest, resource: &Resource) -> Option<String> {
    let page = resource.kind.is_empty()
        || ["webcontent", "associatedcontent/", "text/"].iter().any(|k| resource.kind.starts_with(k));
    let [all, resources] = &manifest.bases;
    (page && !resource.href.is_empty()).then(|| format!("{all}{resources}{}{}", resource.base, resource.href))
}

fn shows(path: &str) -> bool {
    let media = crate::media_of(path);
    matches!(media, "text/html" | "application/xhtml+xml" | "application/pdf" | "text/plain" | "image/svg+xml")
        || ["image/", "audio/", "video/"].iter().any(|kind| media.starts_with(kind))
}

/// As the standard joins them: `parameters` may begin with `?`, `&` or `#`, or with none of them.
fn with_parameters(after: String, parameters: &str) -> String {
    let said = parameters.trim_start_matches(['?', '&']);
    if said.is_empty() || said.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return after;
    }
    match said.strip_prefix('#') {
        Some(_) if after.contains('#') => after,
        Some(_) => format!("{after}{said}"),
        None if after.starts_with('?') => format!("{after}&{said}"),
        None => format!("?{said}{after}"),
    }
}

fn read(bytes: &[u8]) -> Result<Manifest, LaunchError> {
    let mut out = Manifest::default();
    let mut open: Vec<String> = Vec::new();
    let mut depth = 0u8;
    // Where the text of a title goes: the items that are open, by their places.
    let mut items: Vec<usize> = Vec::new();
    let mut named = false;
    let mut resource = String::new();
    walk(bytes, |step| {
        match step {
            Step::Start(name, e) => {
                let said: BTreeMap<String, String> = attributes(e).into_iter().collect();
                let get = |key: &str| said.get(key).cloned().unwrap_or_default();
                match name {
                    "manifest" if open.is_empty() => out.bases[0] = get("base"),
                    "resources" => out.bases[1] = get("base"),
                    "organizations" => out.default = get("default"),
                    "organization" => out.organisations.push((get("identifier"), String::new(), Vec::new())),
                    "item" => {
                        depth = depth.saturating_add(1);
                        if let Some((_, _, list)) = out.organisations.last_mut()
                            && list.len() < MAX_PARTS
                        {
                            list.push(Item {
                                title: String::new(),
                                resource: get("identifierref"),
                                parameters: get("parameters"),
                                depth: depth - 1,
                                hidden: get("isvisible") == "false",
                            });
                            items.push(list.len() - 1);
                        }
                    }
                    "file" if open.last().is_some_and(|e| e == "resource") => {
                        if let Some(r) = out.resources.get_mut(&resource).filter(|r| r.file.is_empty()) {
                            r.file = get("href");
                        }
                    }
                    "resource" if out.resources.len() < MAX_PARTS * 4 => {
                        resource = get("identifier");
                        let said =
                            Resource { kind: get("type"), href: get("href"), base: get("base"), ..Resource::default() };
                        out.resources.insert(resource.clone(), said);
                    }
                    _ => {}
                }
                open.push(name.to_owned());
            }
            Step::End(name) => {
                if name == "string" || name == "langstring" {
                    named = named || !out.title.trim().is_empty();
                }
                if name == "item" {
                    depth = depth.saturating_sub(1);
                    items.pop();
                }
                open.pop();
            }
            Step::Text(text) => {
                let lom = |n: usize, name: &str| open.iter().rev().nth(n).is_some_and(|e| e == name);
                if !named && lom(1, "title") && lom(2, "general") && lom(4, "metadata") && open.len() == 6 {
                    out.title.push_str(text);
                }
                said(&mut out, &open, &items, text);
            }
        }
        Ok::<_, LaunchError>(())
    })?;
    Ok(out)
}

/// Text, where it says something that counts.
fn said(out: &mut Manifest, open: &[String], items: &[usize], text: &str) {
    let [.., around, inside] = open else { return };
    match (around.as_str(), inside.as_str()) {
        ("metadata", "schema") if open.len() == 3 => out.schema.push_str(text.trim()),
        ("metadata", "schemaversion") if open.len() == 3 => out.version.push_str(text.trim()),
        ("organization", "title") => {
            if let Some((_, title, _)) = out.organisations.last_mut() {
                title.push_str(text);
            }
        }
        ("item", "title") => {
            let item = out.organisations.last_mut().zip(items.last()).and_then(|((_, _, list), n)| list.get_mut(*n));
            if let Some(item) = item {
                item.title.push_str(text);
            }
        }
        _ => {}
    }
}
