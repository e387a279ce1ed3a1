use log::LogError;

/// What can go wrong with records.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The log refused.
    #[error("the log refused")]
    Log(#[from] LogError),
    /// The database refused.
    #[error("the database refused")]
    Sql(#[from] rusqlite::Error),
    /// Bytes that are no payload.
    #[error("a payload cannot be read: {0}")]
    Payload(String),
    /// A rule would be broken; its code, and the record that stands against it.
    #[error("the rule {code} would be broken")]
    Rule {
        /// The rule's code.
        code: &'static str,
        /// The other record, where the rule is about two.
        other: Option<base::Subject>,
    },
    /// There is no such record, or the reader may not know of it.
    #[error("there is no such record")]
    NotFound,
}

impl From<minicbor::decode::Error> for RecordError {
    fn from(e: minicbor::decode::Error) -> Self {
        Self::Payload(e.to_string())
    }
}

impl From<RecordError> for LogError {
    fn from(e: RecordError) -> Self {
        match e {
            RecordError::Log(e) => e,
            RecordError::Sql(e) => Self::Sql(e),
            e => Self::Projection(e.to_string()),
        }
    }
}
