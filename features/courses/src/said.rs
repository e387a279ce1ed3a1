//! What the library's files say, so that they are found by it: the texts that were taken out of them, read into the index
//! beside the log as they come.

use std::collections::BTreeSet;

use assets::{Index, Shelf, TEXT};
use base::Hash;
use rusqlite::Connection;
use web::{Leads, PageError, Site};

/// The file that the recipe for text leaves.
const SAID: &str = "text.txt";

/// The ways from files to what is found: a part of a course by its own file, a course by its parts and their files.
pub const LEADS: [Leads; 2] = [
    Leads {
        kind: "resource",
        // Subtitles lead to their film.
        way: "CROSS JOIN resource r ON r.content = f.source CROSS JOIN resource t ON t.id = coalesce(r.beside, r.id)",
        through: None,
        sources: "SELECT r.content FROM resource r WHERE (r.id = ?1 OR r.beside = ?1)
                  AND r.course = (SELECT course FROM resource WHERE id = ?1)",
    },
    Leads {
        kind: "course",
        way: "CROSS JOIN resource r ON r.content = f.source CROSS JOIN course t ON t.id = r.course",
        through: Some(("resource", "r")),
        sources: "",
    },
];

/// Reads texts that are here into the index. Gives how many it read.
///
/// # Errors
/// What the databases say.
pub fn read_in(site: &Site, shelf: &Shelf, index: &Index) -> Result<usize, PageError> {
    let known = index.known().map_err(|e| inside(&e))?;
    let texts = site.store.read(|conn| Ok::<_, PageError>(texts(conn)?))?;
    let mut read = 0;
    for (source, tree) in texts.into_iter().filter(|(source, _)| !known.contains(source)) {
        // A text that cannot be read keeps nobody from the others.
        let Ok(Some(tree)) = shelf.tree(&tree) else { continue };
        let Some(leaf) = tree.get(SAID) else { continue };
        read += usize::from(index.take_in(&source, &leaf.content).map_err(|e| inside(&e))?);
    }
    Ok(read)
}

fn inside(e: &assets::AssetError) -> PageError {
    PageError::Internal(e.to_string())
}

/// Files that a record names, each with the tree that its text lies in.
fn texts(conn: &Connection) -> rusqlite::Result<Vec<(Hash, Hash)>> {
    let mut stmt = conn.prepare_cached(
        "SELECT d.source, d.content FROM rendition d WHERE d.recipe = ?1 AND d.content IS NOT NULL
         AND EXISTS (SELECT 1 FROM resource r WHERE r.content = d.source)",
    )?;
    let rows = stmt.query_map([TEXT], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (source, tree) = row?;
        out.extend(Hash::try_from(source.as_slice()).ok().zip(Hash::try_from(tree.as_slice()).ok()));
    }
    Ok(out)
}

/// The files whose words stay found: those that a record names which stands.
///
/// # Errors
/// What the database says.
pub fn named(conn: &Connection) -> rusqlite::Result<BTreeSet<Hash>> {
    let mut stmt = conn.prepare_cached("SELECT content FROM resource WHERE content IS NOT NULL")?;
    let rows = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
    let mut out = BTreeSet::new();
    for row in rows {
        out.extend(Hash::try_from(row?.as_slice()).ok());
    }
    Ok(out)
}
