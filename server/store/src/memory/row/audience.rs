//! Topics and users.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, preference::StoredOptOuts, subscription::TopicSettings};
use vestnik_rules::{log::Tag, schedule::Attributes};

/// A topic.
#[derive(Debug, Clone)]
pub(crate) struct TopicRow {
    pub(crate) settings: TopicSettings,
    /// The number of its subscriptions, changed with them.
    pub(crate) subscribers: u64,
}

/// A user and the head of their log.
#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    pub(crate) app: AppId,
    /// Absent while the user is being erased: a new user may take the name at once.
    pub(crate) name: Option<UserId>,
    pub(crate) seq: u64,
    pub(crate) tag: Tag,
    pub(crate) renewal: u32,
    pub(crate) renewed_at: Option<Timestamp>,
    /// What the App says of the user.
    pub(crate) attributes: Attributes,
    /// What the user does not want.
    pub(crate) opt_outs: StoredOptOuts,
}
