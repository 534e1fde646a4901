//! What a server has on its disk, and what it ever had.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_model::{
    FactKind, InstallationId, InstallationSecret, Notification, NotificationId, UserId,
};

use super::log::Log;
use crate::time::At;

/// What a backup keeps.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// Access tokens of another life are void.
    pub(super) life: u32,
    pub(super) logs: BTreeMap<UserId, Log>,
    pub(super) installations: BTreeMap<InstallationId, Installation>,
    pub(super) notifications: BTreeMap<NotificationId, Accepted>,
    /// Identity tokens that may be used once and were.
    pub(super) used: BTreeSet<String>,
    /// The facts that were stored, by installation and id.
    pub(super) facts: BTreeSet<(InstallationId, String)>,
}

/// A notification that the server accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) user: UserId,
    /// The newest revision.
    pub(crate) notification: Notification,
    pub(crate) accepted_at: At,
    pub(crate) expires_at: At,
    pub(crate) is_recalled: bool,
    pub(crate) read_at: Option<At>,
    /// The number of its first entry in the log.
    pub(super) seq: u64,
    /// The only installations it is for, each with the number of the entry that brought it; all of the
    /// user's when absent.
    pub(super) only: Option<BTreeMap<InstallationId, u64>>,
    /// Versions of flags besides `read`.
    pub(super) flags: BTreeMap<String, (u64, bool)>,
}

impl Accepted {
    /// Whether it is for an installation, if that is its user's.
    pub(crate) fn is_for(&self, installation: InstallationId) -> bool {
        self.place_for(installation).is_some()
    }

    /// The number of the entry that brought it to an installation.
    pub(super) fn place_for(&self, installation: InstallationId) -> Option<u64> {
        match &self.only {
            None => Some(self.seq),
            Some(only) => only.get(&installation).copied(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub(super) secret: InstallationSecret,
    pub(super) generation: u64,
    pub(super) user: Option<UserId>,
    pub(super) family: Option<Family>,
    /// What pushes are sealed for, as the installation said last.
    pub(super) key: Option<String>,
    /// Where a push service reaches it, as it said last.
    pub(super) address: Option<String>,
    /// When the app was last opened there, as it said.
    pub(super) opened_at: Option<At>,
    /// How often it said what it is.
    pub(super) puts: u64,
}

/// Refresh tokens of one login.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) id: u64,
    /// The number of the newest token.
    pub(super) newest: u64,
    /// Whether anything shows that the newest token arrived.
    pub(super) is_used: bool,
    /// When the newest token was last given for its predecessor, before it was used.
    pub(super) given_at: Option<At>,
}

/// What was ever true, whatever a backup takes back.
#[derive(Debug, Default)]
pub(crate) struct Ever {
    /// What installations reported of notifications.
    pub(crate) facts: BTreeSet<(InstallationId, FactKind, NotificationId)>,
    /// When each notification was first read, as the server was told.
    pub(crate) read: BTreeMap<NotificationId, At>,
    /// Every notification, also those that a backup has lost.
    pub(crate) notifications: BTreeMap<NotificationId, UserId>,
    /// The only installations that some of them were ever for.
    pub(crate) meant: BTreeMap<NotificationId, BTreeSet<InstallationId>>,
    /// What was withdrawn, whether a backup has forgotten it or not.
    pub(crate) recalled: BTreeSet<NotificationId>,
    /// When a backup was restored.
    pub(crate) restores: Vec<At>,
}
