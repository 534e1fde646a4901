//! Whose notifications are on this device.

use std::fmt;

use serde::Serialize;
use ts_rs::TS;

use super::TroubleView;

/// Whose notifications are on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum AccountView {
    /// Nobody's.
    #[serde(rename_all = "camelCase")]
    Nobody {
        /// Whether the server has not confirmed a sign-out yet; it is told again.
        is_sign_out_pending: bool,
    },
    /// A sign-in is under way.
    #[serde(rename_all = "camelCase")]
    SigningIn {
        /// The user.
        user: String,
        /// What holds it up, if anything does.
        trouble: Option<TroubleView>,
        /// When it is tried again, if that is known.
        retry_at: Option<String>,
    },
    /// A user's.
    SignedIn {
        /// The user.
        user: String,
    },
    /// A sign-out is under way.
    SigningOut,
    /// The session has ended. The history can be read, and nothing new comes.
    NeedsIdentity {
        /// Whose history it is, if it is anybody's.
        user: Option<String>,
        /// Why the session has ended.
        reason: SessionEndView,
    },
}

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionEndView {
    /// It had ended when the app began.
    Ended,
    /// The server refused it.
    Refused,
    /// The server's answer named another user.
    OtherUser,
}

/// What a sign-in code says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeView {
    /// The user it is for.
    pub(crate) user: String,
    /// The other user whose notifications leave this device when the code is used.
    pub(crate) replaces: Option<String>,
}

/// A sign-in code on its way to the window. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct SignInCode(pub(crate) String);

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(…)")
    }
}
