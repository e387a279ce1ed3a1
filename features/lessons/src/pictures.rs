//! Pictures in a plan's text, and other files that are dropped on it. The text names a picture by the id of its file,
//! and only one of the plan's own: nothing is shown from anywhere else.

use std::collections::BTreeMap;
use std::io::Read;

use base::{Hash, Subject};
use documents::Node;
use log::Context;
use packages::{Archive, Bounds, Refusal};
use records::check;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use text::Words;
use web::{PageError, Reply, Request, Sent, Site};

use crate::facts::LESSON_PLAN;
use crate::part::may_edit;

/// The element that is a picture.
pub(crate) const PICTURE: &str = "image";

/// A picture among a plan's files.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub hash: Hash,
    pub media: String,
    /// Its content is on this node.
    pub here: bool,
}

/// The pictures among a plan's files, by id.
pub(crate) type Pictures = BTreeMap<String, Picture>;

/// The pictures among the files of a plan.
pub(crate) fn of_plan(site: &Site, conn: &Connection, plan: &Subject) -> Result<Pictures, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT f.id, f.content, coalesce(f.media, '') FROM file f JOIN lesson_plan_files v ON v.value = f.id
         WHERE v.id = ?1 AND f.content IS NOT NULL",
    )?;
    let rows = stmt.query_map([plan.as_bytes()], |r| {
        Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?, r.get::<_, String>(2)?))
    })?;
    let mut out = Pictures::new();
    for row in rows {
        let (id, hash, media) = row?;
        let (Ok(id), Ok(hash)) = (Subject::try_from(id.as_slice()), Hash::try_from(hash.as_slice())) else { continue };
        if shows(&media) {
            out.insert(id.to_string(), Picture { hash, here: site.blobs.has(&hash), media });
        }
    }
    Ok(out)
}

/// Bytes that the pictures of a document or a PDF may have together: beyond, their words stand in their place.
pub(crate) const MOST: usize = 64 << 20;

/// A picture's content, where it is here and not larger than what is left of [`MOST`], from which it is taken.
pub(crate) fn read(site: &Site, picture: &Picture, left: &mut usize) -> Option<Vec<u8>> {
    let file = site.blobs.open_blob(&picture.hash).ok().flatten()?;
    let mut bytes = Vec::new();
    file.take(*left as u64 + 1).read_to_end(&mut bytes).ok()?;
    *left = left.checked_sub(bytes.len())?;
    Some(bytes)
}

/// The words that stand where a picture cannot.
pub(crate) fn instead(node: &Node, words: &Words<'_>) -> String {
    let alt = node.attribute("alt").unwrap_or_default();
    let name = words.get("plan-picture");
    if alt.is_empty() { format!("[{name}]") } else { format!("[{name}: {alt}]") }
}

/// Whether a browser shows it as a picture, and a program in it has no say.
fn shows(media: &str) -> bool {
    matches!(media, "image/jpeg" | "image/png" | "image/webp" | "image/gif")
}

/// Takes files into a plan, and says which they are. What was sent before, by a page that was cut off before it heard
/// the answer, is the same file still.
pub(crate) fn add(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_edit(site, request)?;
    let id = request.id("id")?;
    if request.files.is_empty() {
        return Err(PageError::Rule("no-file".to_owned()));
    }
    let taken = site.store.write(Context { author: request.reader()?.person }, |tx| {
        let mut taken = Vec::new();
        for sent in &request.files {
            let file = match known(tx.conn(), &id, sent)? {
                Some(file) => file,
                None => {
                    let made = register::attach(tx, site, &LESSON_PLAN, &id, std::slice::from_ref(sent))?;
                    check(tx, &LESSON_PLAN, &id)?;
                    made.first().copied().ok_or(PageError::NotFound)?
                }
            };
            taken.push(json!({ "id": file.to_string(), "picture": shows(sent.media) }));
        }
        Ok::<_, PageError>(taken)
    })?;
    Ok(Reply::Bytes("application/json", None, json!(taken).to_string().into_bytes()))
}

/// The file of a plan that has this name and this content.
fn known(conn: &Connection, plan: &Subject, sent: &Sent) -> Result<Option<Subject>, PageError> {
    let found: Option<Vec<u8>> = conn
        .prepare_cached(
            "SELECT f.id FROM file f JOIN lesson_plan_files v ON v.value = f.id
             WHERE v.id = ?1 AND f.content = ?2 AND f.name = ?3 LIMIT 1",
        )?
        .query_row(params![plan.as_bytes(), sent.hash.0.as_slice(), sent.name], |r| r.get(0))
        .optional()?;
    Ok(found.and_then(|id| Subject::try_from(id.as_slice()).ok()))
}

/// Pictures of a document that become pictures of a plan.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Their paths in the document, and which of the files each is.
    places: BTreeMap<String, usize>,
    /// They, freed of what their metadata said.
    pub files: Vec<Sent>,
}

impl Shown {
    /// Takes the pictures that a text names out of the document that was sent. Drawings, and what a browser does not show,
    /// stay in the document alone.
    pub(crate) fn of(site: &Site, sent: &Sent, tree: &[Node]) -> Result<Self, PageError> {
        let mut out = Self::default();
        let mut paths = Vec::new();
        named(tree, &mut paths);
        let open = site.blobs.open_blob(&sent.hash).map_err(|e| PageError::Internal(e.to_string()))?;
        let bounds = Bounds { entries: 10_000, ..Bounds::default() };
        let Some(mut archive) = open.filter(|_| !paths.is_empty()).and_then(|f| Archive::open(f, &bounds).ok()) else {
            return Ok(out);
        };
        let mut left = MOST as u64;
        for path in paths {
            let entry = archive.entries().iter().find(|e| e.path == path && e.size <= left).cloned();
            let Some(entry) = entry.filter(|_| !out.places.contains_key(&path)) else { continue };
            left -= entry.size;
            let taken = archive.read(&entry, |reader| {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).map_err(|_| Refusal::Broken)?;
                Ok::<_, Refusal>(bytes)
            });
            let Some(bytes) = taken.ok().filter(|b| shows(media::sniff(b.get(..media::HEAD).unwrap_or(b)))) else {
                continue;
            };
            match web::store(&site.blobs, bytes.as_slice()) {
                Ok((media, hash, len)) => {
                    let name = path.rsplit('/').next().unwrap_or_default().chars().take(120).collect();
                    out.places.insert(path, out.files.len());
                    out.files.push(Sent { name, media, hash, len });
                }
                Err(PageError::Rule(code)) if code != "disk-full" => {}
                Err(e) => return Err(e),
            }
        }
        Ok(out)
    }

    /// Puts files in the places of paths; what could not be taken is told in words.
    pub(crate) fn put(&self, nodes: &mut [Node], ids: &[Subject], words: &Words<'_>) {
        for node in nodes {
            if node.name() == PICTURE {
                let place = node.attribute("file").and_then(|path| self.places.get(path));
                *node = match place.and_then(|n| ids.get(*n)) {
                    Some(id) => {
                        let alt = node.attribute("alt").unwrap_or_default().to_owned();
                        Node::element(PICTURE, Vec::new()).with("file", id.to_string()).with("alt", alt)
                    }
                    None => Node::element("paragraph", vec![Node::text(instead(node, words))]),
                };
            } else if let Node::Element { children, .. } = node {
                self.put(children, ids, words);
            }
        }
    }
}

fn named(nodes: &[Node], out: &mut Vec<String>) {
    for node in nodes {
        if node.name() == PICTURE {
            out.extend(node.attribute("file").map(ToOwned::to_owned));
        }
        named(node.children(), out);
    }
}
