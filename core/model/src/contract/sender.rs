//! What a sender asks about its notifications, and what it is answered.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    counts::Counts,
    event::MAX_NUMBER,
    id::{DeliveryId, NotificationId, UserId},
    open::Open,
    publish::PublishAccepted,
    reason::Reason,
    status::{DeliveryStatus, NotificationStatus},
    warning::Warning,
};

/// The server accepted a notification published through the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The notification's id.
    pub id: NotificationId,
    /// Its status when it was accepted.
    pub status: NotificationStatus,
    /// Whether this answer is that of an earlier request with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Open<Warning>>,
}

impl From<PublishAccepted> for Published {
    fn from(accepted: PublishAccepted) -> Self {
        let PublishAccepted {
            id,
            status,
            replayed,
            warnings,
        } = accepted;
        Self {
            id,
            status,
            replayed,
            warnings,
        }
    }
}

/// A sender watches a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The notification.
    pub notification_id: NotificationId,
    /// The version of the last item that the sender has: the stream goes on behind it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "version"
    )]
    pub after: Option<u64>,
}

/// A version is the number of an event.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<u64>::deserialize(deserializer)? {
        Some(version) if version > MAX_NUMBER => Err(D::Error::custom(
            "must be the version of an item of a watch",
        )),
        version => Ok(version),
    }
}

/// A sender names one of its notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfNotification {
    /// The notification.
    pub notification_id: NotificationId,
}

/// The most changes of deliveries in one item of a watch.
pub const WATCHED_CHANGES: usize = 100;

/// An item of a watch: the state after some change. Versions strictly increase; several changes may
/// be one item. The stream ends when nothing can change any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// Grows with each change; give the last one as `after` to go on.
    pub version: u64,
    /// The notification.
    pub id: NotificationId,
    /// Its status.
    pub status: NotificationStatus,
    /// Whether its sender recalled it: it is taken off the devices that have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_recalled: bool,
    /// Its deliveries by status. Every count but `pending` falls only by later evidence (a read
    /// delivery is no longer counted as delivered).
    pub counts: Counts,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Open<Warning>>,
    /// The deliveries that changed since the item before, the latest at most 100; empty in a first
    /// item without `after`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryChange>,
    /// The server's time of this item.
    pub at: Timestamp,
}

/// What changed about one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryChange {
    /// The delivery.
    pub id: DeliveryId,
    /// The user it is for.
    pub user: UserId,
    /// Its status after the change.
    pub status: DeliveryStatus,
    /// Why, when that is a negative end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Open<Reason>>,
    /// Whether positive evidence came after a negative end, so that counts fell.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference over"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}
