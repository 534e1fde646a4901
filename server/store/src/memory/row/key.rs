//! The store's own keys of rows.

/// The store's own key of a user: audiences are walked in its order.
pub(crate) type UserKey = i64;
/// The store's own key of a notification: the order of acceptance.
pub(crate) type NotificationKey = u64;
/// The store's own key of a topic.
pub(crate) type TopicKey = u64;
/// The store's own key of an uploaded audience.
pub(crate) type UploadKey = u64;
