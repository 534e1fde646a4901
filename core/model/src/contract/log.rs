//! How a device reads its user's log.

use serde::{Deserialize, Serialize};

use crate::{cursor::Cursor, entry::Entry};

/// A device reads its log on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// The place that the device stands at; absent for the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// The most entries it wants, 1 to 500; 100 when absent. A page is bounded in bytes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A stretch of the log. What is not for this installation, or has expired, is left out and counted
/// as read, so `entries` may be empty while the cursor moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entries {
    /// The place that the entries follow.
    pub after: Cursor,
    /// The place that the device stands at once it has applied them.
    pub cursor: Cursor,
    /// The entries, in order.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// The answer to [`Sync`]: entries, and whether more follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The place that the entries follow; see [the log](super#the-log).
    pub after: Cursor,
    /// The place that the device stands at once it has applied them.
    pub cursor: Cursor,
    /// The entries, in order.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// Whether the log goes on behind `cursor`.
    #[serde(default)]
    pub more: bool,
}

/// There is something to read: the device was too slow for the live calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behind {
    /// The end of the log now.
    pub cursor: Cursor,
}
