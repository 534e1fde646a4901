//! Errors as the app sees them: few, and each says what to do.

use vestnik_core::{Error, LoginError};
use vestnik_inbox::StoreError;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VestnikError {
    /// An argument is wrong; `field` names it.
    #[error("{field}: {detail}")]
    InvalidArgument {
        /// The argument, or the field of a record.
        field: String,
        /// What is required of it.
        detail: String,
    },
    /// The device's storage failed. Nothing was changed.
    #[error("{detail}")]
    Storage {
        /// In which way.
        problem: StorageProblem,
        /// What is known of it, for a developer.
        detail: String,
    },
    /// The server refused, and repeating the same does not help.
    #[error("the server refused: {code}")]
    Refused {
        /// The problem's code, as `topic.unavailable`.
        code: String,
    },
    /// Nobody is logged in.
    #[error("nobody is logged in")]
    NobodyLoggedIn,
    /// The identity token vouches for another user than the one who was to be logged in.
    #[error("the identity token vouches for another user")]
    OtherUser,
    /// A later login or logout took the place of this one.
    #[error("a later login or logout took the place of this one")]
    Overtaken,
    /// The core failed and began again before it had an answer. The same call may be made again.
    #[error("the core was restarted")]
    Restarted,
    /// Another part of the app draws notifications already.
    #[error("another part of the app draws notifications")]
    ShowerTaken,
    /// The ticket was settled before.
    #[error("the ticket was settled before")]
    TicketSettled,
    /// There are as many listeners as there may be.
    #[error("there are too many listeners")]
    TooManyListeners,
    /// On Android the core must be given the app's context before it can check certificates.
    #[error("VestnikAndroid.initialize must be called first")]
    NotInitialized,
    /// The deadline passed first.
    #[error("the deadline passed")]
    Timeout,
    /// The app gave up waiting.
    #[error("the call was cancelled")]
    Cancelled,
    /// The device was stopped.
    #[error("the device was stopped")]
    Closed,
    /// Code of the app that the library called failed.
    #[error("code of the app failed")]
    Host {
        /// What it said.
        detail: String,
    },
    /// A fault of the library.
    #[error("internal: {detail}")]
    Internal {
        /// What is known of it.
        detail: String,
    },
}

/// In which way the device's storage failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum StorageProblem {
    /// The disk is full. The same call succeeds when there is room.
    Full,
    /// A file is damaged. Stop and open again: what can be read is carried over.
    Corrupt,
    /// Another process has the folder, or too much waits. The same call may succeed later.
    Busy,
    /// The files were written by a newer version of the app.
    TooNew,
    /// The secret store failed, or is locked.
    Secrets,
    /// The file system refuses for another reason.
    Other,
}

impl VestnikError {
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

impl From<Error> for VestnikError {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(error) => error.into(),
            Error::Network(error) => Self::invalid("network", with_sources(&*error)),
            Error::LoggedOut => Self::NobodyLoggedIn,
            Error::Refused(code) => Self::Refused {
                code: code.as_str().to_owned(),
            },
            Error::Overtaken => Self::Overtaken,
            Error::Restarted => Self::Restarted,
            Error::Closed => Self::Closed,
            other => Self::internal(with_sources(&other)),
        }
    }
}

impl From<LoginError> for VestnikError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused(code) => Self::Refused {
                code: code.as_str().to_owned(),
            },
            LoginError::OtherUser => Self::OtherUser,
            LoginError::Overtaken => Self::Overtaken,
            LoginError::Restarted => Self::Restarted,
            LoginError::Closed => Self::Closed,
            other => Self::internal(with_sources(&other)),
        }
    }
}

impl From<StoreError> for VestnikError {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Full => StorageProblem::Full,
            StoreError::Corrupt { .. } => StorageProblem::Corrupt,
            StoreError::Busy => StorageProblem::Busy,
            StoreError::TooNew { .. } => StorageProblem::TooNew,
            StoreError::Secrets { .. } => StorageProblem::Secrets,
            StoreError::Closed => return Self::Closed,
            StoreError::Other { .. } | _ => StorageProblem::Other,
        };
        Self::Storage {
            problem,
            detail: with_sources(&error),
        }
    }
}

/// An error and what caused it, from the outermost to the innermost.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Code of the app threw something that is not a `VestnikError`.
impl From<uniffi::UnexpectedUniFFICallbackError> for VestnikError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Host {
            detail: error.reason,
        }
    }
}
