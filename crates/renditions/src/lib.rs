//! What is made of files so that a page can show them. It runs in a process of its own ([`limit`] first), since what
//! people send may be broken or meant to break something: a poisoned file fails alone.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod film;
mod ink;
mod lesson;
mod limits;
mod office;
mod pages;
mod picture;
mod programs;
mod said;

use std::fs;
use std::path::Path;

use assets::{Recipe, Tool};

pub use lesson::film;
pub use limits::limit;
pub use programs::find;

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum RenditionError {
    /// The file is not what its beginning says, or broken.
    #[error("the file is broken")]
    Broken,
    /// It has a password.
    #[error("the file has a password")]
    Password,
    /// Nothing in it can be shown.
    #[error("the file is empty")]
    Empty,
    /// A program of the machine is missing: not the file's doing.
    #[error("{} is missing", .0.program())]
    Missing(Tool),
    /// The disk: not the file's doing.
    #[error("the disk")]
    Io(#[from] std::io::Error),
}

impl RenditionError {
    /// The code of its words, if it is the file's doing; nothing if another try may do better.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Broken => Some("broken"),
            Self::Password => Some("password"),
            Self::Empty => Some("empty"),
            Self::Missing(_) | Self::Io(_) => None,
        }
    }
}

/// Follows a recipe: reads the file, writes what is made into `out`, an empty directory. Scratch files go to `work`.
///
/// # Errors
/// [`RenditionError`].
pub fn follow(recipe: &Recipe, file: &Path, work: &Path, out: &Path) -> Result<(), RenditionError> {
    match recipe.name.split('-').next().unwrap_or_default() {
        "pages" => pages::draw(fs::read(file)?, out),
        "slides" => {
            let pdf = office::to_pdf(file, work)?;
            pages::draw(fs::read(pdf)?, out)
        }
        "picture" => picture::draw(file, out),
        "text" => said::read(file, out),
        "voice" => film::voice(file, out),
        "small" => film::small(file, out),
        _ => film::large(file, out),
    }
}
