//! What a file is, by its bytes and never by its name; and pictures freed of what they say about place, time and
//! device before anything keeps them; and subtitles, as times and plain words.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod picture;
mod sniff;
mod subtitles;

pub use picture::{MAX_PICTURE, clean, is_picture};
pub use sniff::{HEAD, UNKNOWN, opens_in_page, sniff};
pub use subtitles::{MAX_SUBTITLES, SubtitlesError, subtitles};

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Its bytes are not what their beginning says.
    #[error("a broken picture")]
    Broken,
}
