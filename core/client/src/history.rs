//! The history as apps read it.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use vestnik_model::Notification;

/// The most items of one page.
pub const MAX_PAGE: u32 = 200;

/// A notification in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryItem {
    /// The notification.
    pub notification: Notification,
    /// Whether the person has seen it, on this device or another.
    pub state: HistoryState,
    /// When this device stored it.
    pub received_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// Whether the person has seen a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryState {
    /// It is unread.
    Delivered,
    /// The person has seen it, on this device or another.
    Read,
}

/// Which part of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Older than this place; none for the newest.
    pub before: Option<HistoryCursor>,
    /// The most items, 1 to 200.
    pub limit: u32,
    /// Only what is unread.
    pub unread_only: bool,
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self {
            before: None,
            limit: 50,
            unread_only: false,
        }
    }
}

/// A page of the history, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<HistoryItem>,
    /// Where older ones begin; none when there are none.
    pub next: Option<HistoryCursor>,
}

/// A place in the history. It stays where it is while newer notifications come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryCursor(pub(crate) i64);

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a place in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a place in the history")]
pub struct ParseHistoryCursorError;

impl FromStr for HistoryCursor {
    type Err = ParseHistoryCursorError;

    fn from_str(text: &str) -> Result<Self, ParseHistoryCursorError> {
        text.parse().map(Self).map_err(|_| ParseHistoryCursorError)
    }
}
