//! Errors as apps see them: few, and each says what to do.

use vestnik_inbox::StoreError;
use vestnik_model::{Open, ProblemCode};

use crate::{machine::Trouble, transport::NetworkSettingError};

/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device's storage failed. [`StoreError`] says whether the same call may succeed later.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// The server's address or another setting of the network cannot be used.
    #[error("a setting of the network cannot be used")]
    Network(#[source] std::sync::Arc<NetworkSettingError>),
    /// Nobody is logged in.
    #[error("nobody is logged in")]
    LoggedOut,
    /// The server refused; repeating it does not help.
    #[error("the server refused: {0}")]
    Refused(Open<ProblemCode>),
    /// A later call of the app took this one's place.
    #[error("a later call took the place of this one")]
    Overtaken,
    /// The engine failed and began again before it had an answer; the same call may be made again.
    #[error("the engine was restarted")]
    Restarted,
    /// It was stopped.
    #[error("the device was stopped")]
    Closed,
}

impl Error {
    /// Whether the same call can succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_retryable(),
            Self::Restarted => true,
            Self::Network(_)
            | Self::LoggedOut
            | Self::Refused(_)
            | Self::Overtaken
            | Self::Closed => false,
        }
    }
}

impl From<NetworkSettingError> for Error {
    fn from(error: NetworkSettingError) -> Self {
        Self::Network(error.into())
    }
}

/// How a login stands when it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The user is logged in.
    Done,
    /// It has not worked yet. It goes on by itself, while the process lives; the snapshot shows it.
    Pending(Trouble),
}

/// Why a user is not logged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The server refused the identity token: the App's backend has to give another one.
    #[error("the server refused the identity token: {0}")]
    Refused(Open<ProblemCode>),
    /// The identity token vouches for another user than the one that was named.
    #[error("the identity token is another user's")]
    OtherUser,
    /// Another login or a logout came in between.
    #[error("another login or a logout came in between")]
    Overtaken,
    /// The engine failed and began again before there was an answer.
    #[error("the engine was restarted")]
    Restarted,
    /// It was stopped.
    #[error("the device was stopped")]
    Closed,
}
