//! Errors of connecting and of calling, each with whose fault it is and whether to try again.

use std::{error::Error, io, time::Duration};

use crate::client::{close::CloseReason, fault::Fault};

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not one of a hub.
    #[error("not an address of a hub: {0}")]
    Address(String),
    /// The application's token source failed.
    #[error("there is no token to connect with")]
    Token(#[source] Box<dyn Error + Send + Sync>),
    /// The server does not accept the token (401).
    #[error("the server does not accept the token")]
    Unauthorized,
    /// The server accepts the token, but not for this (403).
    #[error("the server refuses access")]
    Forbidden,
    /// There is no hub at this address, or no such connection (404; `TransportProtocols.md`,
    /// WebSockets).
    #[error("there is no hub at this address")]
    NotFound,
    /// The server answered with another status.
    #[error("the server answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The server's `Retry-After`, when it gave one in seconds.
        retry_after: Option<Duration>,
    },
    /// Negotiate was answered with an error text.
    #[error("the server refused the connection: {0}")]
    Refused(String),
    /// Negotiate was answered with something else than the protocol's.
    #[error("the server does not speak the protocol: {0}")]
    Protocol(String),
    /// The server sent the client on 100 times, as often as the official clients follow.
    #[error("negotiate redirection limit exceeded")]
    Redirects,
    /// The server offers none of the transports that are wanted, or not for the protocol.
    #[error("the server offers no transport that this client may use")]
    Transport,
    /// No connection to the server.
    #[error("the server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// The proxy refused to let us through (RFC 9110, section 9.3.6).
    #[error("the proxy answered with status {status}")]
    Proxy {
        /// The HTTP status; 407 asks for a user and a password.
        status: u16,
    },
    /// It took longer than the connect timeout.
    #[error("connecting took too long")]
    Timeout,
    /// The connection ended before the handshake was done.
    #[error(transparent)]
    Closed(#[from] CloseReason),
}

impl ConnectError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Address(_)
            | Self::Token(_)
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Status {
                status: 400..=499, ..
            } => Fault::Caller,
            Self::Status { .. }
            | Self::Refused(_)
            | Self::Protocol(_)
            | Self::Redirects
            | Self::Transport => Fault::Server,
            Self::Proxy { status: 407 } => Fault::Caller,
            Self::Proxy { .. } | Self::Unreachable(_) | Self::Timeout => Fault::Network,
            Self::Closed(reason) => reason.fault(),
        }
    }

    /// Whether trying again, unchanged, can help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Token(_) | Self::Unreachable(_) | Self::Timeout => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Proxy { status } => *status >= 500,
            Self::Closed(reason) => reason.is_retryable(),
            Self::Address(_)
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Refused(_)
            | Self::Protocol(_)
            | Self::Redirects
            | Self::Transport => false,
        }
    }

    /// After how long the server asked to try again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Address(_)
            | Self::Token(_)
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Refused(_)
            | Self::Protocol(_)
            | Self::Redirects
            | Self::Transport
            | Self::Unreachable(_)
            | Self::Proxy { .. }
            | Self::Timeout
            | Self::Closed(_) => None,
        }
    }

    /// Whether another transport may do better. Who we are and where we go is the same by each.
    pub(crate) const fn may_be_the_transports(&self) -> bool {
        match self {
            Self::Address(_) | Self::Token(_) | Self::Unauthorized | Self::Forbidden => false,
            Self::NotFound
            | Self::Status { .. }
            | Self::Refused(_)
            | Self::Protocol(_)
            | Self::Redirects
            | Self::Transport
            | Self::Unreachable(_)
            | Self::Proxy { .. }
            | Self::Timeout
            | Self::Closed(_) => true,
        }
    }

    /// Whether no further attempt can resume a connection: the server knows it no more, or not for
    /// us.
    pub(crate) fn ends_resuming(&self) -> bool {
        if let Self::Status { status, .. } = self {
            return !matches!(status, 500..=599);
        }
        !self.is_retryable()
    }

    pub(crate) const fn from_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            _ => Self::Status {
                status,
                retry_after,
            },
        }
    }
}

/// Reads a `Retry-After` header that counts seconds.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The server's method failed; the text is the server's.
    #[error("{0}")]
    Failed(String),
    /// The arguments cannot be JSON.
    #[error("the arguments cannot be written: {0}")]
    Arguments(String),
    /// The result is not of the wanted type.
    #[error("the result cannot be read: {0}")]
    Result(String),
    /// The application was too slow for a stream; it was cancelled.
    #[error("the stream was not read fast enough")]
    Lagged,
    /// The connection ended first: whether the call ran is not known.
    #[error("the connection ended before the call was answered")]
    Disconnected,
}

impl CallError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Failed(_) => Fault::Server,
            Self::Arguments(_) | Self::Result(_) | Self::Lagged => Fault::Caller,
            Self::Disconnected => Fault::Network,
        }
    }

    /// Whether the same call on a new connection can help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Disconnected | Self::Lagged => true,
            Self::Failed(_) | Self::Arguments(_) | Self::Result(_) => false,
        }
    }

    /// The text behind `HubException:`, which a hub's author wrote for the caller; the rest of the
    /// message is the official server's frame around it (its `ErrorMessageHelper`).
    #[must_use]
    pub fn hub_exception(&self) -> Option<&str> {
        match self {
            Self::Failed(text) => text.split_once("HubException: ").map(|(_, text)| text),
            Self::Arguments(_) | Self::Result(_) | Self::Lagged | Self::Disconnected => None,
        }
    }
}
