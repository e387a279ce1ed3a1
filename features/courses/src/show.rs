//! How a resource is shown: slides as pictures, video and voice as small as the link asks, everything else to be saved.

use assets::{Shelf, TREE, Tree};
use base::{Hash, Subject};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::RESOURCE;
use crate::kept::packed;

/// A resource's file.
pub(crate) struct File {
    pub name: String,
    pub media: String,
    pub content: Hash,
    pub bytes: u64,
}

/// The file of a resource that is here.
pub(crate) fn file(conn: &Connection, id: &Subject) -> Result<Option<File>, PageError> {
    let found = conn
        .prepare_cached(
            "SELECT coalesce(file, title, ''), coalesce(media, ''), content, coalesce(bytes, 0) FROM resource
             WHERE id = ?1 AND content IS NOT NULL",
        )?
        .query_row([id.as_bytes()], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, Vec<u8>>(2)?, r.get::<_, i64>(3)?))
        })
        .optional()?;
    Ok(found.and_then(|(name, media, content, bytes)| {
        let content = Hash::try_from(content.as_slice()).ok()?;
        Some(File { name, media, content, bytes: u64::try_from(bytes).unwrap_or(0) })
    }))
}

/// The original file.
pub(crate) fn content(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let file = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &id)?;
        file(conn, &id)?.ok_or(PageError::NotFound)
    })?;
    if file.media == TREE {
        let hash = packed(site, shelf, &file.content)?;
        return Ok(Reply::File { hash, media: "application/zip".to_owned(), name: file.name });
    }
    Ok(Reply::File { hash: file.content, media: file.media, name: file.name })
}

/// A file of what was made of it.
pub(crate) fn rendition(site: &Site, request: &Request, shelf: &Shelf) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let param = |name: &str| request.params.get(name).map(String::as_str).unwrap_or_default();
    let (recipe, name) = (param("recipe"), param("name"));
    site.store.read(|conn| {
        register::visible(conn, request.reader()?, &RESOURCE, &id)?;
        let file = file(conn, &id)?.ok_or(PageError::NotFound)?;
        let made = made_of(conn, &file.content, recipe)?.and_then(|m| m.tree).ok_or(PageError::NotFound)?;
        let tree = tree(shelf, &made)?.ok_or(PageError::NotFound)?;
        let leaf = tree.get(name).ok_or(PageError::NotFound)?;
        Ok(Reply::File { hash: leaf.content, media: leaf.media.clone(), name: name.to_owned() })
    })
}

/// What a recipe gave.
pub(crate) struct MadeOf {
    pub tree: Option<Hash>,
    pub refused: Option<String>,
}

/// What a recipe gave for a content; the first answer counts, so that every node shows the same.
pub(crate) fn made_of(conn: &Connection, source: &Hash, recipe: &str) -> Result<Option<MadeOf>, PageError> {
    let found = conn
        .prepare_cached(
            "SELECT content, refused FROM rendition WHERE source = ?1 AND recipe = ?2
             ORDER BY content IS NULL, made, id LIMIT 1",
        )?
        .query_row(rusqlite::params![source.0.as_slice(), recipe], |r| {
            Ok((r.get::<_, Option<Vec<u8>>>(0)?, r.get::<_, Option<String>>(1)?))
        })
        .optional()?;
    Ok(found
        .map(|(content, refused)| MadeOf { tree: content.and_then(|c| Hash::try_from(c.as_slice()).ok()), refused }))
}

/// A tree that is here and can be read.
pub(crate) fn tree(shelf: &Shelf, hash: &Hash) -> Result<Option<Tree>, PageError> {
    shelf.tree(hash).map_err(|e| PageError::Internal(e.to_string()))
}

/// A picture of a page.
pub(crate) struct Page {
    pub n: i64,
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub here: bool,
}

/// The pages that a tree of slides holds, in order.
pub(crate) fn pages(site: &Site, tree: &Tree) -> Vec<Page> {
    let page = |s: assets::Slide| Page {
        n: s.n,
        name: s.name,
        width: s.width,
        height: s.height,
        here: site.blobs.has(&s.content),
    };
    assets::slides(tree).into_iter().map(page).collect()
}
