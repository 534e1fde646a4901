//! Errors as the host sees them: few, and each says what to do.

use vestnik_core::Error;
use vestnik_model::Problem;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PushError {
    /// An argument is wrong; `field` names it.
    #[error("{field}: {detail}")]
    InvalidArgument {
        /// The argument.
        field: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Nobody is logged in: hand a fresh identity token in.
    #[error("a fresh identity token is needed")]
    Unauthorized,
    /// The server refused the request; repeating it does not help.
    #[error("{code}: {detail}")]
    Rejected {
        /// The problem's code.
        code: String,
        /// What is wrong, for a person.
        detail: String,
    },
    /// The server cannot be reached now; the core goes on trying by itself.
    #[error("the server cannot be reached")]
    Unreachable {
        /// In how many milliseconds it is worth trying again, if the server said so.
        retry_after_ms: Option<u64>,
    },
    /// The database cannot be read or written.
    #[error("storage: {detail}")]
    Storage {
        /// What went wrong.
        detail: String,
    },
    /// The deadline passed first.
    #[error("the deadline passed")]
    Timeout,
    /// The host cancelled the call.
    #[error("the call was cancelled")]
    Cancelled,
    /// The client is not started, or was stopped.
    #[error("the client is not running")]
    Closed,
    /// A listener of the host failed.
    #[error("the host's listener failed: {detail}")]
    Host {
        /// What it said.
        detail: String,
    },
    /// A bug of ours.
    #[error("internal: {detail}")]
    Internal {
        /// What is known of it.
        detail: String,
    },
}

impl PushError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors are handed over by map_err"
    )]
    pub(crate) fn invalid(field: &str, detail: impl ToString) -> Self {
        Self::InvalidArgument {
            field: field.to_owned(),
            detail: detail.to_string(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors are handed over by map_err"
    )]
    pub(crate) fn internal(detail: impl ToString) -> Self {
        Self::Internal {
            detail: detail.to_string(),
        }
    }
}

impl From<Error> for PushError {
    fn from(error: Error) -> Self {
        let retry_after = error.retry_after();
        match error {
            Error::Unauthorized => Self::Unauthorized,
            Error::Rejected(problem) => problem.into(),
            Error::Unreachable { .. } => Self::Unreachable {
                retry_after_ms: retry_after
                    .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            },
            Error::Storage(error) => Self::Storage {
                detail: error.to_string(),
            },
            Error::Open(error) => Self::Storage {
                detail: error.to_string(),
            },
            Error::Closed => Self::Closed,
            other => Self::internal(other),
        }
    }
}

impl From<Problem> for PushError {
    fn from(problem: Problem) -> Self {
        Self::Rejected {
            code: problem.code.to_string(),
            detail: problem.detail,
        }
    }
}

/// A listener threw something that is not a `PushError`.
impl From<uniffi::UnexpectedUniFFICallbackError> for PushError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Host {
            detail: error.reason,
        }
    }
}
