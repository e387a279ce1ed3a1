use base::NodeId;
use log::LogError;

/// Why a connection ended or did not come about. It travels as the code with which a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers at the address.
    #[error("the other node cannot be reached")]
    Unreachable,
    /// The connection was cut.
    #[error("the connection was lost")]
    Lost,
    /// The other node, or this one, is shutting down.
    #[error("the node shut down")]
    Closed,
    /// The nodes speak different versions of the protocol.
    #[error("the nodes speak different versions")]
    Version,
    /// The node that dialled is not enrolled, or is revoked.
    #[error("the node is not a member")]
    NotMember,
    /// Another key answered than the one that was expected.
    #[error("another key answered than the one expected")]
    WrongKey,
    /// One of the two nodes has a history that parts from what the other knows of it: restored from an old
    /// backup, or cloned. It must be enrolled anew.
    #[error("the node has two histories")]
    Fork,
    /// Bytes that are not of the protocol.
    #[error("the other node broke the protocol")]
    Protocol,
    /// The log or the blobs of one side could not be read or written.
    #[error("a node's storage refused")]
    Storage,
    /// The same node came by a newer connection.
    #[error("the node came by a newer connection")]
    Replaced,
    /// Somebody who keeps one of the two nodes wants no session with the other.
    #[error("the other node is to be met no more")]
    Parted,
}

impl Trouble {
    const ALL: [Self; 11] = [
        Self::Unreachable,
        Self::Lost,
        Self::Closed,
        Self::Version,
        Self::NotMember,
        Self::WrongKey,
        Self::Fork,
        Self::Protocol,
        Self::Storage,
        Self::Replaced,
        Self::Parted,
    ];

    /// The word for it, as machines read it and words are keyed by.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
            Self::Closed => "closed",
            Self::Version => "version",
            Self::NotMember => "not-member",
            Self::WrongKey => "wrong-key",
            Self::Fork => "fork",
            Self::Protocol => "protocol",
            Self::Storage => "storage",
            Self::Replaced => "replaced",
            Self::Parted => "parted",
        }
    }

    /// The number with which a connection is closed.
    pub fn number(self) -> u8 {
        Self::ALL.iter().zip(1..).find(|(t, _)| **t == self).map_or(0, |(_, n)| n)
    }

    /// Reads the number; one that a newer node may have is [`Trouble::Lost`].
    pub fn of_number(number: u64) -> Self {
        let place = number.checked_sub(1).and_then(|n| usize::try_from(n).ok());
        place.and_then(|n| Self::ALL.get(n)).copied().unwrap_or(Self::Lost)
    }

    /// Whether trying again soon is in vain: a person must do something first.
    pub(crate) fn is_lasting(self) -> bool {
        matches!(self, Self::Version | Self::NotMember | Self::WrongKey | Self::Fork | Self::Parted)
    }
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Fork { .. } => Self::Fork,
            LogError::Sql(_)
            | LogError::Io(_)
            | LogError::Projection(_)
            | LogError::Newer { .. }
            | LogError::Closed => {
                tracing::error!(error = %error, source = ?std::error::Error::source(&error), "storage refused");
                Self::Storage
            }
            _ => Self::Protocol,
        }
    }
}

impl From<blobs::BlobError> for Trouble {
    fn from(error: blobs::BlobError) -> Self {
        tracing::error!(error = %error, source = ?std::error::Error::source(&error), "blobs refused");
        Self::Storage
    }
}

/// Why a node was not enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The hub never gave this code, or has taken it back.
    #[error("the hub does not know this code")]
    Unknown,
    /// A node has joined with it already.
    #[error("the code has been used")]
    Used,
    /// It is too old.
    #[error("the code has expired")]
    Expired,
    /// The node that was asked enrols nobody, or cannot now.
    #[error("the node enrols nobody now")]
    Unavailable,
}

impl Refusal {
    const ALL: [Self; 4] = [Self::Unknown, Self::Used, Self::Expired, Self::Unavailable];

    /// The word for it, as machines read it and words are keyed by.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
        }
    }

    pub(crate) fn number(self) -> u8 {
        Self::ALL.iter().zip(1..).find(|(r, _)| **r == self).map_or(0, |(_, n)| n)
    }

    pub(crate) fn of_number(number: u8) -> Self {
        let place = number.checked_sub(1).map(usize::from);
        place.and_then(|n| Self::ALL.get(n)).copied().unwrap_or(Self::Unavailable)
    }
}

/// Why a bundle was not written, or nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// The bytes do not begin as a bundle does.
    #[error("this is no bundle, or its beginning is damaged")]
    NoBundle,
    /// It was written by a newer version.
    #[error("the bundle was written by a newer version")]
    Version,
    /// It was written for another node.
    #[error("the bundle is for node {0}")]
    Elsewhere(NodeId),
    /// The node is not enrolled, or was revoked.
    #[error("node {0} is no member, or was revoked")]
    NotMember(NodeId),
    /// Its writer has not signed it, or what it is sealed with is not this node's.
    #[error("the bundle is not what node {0} signed")]
    Forged(NodeId),
    /// The public key of a node is not known, or is none.
    #[error("the key of node {0} cannot be used")]
    Key(NodeId),
    /// The log or the blobs refused, or a history has parted.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The file could not be read or written.
    #[error("the file could not be read or written")]
    Io(#[from] std::io::Error),
}

impl CarryError {
    /// The word for it, as words are keyed by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBundle => "no-bundle",
            Self::Version => "version",
            Self::Elsewhere(_) => "elsewhere",
            Self::NotMember(_) => "not-member",
            Self::Forged(_) | Self::Key(_) => "forged",
            Self::Trouble(Trouble::Fork) => "fork",
            Self::Trouble(_) | Self::Io(_) => "storage",
        }
    }
}

impl From<LogError> for CarryError {
    fn from(error: LogError) -> Self {
        Self::Trouble(error.into())
    }
}

impl From<blobs::BlobError> for CarryError {
    fn from(error: blobs::BlobError) -> Self {
        Self::Trouble(error.into())
    }
}

/// What can go wrong when a link is set up or a node joins.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket could not be opened.
    #[error("the socket could not be opened")]
    Io(#[from] std::io::Error),
    /// The TLS library refused the node's key.
    #[error("the node's key cannot be used: {0}")]
    Key(String),
    /// The hub refused the code.
    #[error("the hub did not enrol this node")]
    Refused(#[from] Refusal),
    /// The connection did not come about or broke.
    #[error("the hub could not be asked")]
    Trouble(#[from] Trouble),
    /// A text that is no join code; a letter was misread, or a part is missing.
    #[error("this is no join code: {0}")]
    Code(&'static str),
}
