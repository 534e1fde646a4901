//! What crosses between the app and its window: view models, never the core's own types.
//!
//! Each type here is written as TypeScript into `ui/src/generated`; a test fails when that copy is
//! stale. Times are RFC 3339 texts and ids are texts, so that no number loses precision.

use serde::Serialize;
use ts_rs::TS;

mod account;
mod connection;
mod consent;
mod convert;
mod history;
mod preferences;
mod problem;
mod setup;
mod system;

pub(crate) use account::{AccountView, CodeView, SessionEndView, SignInCode};
pub(crate) use connection::{ConnectionView, TroubleView};
#[cfg(test)]
pub(crate) use consent::ChoiceView;
pub(crate) use consent::{ConsentView, OptOutRequest};
pub(crate) use history::{
    ActionView, HistoryRequest, HistoryView, LinkView, NotificationView, PriorityView,
};
#[cfg(test)]
pub(crate) use preferences::ThemePreference;
pub(crate) use preferences::{Language, LanguagePreference, Preferences};
pub(crate) use problem::{CommandError, ErrorCode};
pub(crate) use setup::{Phase, SetupProblem};
pub(crate) use system::{DeliveryView, SecretsView, ServerView, SystemView};

/// What the window is sent, in order, over its one channel. The first is always a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum UiEvent {
    /// The whole state, for a new window.
    Snapshot {
        /// The state.
        snapshot: Box<Snapshot>,
    },
    /// The app was configured, or could not be.
    Phase {
        /// The present phase.
        phase: Phase,
    },
    /// The account changed.
    Account {
        /// The present account.
        account: AccountView,
    },
    /// The connection changed.
    Connection {
        /// The present connection.
        connection: ConnectionView,
    },
    /// What the system does for the app changed.
    System {
        /// What it does now.
        system: SystemView,
    },
    /// The number of unread notifications changed.
    Unread {
        /// The present number.
        count: u64,
    },
    /// Rows of the history are new or changed.
    Changed {
        /// The rows' new contents.
        items: Vec<NotificationView>,
        /// The ids of rows that left the history: recalled, or deleted on another device.
        removed: Vec<String>,
    },
    /// More of the history changed than is worth listing: read it again.
    Stale,
    /// The history belongs to another user or to nobody now: drop every row, those that are still
    /// on their way included, and read the history again.
    Forgotten,
    /// A toast was clicked: show its notification.
    Opened {
        /// The notification's id.
        id: String,
    },
    /// A sign-in code was handed to the app by a link: show the sign-in page with it.
    CodeOffered {
        /// The code.
        code: SignInCode,
    },
    /// A sign-in that the app began by itself was not accepted.
    SignInFailed {
        /// Why.
        code: ErrorCode,
    },
    /// The stored history was damaged, and is read from the server again.
    HistoryRebuilt,
    /// What the user does not want is another than before: read it again.
    ConsentChanged {
        /// Whether that is because the server refused a change that was made here.
        is_refused: bool,
    },
    /// A preference changed.
    Preferences {
        /// All preferences.
        preferences: Preferences,
        /// The language that follows from them.
        language: Language,
    },
}

/// The whole state, for a new window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    /// Whether the core runs.
    pub(crate) phase: Phase,
    /// Whose notifications are on this device.
    pub(crate) account: AccountView,
    /// The connection to the server.
    pub(crate) connection: ConnectionView,
    /// What the system does for the app.
    pub(crate) system: SystemView,
    /// How many notifications are unread.
    pub(crate) unread: u64,
    /// The person's preferences.
    pub(crate) preferences: Preferences,
    /// The language that follows from the preferences and the system.
    pub(crate) language: Language,
    /// The notification whose toast brought the window up, if one did.
    pub(crate) opened: Option<String>,
    /// The sign-in code that a link handed to the app, if one did.
    pub(crate) offered: Option<SignInCode>,
    /// Why a sign-in that the app began by itself was not accepted, if it was not.
    pub(crate) sign_in_problem: Option<ErrorCode>,
}

#[cfg(test)]
mod tests;
