//! What the system does for the app.

use serde::Serialize;
use ts_rs::TS;

/// What the system does for the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemView {
    /// Whether it shows toasts.
    pub(crate) delivery: DeliveryView,
    /// Where the secrets of this installation lie; unknown until the core runs.
    pub(crate) secrets: Option<SecretsView>,
    /// Whether it starts the app at the person's login; unknown where that cannot be told.
    pub(crate) starts_at_login: Option<bool>,
    /// Whether there is a tray that shows the app's icon.
    pub(crate) has_tray: bool,
    /// The configured server; unknown until the core runs.
    pub(crate) server: Option<ServerView>,
}

/// Whether the system shows toasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryView {
    /// The system does not say.
    #[default]
    Unknown,
    /// The system accepts them.
    Ready,
    /// The system accepts them and does not draw them now: "do not disturb" is on.
    Paused,
    /// The person switched them off for this app in the system's settings.
    Denied,
    /// Nothing runs that could show them.
    NoService,
}

/// Where the secrets of this installation lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretsView {
    /// In the system's keyring.
    Keyring,
    /// In private files that are not encrypted, because no keyring runs.
    FilesWithoutKeyring,
    /// In private files that are not encrypted, because the keyring is locked.
    FilesKeyringLocked,
}

/// The configured server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerView {
    /// Its host, with the port where it is not the usual one.
    pub(crate) host: String,
    /// Whether what is sent to it can be read on the way.
    pub(crate) is_exposed: bool,
    /// Whether the configuration names a sign-in code.
    pub(crate) has_code: bool,
}
