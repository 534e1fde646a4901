//! What the store answers.

use std::{fmt, path::PathBuf};

use vestnik_model::{InstallationId, InstallationSecret, NotificationId};

use super::Store;
use crate::history::HistoryItem;

/// An open store.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) store: Store,
    /// This installation, made at the first run.
    pub(crate) identity: InstallationIdentity,
    /// Where a damaged file was put.
    pub(crate) quarantined: Option<PathBuf>,
}

/// By what the server knows this installation. Debug shows nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstallationIdentity {
    /// The installation's id.
    pub(crate) id: InstallationId,
    /// What it proves itself by, the same at every login.
    pub(crate) secret: InstallationSecret,
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
    /// To be taken from the screen: read or deleted on another device, or recalled.
    pub(crate) withdrawn: Vec<NotificationId>,
    /// Changed in another way.
    pub(crate) changed: Vec<NotificationId>,
}

/// A notification for the shell to draw.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShowItem {
    pub(crate) item: HistoryItem,
    pub(crate) again: bool,
}
