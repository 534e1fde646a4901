//! Why a connection is over.

use super::fault::Fault;
use crate::{framing::FrameTooLarge, protocol::DecodeError, resume::ResumeError};

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// We closed it.
    #[error("closed by this side")]
    Local,
    /// The server closed it with a Close message.
    #[error("closed by the server{}", error.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Server {
        /// Why, when it was not a plain end.
        error: Option<String>,
        /// Whether the server asks clients to come back. Official clients stay away without it
        /// (`allowReconnect`, `HubProtocol.md`, JSON Encoding).
        allow_reconnect: bool,
    },
    /// The transport ended without a Close message.
    #[error("the connection was lost")]
    Lost,
    /// Nothing was heard from the server for the server timeout.
    #[error("nothing was heard from the server in time")]
    TimedOut,
    /// The server refused the handshake.
    #[error("the server refused the handshake: {0}")]
    Handshake(String),
    /// The server sent something that is not the protocol.
    #[error("the server broke the protocol: {0}")]
    Protocol(#[from] DecodeError),
    /// The server sent a message larger than this side takes.
    #[error(transparent)]
    TooLarge(#[from] FrameTooLarge),
    /// The server's numbers of a stateful connection cannot be right.
    #[error("the server broke stateful reconnect: {0}")]
    Resume(#[from] ResumeError),
}

impl CloseReason {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Local => Fault::Caller,
            Self::Lost | Self::TimedOut => Fault::Network,
            Self::Server { .. }
            | Self::Handshake(_)
            | Self::Protocol(_)
            | Self::TooLarge(_)
            | Self::Resume(_) => Fault::Server,
        }
    }

    /// Whether there is still somebody to say goodbye to.
    #[cfg(feature = "client")]
    pub(crate) const fn leaves_a_line(&self) -> bool {
        match self {
            Self::Lost | Self::TimedOut => false,
            Self::Local
            | Self::Server { .. }
            | Self::Handshake(_)
            | Self::Protocol(_)
            | Self::TooLarge(_)
            | Self::Resume(_) => true,
        }
    }

    /// Whether trying again can help. A server that closes for good, or that does not speak the
    /// protocol, will do the same next time; one that miscounted begins to count anew.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Lost | Self::TimedOut | Self::Resume(_) => true,
            Self::Server {
                allow_reconnect, ..
            } => *allow_reconnect,
            Self::Local | Self::Handshake(_) | Self::Protocol(_) | Self::TooLarge(_) => false,
        }
    }
}
