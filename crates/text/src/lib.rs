//! The languages of the pages: words by key with fall-back, dates and numbers, search terms, sort keys, and the
//! cleaning of what people type.
//!
//! * [`Catalogue`] holds every message of every room in the three languages; [`Words`] answers in one reader's
//!   language and tells which language really answered.
//! * [`search_terms`], [`match_query`] and [`FTS_TOKENIZER`] make SQLite's FTS5 find Chinese names of two characters
//!   and Tibetan syllables with their vowel signs; [`passage`] shows where.
//! * [`sort_key`] gives bytes whose order is the dictionary order of a language; [`fold`] gives text for equality.
//! * [`clean_line`] and [`clean_text`] take in what people type; [`decoded`] what a file of text holds.
//!
//! Every function here is pure; every length it looks at is bounded, and the bound stands in its documentation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod catalogue;
mod decode;
mod error;
mod fold;
mod input;
mod numbers;
mod passage;
mod regions;
mod search;
mod sort;
mod sort_bo;
mod words;

use base::Lang;

pub use catalogue::{Catalogue, MAX_SOURCE_BYTES};
pub use decode::decoded;
pub use error::TextError;
pub use fold::fold;
pub use input::{clean_line, clean_text};
pub use passage::passage;
pub use regions::region_in;
pub use search::{FTS_TOKENIZER, MAX_QUERY_TERMS, MAX_SEARCH_CHARS, match_query, search_terms};
pub use sort::{MAX_SORT_CHARS, sort_key};
pub use words::{Arg, Said, Words};

/// The words of this crate itself (dates and times), to be given to [`Catalogue::new`] with those of the rooms.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "text", include_str!("../words/zh.ftl")),
    (Lang::Bo, "text", include_str!("../words/bo.ftl")),
    (Lang::En, "text", include_str!("../words/en.ftl")),
];
