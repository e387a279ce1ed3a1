use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::Hash;
use blobs::Blobs;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{AssetError, MAX_TREE, Tree};

/// Which trees are here, what they still lack, and which file lies in which tree. It can be thrown away: all of it is
/// read again from the blobs.
pub struct Shelf {
    conn: Mutex<Connection>,
    blobs: Blobs,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    /// Opens or makes the shelf's file.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn open(path: &Path, blobs: Blobs) -> Result<Self, AssetError> {
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000;
             CREATE TABLE IF NOT EXISTS tree (tree BLOB PRIMARY KEY, whole INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS leaf (
               tree BLOB NOT NULL, content BLOB NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (tree, content)) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS leaf_by_content ON leaf (content);
             CREATE TABLE IF NOT EXISTS tried (
               source BLOB NOT NULL, recipe TEXT NOT NULL, tries INTEGER NOT NULL, last INTEGER NOT NULL,
               PRIMARY KEY (source, recipe)) WITHOUT ROWID;",
        )?;
        Ok(Self { conn: Mutex::new(conn), blobs })
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tree that is here.
    ///
    /// # Errors
    /// [`AssetError`]: it is no tree, or the disk says so.
    pub fn tree(&self, hash: &Hash) -> Result<Option<Tree>, AssetError> {
        let Some(file) = self.blobs.open_blob(hash)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(MAX_TREE as u64 + 1).read_to_end(&mut bytes)?;
        Tree::decode(&bytes).map(Some)
    }

    /// What a tree still lacks, with lengths; the tree itself where it is not here. A broken tree lacks nothing: it
    /// can only be fetched as it is.
    ///
    /// # Errors
    /// [`AssetError`].
    pub fn lacks(&self, hash: &Hash, bytes: u64) -> Result<Vec<(Hash, u64)>, AssetError> {
        let known: Option<bool> = self
            .conn()
            .prepare_cached("SELECT whole FROM tree WHERE tree = ?1")?
            .query_row([hash.0.as_slice()], |r| r.get(0))
            .optional()?;
        if known == Some(true) {
            return Ok(Vec::new());
        }
        // A tree that was known and swept away since is fetched again with its leaves.
        if !self.blobs.has(hash) || (known.is_none() && !self.take_in(hash)?) {
            return Ok(vec![(*hash, bytes)]);
        }
        let lacking: Vec<(Hash, u64)> =
            self.leaves(hash)?.into_iter().filter(|(content, _)| !self.blobs.has(content)).collect();
        if lacking.is_empty() {
            self.conn().prepare_cached("UPDATE tree SET whole = 1 WHERE tree = ?1")?.execute([hash.0.as_slice()])?;
        }
        Ok(lacking)
    }

    /// Notes what lies in a tree, if it is here.
    fn take_in(&self, hash: &Hash) -> Result<bool, AssetError> {
        let tree = match self.tree(hash) {
            Ok(Some(tree)) => tree,
            Ok(None) => return Ok(false),
            Err(AssetError::Tree(_)) => Tree::default(),
            Err(e) => return Err(e),
        };
        let mut conn = self.conn();
        let tx = conn.transaction()?;
        tx.execute("INSERT OR IGNORE INTO tree VALUES (?1, 0)", [hash.0.as_slice()])?;
        for (_, leaf) in tree.leaves() {
            tx.prepare_cached("INSERT OR IGNORE INTO leaf VALUES (?1, ?2, ?3)")?.execute(params![
                hash.0.as_slice(),
                leaf.content.0.as_slice(),
                leaf.bytes.cast_signed()
            ])?;
        }
        tx.commit()?;
        Ok(true)
    }

