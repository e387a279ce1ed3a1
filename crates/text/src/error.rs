use base::Lang;
use thiserror::Error;

/// What can be wrong with words that are loaded or with text that somebody typed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// A source of words is not valid Fluent; `line` counts from 1.
    #[error("the {lang} words of {room} are not valid Fluent at line {line}: {detail}")]
    Syntax {
        /// Language of the source.
        lang: Lang,
        /// Room of the source.
        room: &'static str,
        /// First line that is wrong.
        line: usize,
        /// What the parser says.
        detail: String,
    },
    /// Two messages of one language have the same key.
    #[error("the {lang} words say {key} twice: in {first} and in {second}")]
    Duplicate {
        /// Language of both.
        lang: Lang,
        /// The key.
        key: String,
        /// Room that said it first.
        first: &'static str,
        /// Room that said it again (may be the same room).
        second: &'static str,
    },
    /// A message has attributes but no text of its own.
    #[error("the {lang} words of {room} give {key} no text")]
    NoText {
        /// Language of the source.
        lang: Lang,
        /// Room of the source.
        room: &'static str,
        /// The key.
        key: String,
    },
    /// A source of words is longer than [`crate::MAX_SOURCE_BYTES`].
    #[error("the {lang} words of {room} are longer than {max} bytes")]
    SourceTooLong {
        /// Language of the source.
        lang: Lang,
        /// Room of the source.
        room: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// The message engine refused its own set-up.
    #[error("the message engine could not be set up for {lang}")]
    Engine {
        /// Language that was being set up.
        lang: Lang,
    },
    /// A text is longer than the field takes.
    #[error("longer than {max} characters")]
    TooLong {
        /// The limit in characters.
        max: usize,
    },
    /// A text holds a control character or a mark that turns the direction of writing.
    #[error("holds the character U+{code:04X}, which may not stand here")]
    Forbidden {
        /// Its code point.
        code: u32,
    },
}
