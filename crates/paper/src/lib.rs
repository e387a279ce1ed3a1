//! Documents as PDF, in Chinese, Tibetan and English, set by Typst. What a document says reaches Typst as data and never as
//! its language; it sees no disk and no network. The same document gives the same bytes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod data;
mod fonts;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

pub use fonts::chinese;

use world::Sheet;

/// Blocks of a document, those in tables counted.
pub const MAX_BLOCKS: usize = 20_000;
/// Bytes of all its text.
pub const MAX_TEXT: usize = 2 << 20;
/// Pictures of a document.
const MAX_PICTURES: usize = 200;
/// Bytes of one of them.
const MAX_PICTURE: usize = 20 << 20;
/// Layout goes as deep as tables stand in tables.
const STACK: usize = 32 << 20;
/// How deep that is.
const MAX_DEPTH: usize = 6;

/// A document.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// Its title.
    pub title: String,
    /// Who wrote it.
    pub by: String,
    /// The language of its text where nothing else is said: `zh`, `bo`, `en`.
    pub lang: String,
    /// A line at the foot of each page.
    pub foot: String,
    /// Whether its pages lie on their side.
    pub landscape: bool,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(Vec<Run>),
    /// An item of a list.
    Item {
        /// How deep it stands, from 0.
        depth: u8,
        /// Its number; a point where there is none.
        number: Option<u32>,
        /// What it says.
        runs: Vec<Run>,
    },
    /// What is known of something: names and values.
    Facts(Vec<(String, String)>),
    /// A table, its head repeated on each page.
    Table {
        /// How wide its columns are beside each other.
        widths: Vec<u32>,
        /// What they are called.
        head: Vec<String>,
        /// Rows of cells; what lacks is empty, what is too many is left out.
        rows: Vec<Vec<Vec<Block>>>,
    },
    /// A picture: PNG, JPEG, GIF or WebP; another is left out.
    Picture {
        /// The file.
        bytes: Vec<u8>,
        /// The words for who does not see it.
        alt: String,
    },
}

/// Text of one look.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The text; a line break is a line break.
    pub text: String,
    /// Whether it is bold.
    pub bold: bool,
    /// Whether it is italic.
    pub italic: bool,
    /// Whether it is underlined.
    pub underline: bool,
    /// Its language, where it is another.
    pub lang: Option<String>,
}

impl From<&str> for Run {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// It is longer than any paper is.
    #[error("longer than a paper is")]
    TooLong,
    /// Setting it failed; for who mends this crate.
    #[error("setting it failed: {0}")]
    Failed(String),
}

/// One paper at a time: setting one takes some tenths of a second and tens of megabytes.
static DESK: Mutex<()> = Mutex::new(());

/// A document as PDF. It takes some tenths of a second, and blocks meanwhile; others wait for their turn.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, PaperError> {
    let sheet = Sheet::new(paper)?;
    let turn = DESK.lock().unwrap_or_else(PoisonError::into_inner);
    let set = || -> Result<Vec<u8>, PaperError> {
        let failed = |errors: &[typst::diag::SourceDiagnostic]| {
            let said = errors.first().map(|e| e.message.to_string()).unwrap_or_default();
            PaperError::Failed(said)
        };
        let document = typst::compile::<PagedDocument>(&sheet).output.map_err(|e| failed(&e))?;
        typst_pdf::pdf(&document, &PdfOptions::default()).map_err(|e| failed(&e))
    };
    let done = thread::scope(|scope| {
        let run = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(set)));
        let run = run.map_err(|e| PaperError::Failed(e.to_string()))?;
        let gone = || PaperError::Failed("it panicked".to_owned());
        run.join().map_err(|_| gone())?.map_err(|_| gone())?
    });
    // What was laid out is remembered for the next time; there is none.
    typst::comemo::evict(0);
    drop(turn);
    done
}

#[cfg(test)]
mod tests;
