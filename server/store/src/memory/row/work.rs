//! Rows of work.

use jiff::Timestamp;
use vestnik_model::{AppId, Channel, WebhookId};
use vestnik_rules::{receipt::MarkRead, work::WorkKind};

use super::{
    super::asking::Walk,
    key::{NotificationKey, TopicKey, UploadKey, UserKey},
};

/// A row of work.
#[derive(Debug, Clone)]
pub(crate) struct WorkRow {
    pub(crate) kind: WorkKind,
    pub(crate) app: AppId,
    pub(crate) target: Target,
    /// Where the next part goes on, for walks through deliveries.
    pub(crate) after: Option<UserKey>,
    pub(crate) due: Timestamp,
    /// From when on it can be claimed: later than due while a claim holds or a pause runs.
    pub(crate) ready: Timestamp,
    /// Grows with each claim and whatever ends one.
    pub(crate) fence: u64,
    /// Whether a claim moved `ready`.
    pub(crate) is_claimed: bool,
    pub(crate) tries: u32,
    pub(crate) error: Option<String>,
}

/// What a row of work is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The whole store.
    Store,
    /// A notification.
    Notification(NotificationKey),
    /// A topic without a name.
    Topic(TopicKey),
    /// An uploaded audience without an id.
    Upload(UploadKey),
    /// A user without a name.
    User(UserKey),
    /// A webhook.
    Webhook(WebhookId),
    /// What waits for credentials at a service.
    Provider(Channel),
    /// Deliveries that are asked about anew.
    Asked(Walk),
    /// The rest of what a user read.
    Mark(UserKey, MarkRead),
}