    /// The contents that lie in a tree which has been taken in, with their lengths.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn leaves(&self, hash: &Hash) -> Result<Vec<(Hash, u64)>, AssetError> {
        let conn = self.conn();
        let mut stmt = conn.prepare_cached("SELECT content, bytes FROM leaf WHERE tree = ?1")?;
        let rows = stmt.query_map([hash.0.as_slice()], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, i64>(1)?)))?;
        let mut out = Vec::new();
        for row in rows {
            let (content, bytes) = row?;
            out.extend(Hash::try_from(content.as_slice()).ok().map(|c| (c, bytes.cast_unsigned())));
        }
        Ok(out)
    }

    /// The trees in which a content lies.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn trees_with(&self, content: &Hash) -> Result<Vec<Hash>, AssetError> {
        let conn = self.conn();
        let mut stmt = conn.prepare_cached("SELECT tree FROM leaf WHERE content = ?1")?;
        let rows = stmt.query_map([content.0.as_slice()], |r| r.get::<_, Vec<u8>>(0))?;
        let mut out = Vec::new();
        for row in rows {
            out.extend(Hash::try_from(row?.as_slice()).ok());
        }
        Ok(out)
    }

    /// Forgets that trees are whole: after contents were swept, what is wanted is looked for anew.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn look_again(&self) -> Result<(), AssetError> {
        self.conn().execute("UPDATE tree SET whole = 0", [])?;
        Ok(())
    }

    /// How often a recipe was tried on a content without an answer, and when last, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn tries(&self, source: &Hash, recipe: &str) -> Result<(u32, u64), AssetError> {
        let found = self
            .conn()
            .prepare_cached("SELECT tries, last FROM tried WHERE source = ?1 AND recipe = ?2")?
            .query_row(params![source.0.as_slice(), recipe], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?)))
            .optional()?;
        Ok(found.map_or((0, 0), |(tries, last)| (tries, last.cast_unsigned())))
    }

    /// Notes that a recipe is tried: before it begins, so that what takes the node down is not tried for ever.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn note_try(&self, source: &Hash, recipe: &str, now_ms: u64) -> Result<(), AssetError> {
        self.conn().execute(
            "INSERT INTO tried VALUES (?1, ?2, 1, ?3) ON CONFLICT DO UPDATE SET tries = tries + 1, last = ?3",
            params![source.0.as_slice(), recipe, now_ms.cast_signed()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Leaf;

    fn put(blobs: &Blobs, bytes: &[u8]) -> Leaf {
        let (content, bytes) = blobs.put(bytes).unwrap();
        Leaf { content, bytes, media: String::new() }
    }

    #[test]
    fn a_tree_lacks_what_is_not_here_and_is_whole_when_all_is() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (there, here) = (Blobs::open(a.path()).unwrap(), Blobs::open(b.path()).unwrap());
        let mut tree = Tree::default();
        tree.put("a", put(&there, b"one")).unwrap();
        tree.put("b/c", put(&there, b"two")).unwrap();
        let encoded = tree.encode();
        let (hash, len) = there.put(encoded.as_slice()).unwrap();
        let shelf = Shelf::open(&b.path().join("shelf.db"), here.clone()).unwrap();
        assert_eq!(shelf.lacks(&hash, len).unwrap(), [(hash, len)]);
        here.put(encoded.as_slice()).unwrap();
        assert_eq!(shelf.lacks(&hash, len).unwrap().len(), 2);
        put(&here, b"one");
        let left = shelf.lacks(&hash, len).unwrap();
        assert_eq!(left, [(tree.get("b/c").unwrap().content, 3)]);
        assert_eq!(shelf.trees_with(&left[0].0).unwrap(), [hash]);
        put(&here, b"two");
        assert!(shelf.lacks(&hash, len).unwrap().is_empty());
    }

    #[test]
    fn a_tree_that_was_swept_away_is_lacking_itself() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let shelf = Shelf::open(&dir.path().join("shelf.db"), blobs.clone()).unwrap();
        let mut tree = Tree::default();
        tree.put("a", put(&blobs, b"one")).unwrap();
        let (hash, len) = blobs.put(tree.encode().as_slice()).unwrap();
        assert!(shelf.lacks(&hash, len).unwrap().is_empty());
        std::fs::remove_file(blobs.path(&hash)).unwrap();
        assert!(shelf.lacks(&hash, len).unwrap().is_empty(), "nobody said that something was swept");
        shelf.look_again().unwrap();
        assert_eq!(shelf.lacks(&hash, len).unwrap(), [(hash, len)]);
    }

    #[test]
    fn a_broken_tree_lacks_nothing_and_tries_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let shelf = Shelf::open(&dir.path().join("shelf.db"), blobs.clone()).unwrap();
        let (hash, len) = blobs.put(&b"no tree"[..]).unwrap();
        assert!(shelf.lacks(&hash, len).unwrap().is_empty());
        assert_eq!(shelf.tries(&hash, "slides-1").unwrap(), (0, 0));
        shelf.note_try(&hash, "slides-1", 7).unwrap();
        shelf.note_try(&hash, "slides-1", 9).unwrap();
        assert_eq!(shelf.tries(&hash, "slides-1").unwrap(), (2, 9));
    }
}
