//! Why no request can be made of a push.

use jiff::Timestamp;
use vestnik_model::Reason;

use crate::{address::AddressError, origin::OriginError};

/// Why no request can be made of a push.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its time to live is over.
    #[error("the push expired at {at}")]
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// It is larger than the service takes. Measured as the service does; nothing was cut off.
    #[error("the push has {bytes} bytes, and the service takes {cap}")]
    TooLarge {
        /// What the push would need.
        bytes: usize,
        /// What the service takes.
        cap: usize,
    },
    /// A push that its form must show has no text.
    #[error("the push has no text to show")]
    NoAlert,
    /// The address is no address of this service.
    #[error("the address cannot be used")]
    Address(#[from] AddressError),
    /// The provider token is past the age that the service allows.
    #[error("the provider token is too old")]
    TokenTooOld,
    /// The provider token was made for another push service.
    #[error("the provider token is for another origin")]
    TokenForeign,
    /// The random bytes are no private key, which happens once in 2³² draws: draw again.
    #[error("the random bytes are no key")]
    Entropy,
    /// The origin of the service is none.
    #[error("the address has no origin")]
    Origin(#[from] OriginError),
    /// The content cannot be written as JSON.
    #[error("the content cannot be written")]
    Json(#[from] serde_json::Error),
    /// The parts make no HTTP request.
    #[error("the parts make no request")]
    Http(#[from] http::Error),
}

impl BuildError {
    /// The registry's code for the failure; none where the caller can mend it and try again.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Expired { .. } => Some(Reason::ExpiredTtl),
            Self::TooLarge { .. } => Some(Reason::ProviderPayloadTooLarge),
            Self::Address(_) | Self::Origin(_) => Some(Reason::TokenDead),
            Self::NoAlert | Self::Json(_) | Self::Http(_) => Some(Reason::ProviderRejected),
            Self::TokenTooOld | Self::TokenForeign | Self::Entropy => None,
        }
    }

    /// Refuses what is larger than `cap`.
    pub(crate) const fn check_size(bytes: usize, cap: usize) -> Result<(), Self> {
        if bytes > cap {
            return Err(Self::TooLarge { bytes, cap });
        }
        Ok(())
    }
}
