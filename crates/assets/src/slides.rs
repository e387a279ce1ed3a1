use base::Hash;

use crate::Tree;

/// A slide, as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slide {
    /// Its number, from 1.
    pub n: i64,
    /// Where it lies in its tree.
    pub name: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The picture.
    pub content: Hash,
}

/// The slides that a tree holds, in order: their names tell number and size, `p001-1280x720.webp`.
pub fn slides(tree: &Tree) -> Vec<Slide> {
    tree.leaves()
        .filter_map(|(name, leaf)| {
            let (n, size) = name.strip_prefix('p')?.strip_suffix(".webp")?.split_once('-')?;
            let (width, height) = size.split_once('x')?;
            Some(Slide {
                n: n.parse().ok()?,
                name: name.to_owned(),
                width: width.parse().ok()?,
                height: height.parse().ok()?,
                content: leaf.content,
            })
        })
        .collect()
}
