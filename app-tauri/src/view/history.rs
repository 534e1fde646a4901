//! The history.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A notification of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationView {
    /// Its id.
    pub(crate) id: String,
    /// The line by which a person recognises it.
    pub(crate) title: String,
    /// Its text, without markup.
    pub(crate) body: String,
    /// The kind of content it is.
    pub(crate) category: Option<String>,
    /// How urgent it is.
    pub(crate) priority: PriorityView,
    /// What it can open.
    pub(crate) link: Option<LinkView>,
    /// Its buttons.
    pub(crate) actions: Vec<ActionView>,
    /// When the server accepted it.
    pub(crate) accepted_at: String,
    /// When it came to this device.
    pub(crate) received_at: String,
    /// Whether the person has read it, here or elsewhere.
    pub(crate) is_read: bool,
    /// When it was read, where that is known.
    pub(crate) read_at: Option<String>,
}

/// How urgent a notification is.
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

/// A button of a notification. The window asks for what it does by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ActionView {
    /// Opens an address in the browser.
    Link {
        /// Its id.
        id: String,
        /// What it says.
        title: String,
        /// The host that it leads to.
        host: String,
    },
    /// Asks for a text.
    Reply {
        /// Its id.
        id: String,
        /// What it says.
        title: String,
        /// What stands in the empty field.
        placeholder: Option<String>,
    },
    /// Tells the sender.
    Callback {
        /// Its id.
        id: String,
        /// What it says.
        title: String,
    },
}

/// Which part of the history the window wants, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryRequest {
    /// Where the page before ended.
    pub(crate) before: Option<String>,
    /// The most rows.
    pub(crate) limit: u32,
    /// The words that title and text must have; without them everything is wanted.
    pub(crate) search: Option<String>,
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
