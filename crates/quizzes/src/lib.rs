//! Questions with answers, read from QTI 2 and 3 (1EdTech Question and Test Interoperability) or as a
//! teacher types them, marked, counted, and written as QTI 3. What is read is
//! plain data: no markup, no script and no rule of a foreign file is ever run.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod assessment;
mod element;
mod item;
mod mark;
mod older;
mod package;
mod tally;
mod typed;
mod write;

use std::collections::BTreeMap;

use packages::xml::BrokenXml;

pub use assessment::{Assessment, read_assessment, read_assessments};
pub use item::read_item;
pub use mark::{Verdict, mark};
pub use older::{Older, write_older};
pub use package::{Quiz, is_quiz, picture, read_package};
pub use tally::{Count, Tally};
pub use typed::{TypedError, as_typed, typed};
pub use write::{write_item, write_package};

/// Questions that stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// What it is called.
    pub title: String,
    /// The language of its text, where it says so.
    pub language: Option<String>,
    /// What is shown, in order.
    pub blocks: Vec<Block>,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// A part of what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(Vec<Piece>),
    /// A picture of the package.
    Picture(Picture),
    /// A question, by its number from 0.
    Ask(usize),
}

/// A part of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// A gap that is filled in: a question, by its number from 0.
    Gap(usize),
}

/// A picture: its path in the package, and what it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The path.
    pub path: String,
    /// The words for who does not see it.
    pub alt: String,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is asked, where it stands with the question itself.
    pub prompt: String,
    /// How it is answered.
    pub kind: Kind,
    /// The right answer, as answers are written for this kind; empty where none is known.
    pub correct: Vec<String>,
    /// Points for single answers.
    pub points: BTreeMap<String, f64>,
    /// How answers are compared.
    pub compare: Compare,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Choosing: the identifiers of what was chosen.
    Choice {
        /// More than one may be chosen.
        many: bool,
        /// What there is to choose.
        options: Vec<Choice>,
    },
    /// A word or a number in a gap: what was typed.
    Word,
    /// A text of one's own; a person reads it.
    Text,
    /// Bringing into order: identifiers in their order.
    Order(Vec<Choice>),
    /// Finding what belongs together: "a b" for each pair.
    Match(Vec<Choice>, Vec<Choice>),
}

/// Something that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its identifier in the question.
    pub id: String,
    /// What it says.
    pub text: String,
    /// What it shows.
    pub picture: Option<Picture>,
}

/// How an answer is compared with the right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// As identifiers.
    #[default]
    Exact,
    /// As words: case, width and spaces do not count.
    Words,
    /// As words, and case counts.
    Cased,
    /// As numbers.
    Numbers,
}

/// Why questions are not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuizError {
    /// The XML.
    #[error("broken XML")]
    Broken,
    /// It is no item of QTI 2 or 3.
    #[error("no questions")]
    None,
    /// It is larger than questions are.
    #[error("too large")]
    TooLarge,
    /// It asks in a way that is not shown here.
    #[error("{0} is not supported")]
    NotSupported(String),
}

impl From<BrokenXml> for QuizError {
    fn from(BrokenXml: BrokenXml) -> Self {
        Self::Broken
    }
}

/// Bytes of one item.
pub const MAX_ITEM: usize = 2 << 20;
/// Elements of one item.
const MAX_ELEMENTS: usize = 20_000;
