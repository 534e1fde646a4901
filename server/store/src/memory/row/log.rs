//! Entries of users' logs.

use jiff::Timestamp;
use vestnik_model::{InstallationId, Recall, StateChange};
use vestnik_rules::log::Tag;

use super::key::NotificationKey;

/// An entry of a log.
#[derive(Debug, Clone)]
pub(crate) struct LogRow {
    pub(crate) tag: Tag,
    pub(crate) notification: NotificationKey,
    pub(crate) only: Option<Vec<InstallationId>>,
    pub(crate) content: Content,
    pub(crate) at: Timestamp,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// The notification itself, as it is when the entry is read.
    Arrival,
    /// The notification is withdrawn.
    Recall(Recall),
    /// A flag of the notification changed.
    State(StateChange),
}
