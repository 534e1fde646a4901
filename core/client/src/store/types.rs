//! What the store answers.

use std::{fmt, path::PathBuf};

use vestnik_model::{InstallationId, NotificationId, Receipt};

use super::Store;
use crate::history::HistoryItem;

/// An open store.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) store: Store,
    /// This installation, made at the first run.
    pub(crate) installation: InstallationId,
    /// Where a damaged file was put.
    pub(crate) quarantined: Option<PathBuf>,
}

/// What keeps the device logged in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredSession {
    pub(crate) refresh_token: String,
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSession")
    }
}

/// What became of entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// New in the history.
    pub(crate) inserted: Vec<NotificationId>,
    /// Read on another device.
    pub(crate) read_elsewhere: Vec<NotificationId>,
}

/// A notification for the shell to draw.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShowItem {
    pub(crate) item: HistoryItem,
    pub(crate) again: bool,
}

/// A receipt that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutboxReceipt {
    pub(crate) row: i64,
    pub(crate) receipt: Receipt,
}
