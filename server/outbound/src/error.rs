//! Why there is no answer.

use std::{io, time::Duration};

use crate::{place::PlaceError, reach::Forbidden};

/// Why there is no answer to a request.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request's address says no place.
    #[error("the address cannot be used")]
    Place(#[from] PlaceError),
    /// The place must not be connected to.
    #[error("the address must not be connected to")]
    Forbidden(#[from] Forbidden),
    /// All connections were in use for as long as a request waits.
    #[error("all connections were in use for {}s", .0.as_secs_f32())]
    Busy(Duration),
    /// There is no connection.
    #[error("no connection could be opened")]
    Connect(#[from] ConnectError),
    /// The request did not leave, or the peer said that it did not process it.
    #[error("the request was not processed")]
    Unprocessed(#[source] hyper::Error),
    /// The request was not written to its end in time.
    #[error("the request was not written in time")]
    Unwritten,
    /// The request was written, and the connection ended without an answer.
    #[error("the connection ended without an answer")]
    Lost(#[source] hyper::Error),
    /// The request was written, and no answer came in time.
    #[error("no answer came in time")]
    Unanswered,
}

impl SendError {
    /// Whether the peer may have processed the request. If not, a repetition cannot be a second one.
    #[must_use]
    pub const fn was_sent(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Unanswered => true,
            Self::Place(_)
            | Self::Forbidden(_)
            | Self::Busy(_)
            | Self::Connect(_)
            | Self::Unprocessed(_)
            | Self::Unwritten => false,
        }
    }

    /// Whether another connection may do better at once: the one that was there ended.
    #[must_use]
    pub const fn needs_connection(&self) -> bool {
        match self {
            Self::Unprocessed(_) => true,
            Self::Place(_)
            | Self::Forbidden(_)
            | Self::Busy(_)
            | Self::Connect(_)
            | Self::Unwritten
            | Self::Lost(_)
            | Self::Unanswered => false,
        }
    }
}

/// Why a connection for another protocol than HTTP is not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The place must not be connected to.
    #[error("the address must not be connected to")]
    Forbidden(#[from] Forbidden),
    /// There is no connection.
    #[error("no connection could be opened")]
    Connect(#[from] ConnectError),
}

impl From<OpenError> for SendError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            OpenError::Connect(error) => Self::Connect(error),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host's name could not be resolved.
    #[error("the host cannot be resolved")]
    Resolve(#[source] io::Error),
    /// The host's name has no address.
    #[error("the host has no address")]
    NoAddress,
    /// No address took the connection.
    #[error("the host cannot be connected to")]
    Tcp(#[source] io::Error),
    /// The host's name cannot stand in a certificate.
    #[error("the host's name cannot be verified")]
    Name,
    /// The TLS handshake failed, or its certificate is not trusted.
    #[error("no TLS with the host")]
    Tls(#[source] io::Error),
    /// The host does not speak HTTP/2, which the request needs.
    #[error("the host does not speak HTTP/2")]
    Http2,
    /// The handshake of HTTP failed.
    #[error("no HTTP with the host")]
    Http(#[source] hyper::Error),
    /// It took too long.
    #[error("the host did not answer in time")]
    Time,
}

impl ConnectError {
    /// Whether the host showed a certificate that is not trusted: its operator or ours has to mend that.
    #[must_use]
    pub fn is_untrusted(&self) -> bool {
        let Self::Tls(error) = self else {
            return false;
        };
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
    }
}
