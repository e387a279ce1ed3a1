use std::collections::BTreeMap;

use base::Hash;
use minicbor::{Decoder, Encoder};

use crate::AssetError;

/// The media type of a tree.
pub const TREE: &str = "application/vnd.zampa.tree";
/// Leaves that a tree may have: the files of the largest packages that are taken in.
pub const MAX_LEAVES: usize = 10_000;
/// Bytes that a tree itself may have.
pub const MAX_TREE: usize = 4 << 20;
/// Characters of a path.
const MAX_PATH: usize = 512;
/// Characters of a media type.
const MAX_MEDIA: usize = 120;
/// How trees are written; another way is another number.
const VERSION: u8 = 1;

/// A file in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its content.
    pub content: Hash,
    /// Its length in bytes.
    pub bytes: u64,
    /// What it is, by its bytes or by its name's ending.
    pub media: String,
}

/// Files by their paths, in the order of the paths. The same files give the same bytes, and so the same blob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Leaf>);

impl Tree {
    /// Puts a file at a path: parts divided by `/`, none of them empty, `.` or `..`.
    ///
    /// # Errors
    /// [`AssetError::Tree`] for another path, one that is taken, or one leaf too many.
    pub fn put(&mut self, path: &str, leaf: Leaf) -> Result<(), AssetError> {
        if self.0.len() >= MAX_LEAVES {
            return Err(AssetError::Tree("too many files"));
        }
        let fits = path.chars().count() <= MAX_PATH && leaf.media.len() <= MAX_MEDIA;
        let plain = !path.chars().any(|c| c.is_control() || c == '\\');
        if !fits || !plain || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(AssetError::Tree("a path that leads nowhere"));
        }
        if self.0.contains_key(path) {
            return Err(AssetError::Tree("two files at one path"));
        }
        self.0.insert(path.to_owned(), leaf);
        Ok(())
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&Leaf> {
        self.0.get(path)
    }

    /// All files with their paths, sorted.
    pub fn leaves(&self) -> impl Iterator<Item = (&str, &Leaf)> {
        self.0.iter().map(|(path, leaf)| (path.as_str(), leaf))
    }

    /// The length of all files together, one that lies at two paths counted once.
    pub fn bytes(&self) -> u64 {
        let each: BTreeMap<Hash, u64> = self.0.values().map(|l| (l.content, l.bytes)).collect();
        each.values().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// As a blob.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut e = Encoder::new(&mut out);
        // Writing to memory does not fail.
        let _ = e.array(2).and_then(|e| e.u8(VERSION)).and_then(|e| e.array(self.0.len() as u64));
        for (path, leaf) in &self.0 {
            let _ = e
                .array(4)
                .and_then(|e| e.str(path))
                .and_then(|e| e.bytes(&leaf.content.0))
                .and_then(|e| e.u64(leaf.bytes))
                .and_then(|e| e.str(&leaf.media));
        }
        out
    }

    /// From a blob.
    ///
    /// # Errors
    /// [`AssetError::Tree`].
    pub fn decode(bytes: &[u8]) -> Result<Self, AssetError> {
        if bytes.len() > MAX_TREE {
            return Err(AssetError::Tree("too large"));
        }
        let mut d = Decoder::new(bytes);
        let broken = |_| AssetError::Tree("cannot be read");
        let (Some(2), VERSION, Some(count)) =
            (d.array().map_err(broken)?, d.u8().map_err(broken)?, d.array().map_err(broken)?)
        else {
            return Err(AssetError::Tree("another version"));
        };
        let mut tree = Self::default();
        for _ in 0..count {
            if d.array().map_err(broken)? != Some(4) {
                return Err(AssetError::Tree("cannot be read"));
            }
            let path = d.str().map_err(broken)?;
            let content = Hash::try_from(d.bytes().map_err(broken)?).map_err(|_| AssetError::Tree("no hash"))?;
            let bytes = d.u64().map_err(broken)?;
            tree.put(path, Leaf { content, bytes, media: d.str().map_err(broken)?.to_owned() })?;
        }
        Ok(tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf(n: u8) -> Leaf {
        Leaf { content: Hash([n; 32]), bytes: u64::from(n), media: "text/html".to_owned() }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(files in prop::collection::btree_map("[a-z་一]{1,8}(/[a-z]{1,3}){0,3}", 0..9u8, 0..20)) {
            let mut tree = Tree::default();
            for (path, n) in &files {
                tree.put(path, leaf(*n)).unwrap();
            }
            prop_assert_eq!(Tree::decode(&tree.encode()).unwrap(), tree);
        }

        #[test]
        fn hostile_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Tree::decode(&bytes);
        }
    }

    #[test]
    fn paths_lead_nowhere_else() {
        let mut tree = Tree::default();
        for path in ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a\nb"] {
            assert!(tree.put(path, leaf(1)).is_err(), "{path:?}");
        }
        tree.put("a/b", leaf(1)).unwrap();
        assert!(tree.put("a/b", leaf(2)).is_err());
        tree.put("c", leaf(1)).unwrap();
        assert_eq!(tree.bytes(), 1);
    }
}
