//! Why a command was not done.

use serde::Serialize;
use ts_rs::TS;

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommandError {
    /// What the window decides by.
    pub(crate) code: ErrorCode,
    /// What a developer reads.
    pub(crate) message: String,
}

impl CommandError {
    /// The app is not configured yet.
    pub(crate) fn not_ready() -> Self {
        Self::new(ErrorCode::NotReady, "the app is not configured")
    }

    /// The app is ending.
    pub(crate) fn closed() -> Self {
        Self::new(ErrorCode::Closed, "the app is ending")
    }

    /// There is no such thing.
    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// The system did not do what was asked.
    pub(crate) fn system(error: &std::io::Error) -> Self {
        Self::new(ErrorCode::System, &error.to_string())
    }

    /// A code alone, where it says everything.
    pub(crate) fn of(code: ErrorCode) -> Self {
        Self::new(code, "")
    }

    pub(super) fn new(code: ErrorCode, message: &str) -> Self {
        Self {
            code,
            message: message.to_owned(),
        }
    }
}

/// What a window decides by when a command was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    /// The app is not configured yet.
    NotReady,
    /// There is no such notification.
    NotFound,
    /// Nobody is signed in.
    SignedOut,
    /// The server refused the request.
    Rejected,
    /// The history could not be read or written.
    Storage,
    /// The disk is full.
    DiskFull,
    /// The system did not do what was asked.
    System,
    /// The app is ending.
    Closed,
    /// The text is not a sign-in code.
    CodeUnreadable,
    /// The configuration names no sign-in code that can be read.
    CodeMissing,
    /// The code is for another user than the one whose notifications are on this device, and the
    /// person was not asked.
    WouldReplace,
    /// The server refused the sign-in code.
    CodeRefused,
    /// The server refused the sign-in code because its time has passed.
    CodeExpired,
    /// The server says that the sign-in code is for another user than it names.
    CodeOfOther,
    /// A later sign-in or a sign-out came in between.
    Overtaken,
}
