use log::LogError;
use records::RecordError;

/// Why a page cannot be shown or a thing not done. What the reader is told follows from it; the rest is
/// traced.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignIn,
    /// It is not there, or the reader may not know of it.
    #[error("not found")]
    NotFound,
    /// The reader may not.
    #[error("not allowed")]
    NotAllowed,
    /// The form came from elsewhere, or is too old.
    #[error("the form is not this session's")]
    Stale,
    /// The request is too large or malformed.
    #[error("a malformed request: {0}")]
    Malformed(&'static str),
    /// A rule would be broken: the key of its words.
    #[error("a rule would be broken: {0}")]
    Rule(String),
    /// The records refused.
    #[error("the records refused")]
    Record(#[source] RecordError),
    /// The database refused.
    #[error("the database refused")]
    Sql(#[from] rusqlite::Error),
    /// A template failed.
    #[error("a template failed")]
    Template(#[from] askama::Error),
    /// Something else that is not the reader's doing.
    #[error("{0}")]
    Internal(String),
}

impl From<RecordError> for PageError {
    fn from(e: RecordError) -> Self {
        match e {
            RecordError::NotFound => Self::NotFound,
            RecordError::Rule { code, .. } => Self::Rule(code.to_owned()),
            e => Self::Record(e),
        }
    }
}

impl From<LogError> for PageError {
    fn from(e: LogError) -> Self {
        Self::Record(RecordError::Log(e))
    }
}

impl PageError {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignIn => 401,
            Self::NotFound => 404,
            Self::NotAllowed | Self::Stale => 403,
            Self::Malformed(_) => 400,
            Self::Rule(_) => 409,
            Self::Record(_) | Self::Sql(_) | Self::Template(_) | Self::Internal(_) => 500,
        }
    }

    /// The beginning of the keys of its words: `…-what`, `…-safe`, `…-next`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::SignIn => "page-error-sign-in",
            Self::NotFound => "page-error-not-found",
            Self::NotAllowed => "page-error-not-allowed",
            Self::Stale => "page-error-stale",
            Self::Malformed(_) => "page-error-malformed",
            Self::Rule(_) => "page-error-rule",
            Self::Record(_) | Self::Sql(_) | Self::Template(_) | Self::Internal(_) => "page-error-internal",
        }
    }
}
