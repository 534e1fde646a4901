//! The hub contract: target names, arguments and answers, for any official SignalR client.
//!
//! Payloads are `camelCase`; cursors and ids are texts. Every call takes one argument object.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    cursor::{Cursor, Epoch},
    id::{DeliveryId, InstallationId, NotificationId, TopicName},
    installation::Permission,
    notification::Notification,
    publish::PublishAccepted,
    receipt::Receipt,
    status::{Counts, DeliveryStatus, NotificationStatus},
};

/// Calls that a device or a sender makes.
pub mod server {
    /// A device says who it is and where it stopped: [`Hello`](super::Hello) → [`Welcome`](super::Welcome).
    pub const HELLO: &str = "Hello";
    /// A device reads its log on: [`Sync`](super::Sync) → [`Page`](super::Page).
    pub const SYNC: &str = "Sync";
    /// A device reports receipts: [`Report`](super::Report) → [`Reported`](crate::receipt::Reported).
    pub const REPORT: &str = "Report";
    /// A device's user joins a topic: [`Subscribe`](super::Subscribe) → nothing.
    pub const SUBSCRIBE: &str = "Subscribe";
    /// A device's user leaves a topic: [`Subscribe`](super::Subscribe) → nothing.
    pub const UNSUBSCRIBE: &str = "Unsubscribe";
    /// A sender publishes: [`PublishRequest`](crate::PublishRequest) → [`Published`](super::Published).
    pub const PUBLISH: &str = "Publish";
    /// A sender watches a notification: [`Watch`](super::Watch) → stream of [`StatusChange`](super::StatusChange).
    pub const WATCH: &str = "Watch";
}

/// Calls that the server makes on a device.
pub mod device {
    /// New notifications of the log, in order: an array of [`Envelope`](super::Envelope).
    pub const NOTIFY: &str = "Notify";
    /// Changes to notifications that the device may have: an array of [`StateChange`](super::StateChange).
    pub const STATE_CHANGED: &str = "StateChanged";
    /// The device was too slow, or the hint was lost: read on by [`SYNC`](super::server::SYNC). [`Behind`](super::Behind).
    pub const BEHIND: &str = "Behind";
    /// The server is about to close; come back after a while. [`Drain`](super::Drain).
    pub const DRAIN: &str = "Drain";
}

/// A device says who it is and where it stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hello {
    /// Must be the one that the access token was issued to.
    pub installation_id: InstallationId,
    /// Where it stopped; absent on a device that has nothing yet.
    #[serde(default)]
    pub cursor: Option<Cursor>,
    /// A BCP 47 language tag.
    #[serde(default)]
    pub locale: Option<String>,
    /// An IANA time zone name.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    #[serde(default)]
    pub permission: Option<Permission>,
    /// The app's version.
    #[serde(default)]
    pub app_version: Option<String>,
}

/// The server's answer to a [`Hello`]. Live calls follow from the place the device named on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The life of the log, as 8 hexadecimal digits. A cursor of another one counts as none.
    pub epoch: EpochText,
    /// The end of the log now.
    pub cursor: Cursor,
    /// How many entries the device has to read by [`Sync`] to be there.
    pub behind_by: u64,
    /// The server's clock, to set the device's right by.
    pub server_time: Timestamp,
}

/// An epoch as it stands in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochText(pub Epoch);

impl Serialize for EpochText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EpochText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let cursor: Cursor = format!("{text}:0")
            .parse()
            .map_err(serde::de::Error::custom)?;
        Ok(Self(cursor.epoch))
    }
}

/// A device reads its log on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sync {
    /// The last entry it has; absent for the beginning.
    #[serde(default)]
    pub cursor: Option<Cursor>,
    /// The most entries it wants, 1 to 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// The most entries of one page.
pub const MAX_PAGE: u32 = 500;
/// The entries of a page when the device does not say.
pub const DEFAULT_PAGE: u32 = 100;

/// A stretch of the log. Everything up to `cursor` is known once it is stored: entries that are not
/// for this installation, or have expired, are left out and counted as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Where the device stands once it has stored them.
    pub cursor: Cursor,
    /// Whether there is more.
    pub more: bool,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Entry {
    /// A notification came.
    Notification(Box<Envelope>),
    /// A notification changed.
    State(StateChange),
}

impl Entry {
    /// Its place in the log.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        match self {
            Self::Notification(envelope) => envelope.cursor,
            Self::State(change) => change.cursor,
        }
    }
}

/// A notification on its way to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Its place in the log. When it is not the next after the device's own, something is missing:
    /// the device fetches it by [`Sync`] and does not move its cursor over the gap.
    pub cursor: Cursor,
    /// The delivery to this user.
    pub delivery_id: DeliveryId,
    /// When it was read on another device, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// What to show.
    pub notification: Notification,
}

/// A notification changed: the device updates its history and withdraws what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// Its place in the log.
    pub cursor: Cursor,
    /// What changed.
    pub id: NotificationId,
    /// What it is now.
    pub state: HistoryState,
    /// Since when.
    pub at: Timestamp,
}

/// What a notification in a history can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HistoryState {
    /// There, and not seen by the person yet.
    Delivered,
    /// Seen by the person, on this device or another.
    Read,
}

/// A device reports receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// 1 to 500 facts.
    pub receipts: Vec<Receipt>,
}

/// A device's user joins or leaves a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// Which.
    pub topic: TopicName,
}

/// The server took a notification published through the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// What to watch it by.
    pub id: NotificationId,
    /// Its status now.
    pub status: NotificationStatus,
    /// Whether this answer is that of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl From<PublishAccepted> for Published {
    fn from(accepted: PublishAccepted) -> Self {
        let PublishAccepted {
            id,
            status,
            replayed,
        } = accepted;
        Self {
            id,
            status,
            replayed,
        }
    }
}

/// A sender watches a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// Which.
    pub notification_id: NotificationId,
}

/// An item of a watch: first what is, then each change, until nothing more can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// The notification.
    pub id: NotificationId,
    /// Its status now.
    pub status: NotificationStatus,
    /// Its deliveries by status now.
    pub counts: Counts,
    /// The delivery whose change this item tells; absent in the first item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryChange>,
    /// When.
    pub at: Timestamp,
}

/// What changed about one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryChange {
    /// Which.
    pub id: DeliveryId,
    /// Whose.
    pub user: crate::id::UserId,
    /// Its status now.
    pub status: DeliveryStatus,
}

/// The device was too slow for the live calls, or one was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behind {
    /// The end of the log now.
    pub cursor: Cursor,
}

/// The server is about to close its connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// When this device is asked to come back, in milliseconds; spread over devices.
    pub retry_after_ms: u32,
}

#[cfg(test)]
mod tests;
