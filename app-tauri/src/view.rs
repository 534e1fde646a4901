//! What crosses between the app and its window: view models, never the core's own types.
//!
//! Each type here is written out as TypeScript into `ui/src/generated`; a test fails when that copy
//! is stale. Times are RFC 3339 texts and ids are texts, so that no number loses precision.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

mod convert;

/// What the window is told, in order, over its one channel. The first is always a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum UiEvent {
    /// Everything a new window has to know.
    Snapshot {
        /// That everything.
        snapshot: Snapshot,
    },
    /// The app was configured, or could not be.
    Phase {
        /// Where it stands now.
        phase: Phase,
    },
    /// The connection changed.
    Connection {
        /// How it is now.
        connection: ConnectionView,
    },
    /// The number of unread notifications changed.
    Unread {
        /// How many there are now.
        count: u64,
    },
    /// A notification has just come and is being shown.
    Arrived {
        /// The notification.
        item: NotificationView,
    },
    /// Rows of the history changed.
    Changed {
        /// The rows' new contents.
        items: Vec<NotificationView>,
        /// The ids of rows that left the history: recalled, or deleted on another device.
        removed: Vec<String>,
    },
    /// More of the history changed than is worth listing: read it again.
    Stale,
    /// A toast was clicked: show its notification.
    Opened {
        /// Which one.
        id: String,
    },
    /// Something a person may want to know.
    Warned {
        /// What it is.
        warning: WarningView,
    },
    /// The person changed a preference.
    Preferences {
        /// All of them.
        preferences: Preferences,
        /// The language that follows from them.
        language: Language,
    },
}

/// Everything a new window has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    /// Whether there is a history to read.
    pub(crate) phase: Phase,
    /// How the connection is.
    pub(crate) connection: ConnectionView,
    /// How many notifications are unread.
    pub(crate) unread: u64,
    /// What the person prefers.
    pub(crate) preferences: Preferences,
    /// The language that follows from the preferences and the system.
    pub(crate) language: Language,
    /// The notification whose toast brought the window up, if one did.
    pub(crate) opened: Option<String>,
}

/// Whether the app is configured and its core runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The core runs.
    Ready,
    /// The core is being started.
    Starting,
    /// The core cannot run until the person has done something.
    #[serde(rename_all = "camelCase")]
    Setup {
        /// The configuration file that was looked for.
        config_path: String,
        /// What stands in the way.
        problem: SetupProblem,
    },
}

/// What stands in the way of running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum SetupProblem {
    /// Settings that have no default are not set.
    Missing {
        /// Their names, as the configuration file spells them.
        settings: Vec<String>,
    },
    /// A setting is set to something that cannot be used.
    Invalid {
        /// What is wrong with it.
        detail: String,
    },
    /// The configuration is fine, but the core did not start.
    Failed {
        /// What the core says.
        detail: String,
    },
}

/// How the connection to the server is, in the terms that a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum ConnectionView {
    /// Nothing is being tried at the moment.
    #[serde(rename_all = "camelCase")]
    Offline {
        /// Why.
        reason: OfflineReason,
        /// When it will be tried again, if it will.
        retry_at: Option<String>,
    },
    /// A connection is being made.
    Connecting,
    /// There is a connection; what was missed is being fetched.
    Syncing,
    /// Everything is here and more will come live.
    Online,
    /// This installation belongs to nobody.
    SignedOut,
    /// The server wants the App to vouch for the person again.
    NeedsIdentity,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OfflineReason {
    /// The server did not answer.
    Unreachable,
    /// The server asked to come back later.
    Draining,
    /// The server ended the connection for good.
    Refused,
    /// The device's own storage failed.
    Storage,
}

/// Something a person may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WarningView {
    /// The history was damaged, and is read from the server anew.
    HistoryRebuilt,
}

/// A notification of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationView {
    /// Its id.
    pub(crate) id: String,
    /// The line by which a person recognises it.
    pub(crate) title: String,
    /// What it says; plain text.
    pub(crate) body: String,
    /// The kind of content it is.
    pub(crate) category: Option<String>,
    /// How urgently it asks for attention.
    pub(crate) priority: PriorityView,
    /// What it can open.
    pub(crate) link: Option<LinkView>,
    /// When the server accepted it.
    pub(crate) accepted_at: String,
    /// When it came to this device.
    pub(crate) received_at: String,
    /// Whether the person has read it, here or elsewhere.
    pub(crate) is_read: bool,
    /// When it was read, where that is known.
    pub(crate) read_at: Option<String>,
}

/// How urgently a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PriorityView {
    /// May wait.
    Low,
    /// The usual.
    Normal,
    /// Asks for attention now.
    High,
    /// Breaks through quiet hours.
    Critical,
}

/// A link that opens in the browser. The window gets the host to show, never the address to follow:
/// it asks by the notification's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkView {
    /// The host that the link leads to, with the port where it is not the usual one.
    pub(crate) host: String,
}

/// Which part of the history the window wants: newest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryRequest {
    /// Where the page before ended.
    pub(crate) before: Option<String>,
    /// How many rows at most.
    pub(crate) limit: u32,
}

/// A page of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryView {
    /// The rows.
    pub(crate) items: Vec<NotificationView>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// What the person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preferences {
    /// The language of the app.
    pub(crate) language: LanguagePreference,
    /// Its colours.
    pub(crate) theme: ThemePreference,
}

/// The language a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LanguagePreference {
    /// The system's.
    #[default]
    System,
    /// English.
    En,
    /// Russian.
    Ru,
}

/// The colours a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThemePreference {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A language the app speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// English.
    En,
    /// Russian.
    Ru,
}

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

    fn new(code: ErrorCode, message: &str) -> Self {
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
    /// The server did not accept this installation.
    Unauthorized,
    /// The server refused the request.
    Rejected,
    /// The server could not be reached.
    Unreachable,
    /// The history could not be read or written.
    Storage,
    /// The system did not do what was asked.
    System,
    /// The app is ending.
    Closed,
}

#[cfg(test)]
mod tests;
