//! Why no request can be made of a message.

use jiff::Timestamp;
use vestnik_model::Reason;

/// Why no request can be made of a message. It has no value of the message or of the settings.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its time to live is over.
    #[error("the message expired at {at}")]
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// The address is of the kind that the gateway does not send to.
    #[error("the gateway sends to another kind of address")]
    Recipient,
    /// The gateway wants a number, and the value is none.
    #[error("{{{name}}} is no number, which the gateway wants")]
    NotNumber {
        /// The placeholder.
        name: &'static str,
    },
    /// A text is longer than the gateway takes, and the descriptor does not want it cut.
    #[error("{{{name}}} is longer than the gateway takes")]
    TooLong {
        /// The placeholder.
        name: &'static str,
    },
    /// The gateway carries a code, and the text does not have exactly one number of that many digits.
    #[error("the text has no code of {digits} digits, or more than one")]
    Code {
        /// How many digits.
        digits: u8,
    },
    /// The request would be larger than any gateway takes.
    #[error("the request has {bytes} bytes, and {max} are allowed")]
    TooLarge {
        /// How many it would have.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// A value makes a step of the path that leads elsewhere.
    #[error("a value cannot stand in the path")]
    Path,
    /// A value cannot stand in a header.
    #[error("a value cannot stand in the header {name}")]
    Header {
        /// The name of the header.
        name: http::HeaderName,
    },
    /// The parts make no HTTP request.
    #[error("the parts make no request")]
    Http(#[from] http::Error),
}

impl BuildError {
    /// The registry's code for the failure. No repetition helps.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Expired { .. } => Reason::ExpiredTtl,
            Self::TooLong { .. } | Self::TooLarge { .. } => Reason::ProviderPayloadTooLarge,
            Self::Recipient => Reason::RecipientNoAddress,
            Self::NotNumber { .. } => Reason::TokenDead,
            Self::Code { .. } => Reason::ProviderContentRejected,
            Self::Path | Self::Header { .. } | Self::Http(_) => Reason::ProviderRejected,
        }
    }
}
