//! Errors as apps see them: few, and each says what to do.

use std::time::Duration;

use vestnik_model::{Problem, ProblemCode};

use crate::store::{OpenError, StoreError};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is logged in, and the App's backend must vouch for the user anew.
    #[error("a fresh identity token is needed")]
    Unauthorized,
    /// The server refused; repeating it does not help.
    #[error(transparent)]
    Rejected(#[from] Problem),
    /// The server cannot be reached now; the core goes on trying by itself.
    #[error("the server cannot be reached")]
    Unreachable {
        /// After how long it is worth trying again, if the server said so.
        retry_after: Option<Duration>,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Storage(StoreError),
    /// The client was stopped.
    #[error("the client is not running")]
    Closed,
}

impl Error {
    /// Whether the same call can succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Rejected(problem) => problem.retry_after.is_some(),
            Self::Unauthorized | Self::Open(_) | Self::Storage(_) | Self::Closed => false,
        }
    }

    /// After how long to try again, if the server said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { retry_after } => *retry_after,
            Self::Rejected(problem) => problem
                .retry_after
                .map(|seconds| Duration::from_secs(u64::from(seconds))),
            Self::Unauthorized | Self::Open(_) | Self::Storage(_) | Self::Closed => None,
        }
    }

    /// Whether the App's backend must vouch for the user anew.
    #[must_use]
    pub const fn needs_registration(&self) -> bool {
        match self {
            Self::Unauthorized => true,
            Self::Rejected(_)
            | Self::Unreachable { .. }
            | Self::Open(_)
            | Self::Storage(_)
            | Self::Closed => false,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            StoreError::Full | StoreError::Corrupt(_) | StoreError::Failed(_) => {
                Self::Storage(error)
            }
        }
    }
}

impl From<crate::transport::CallFailure> for Error {
    fn from(failure: crate::transport::CallFailure) -> Self {
        match failure {
            crate::transport::CallFailure::Unreachable { retry_after } => {
                Self::Unreachable { retry_after }
            }
            crate::transport::CallFailure::Refused(problem)
                if problem.is_about_credentials() && problem.code != ProblemCode::AuthForbidden =>
            {
                Self::Unauthorized
            }
            crate::transport::CallFailure::Refused(problem) => Self::Rejected(problem),
        }
    }
}
