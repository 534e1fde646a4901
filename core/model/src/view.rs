//! What REST shows of things: `snake_case`, read-only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::provider::{ProviderCheck, ProviderFinding, ProviderView};

use crate::{
    action::Action,
    channel::Channel,
    cost::Sums,
    counts::Counts,
    id::{AttemptId, DeliveryId, InstallationId, NotificationId, UserId},
    installation::InstallationState,
    notification::{Click, Notification, Priority, TrafficType},
    open::{Open, readable_list, words},
    publish::{ScheduleView, StepChannel},
    reason::Reason,
    status::{DeliveryStatus, Engagement, NotificationStatus, Outcome},
    warning::Warning,
};

/// A notification as its sender sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NotificationId,
    /// What became of it.
    pub status: NotificationStatus,
    /// Whether its sender recalled it: it is taken off the devices that have it. The status says what had
    /// become of it.
    #[serde(default)]
    pub is_recalled: bool,
    /// The same in the broadcast workers' words: `SCHEDULED`, `QUEUED`, `SENT`, `ERROR`.
    pub legacy_status: String,
    /// How much of it reached the goal of its last step; it may still improve until `settled_at`. A server of
    /// a former version says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Outcome))]
    pub outcome: Option<Open<Outcome>>,
    /// Since when nothing is waited for any more: 7 days after it expired. Absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub settled_at: Option<Timestamp>,
    /// Since when its sender has it paused: nobody further is notified. Absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub paused_at: Option<Timestamp>,
    /// When it is sent, as the sender wrote it; absent if at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleView>,
    /// From when on anybody is notified; absent if from its acceptance on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub opens_at: Option<Timestamp>,
    /// Its deliveries by status.
    pub counts: Counts,
    /// The same by the channel that each was handed over by last, or by which a device confirmed it first.
    /// What was handed over by none is in `counts` only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Counts>))]
    pub counts_by_channel: BTreeMap<Open<Channel>, Counts>,
    /// What its messages cost that were taken, by currency; absent if nothing is known of that.
    #[serde(default, skip_serializing_if = "Sums::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::cost::MoneyView>))]
    pub cost: Sums,
    /// What it saved, by currency: the price of the next step, of each recipient whom a step before it reached.
    #[serde(default, skip_serializing_if = "Sums::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::cost::MoneyView>))]
    pub saved: Sums,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Warning>))]
    pub warnings: Vec<Open<Warning>>,
    /// What it says.
    pub notification: ContentView,
    /// The sender's own number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The process it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What it is about: for each recipient it takes the place of earlier ones with the same key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    /// When it was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub accepted_at: Timestamp,
    /// From when on it is not worth delivering.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

/// What a notification says, as its sender reads it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContentView {
    /// The title.
    pub title: String,
    /// The text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The kind of content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Why it was sent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = TrafficType))]
    pub traffic_type: Open<TrafficType>,
    /// How urgently it asks for attention.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Priority))]
    pub priority: Open<Priority>,
    /// What a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<Click>,
    /// Its buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The sender's own data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Map<String, Value>>,
}

impl From<Notification> for ContentView {
    fn from(notification: Notification) -> Self {
        let Notification {
            id: _,
            revision: _,
            title,
            body,
            image,
            category,
            traffic_type,
            priority,
            click,
            actions,
            data,
            accepted_at: _,
            expires_at: _,
        } = notification;
        Self {
            title: title.as_str().to_owned(),
            body: body.as_str().to_owned(),
            image: image.map(|url| url.as_str().to_owned()),
            category: category.map(|name| name.as_str().to_owned()),
            traffic_type,
            priority,
            click,
            actions,
            data,
        }
    }
}

/// One notification to one user, as the sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: DeliveryId,
    /// What is delivered.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub notification_id: NotificationId,
    /// To whom.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Why, when that is a negative end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// Positive evidence came after a negative end.
    pub late: bool,
    /// A device's evidence came after a later step of the cascade was handed over: the person got it twice.
    #[serde(default)]
    pub double_contact: bool,
    /// The channel that it was handed over by last, or by which a device confirmed it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Channel>))]
    pub channel: Option<Open<Channel>>,
    /// The number of the step of the cascade that it stands at, or ended at, from 0; absent if it has come
    /// to none, as of a notification for connected devices only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u8>,
    /// The channel of that step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StepChannel>))]
    pub step_channel: Option<Open<StepChannel>>,
    /// Why the step before gave way to that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub switched: Option<Open<Reason>>,
    /// What else was done with it.
    #[serde(default, deserialize_with = "readable_list::<64, _, _>")]
    pub engagement: Vec<Engagement>,
    /// When it was first handed to a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub sent_at: Option<Timestamp>,
    /// When a device first had it in its history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Timestamp>,
    /// When the person first saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Timestamp>,
}

/// One try of one delivery at one installation, or at the user's mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AttemptId,
    /// The delivery.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub delivery_id: DeliveryId,
    /// Where it was tried; absent if at the user's mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub installation_id: Option<InstallationId>,
    /// The route.
    #[cfg_attr(feature = "openapi", schema(value_type = Channel))]
    pub channel: Open<Channel>,
    /// How far it got.
    #[cfg_attr(feature = "openapi", schema(value_type = AttemptStatus))]
    pub status: Open<AttemptStatus>,
    /// Why the last try went no further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// How many tries were made.
    #[serde(default)]
    pub tries: u32,
    /// Of how many of them nobody knows whether the service took them.
    #[serde(default)]
    pub unproven: u32,
    /// What the service said last: its code, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The provider of the gateway that the last try was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The providers of the gateway that do not have it and that the last try went past, in their order.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "readable_list::<16, _, _>"
    )]
    pub passed_over: Vec<PassedOver>,
    /// When the next try is made, or the present one counts as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// When this installation reported it delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Timestamp>,
    /// When this installation reported it read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Timestamp>,
    /// Why this installation did not show it, if it said so last: a reason, `failed` (the system did not take
    /// it), `unreadable`, or a word of another version of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub not_shown: Option<Open<Reason>>,
    /// What its tries cost that were taken, by currency; absent if nothing is known of that.
    #[serde(default, skip_serializing_if = "Sums::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::cost::MoneyView>))]
    pub cost: Sums,
}

/// A provider of a gateway that a try went past, because it is proven not to have the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassedOver {
    /// Its name in the account.
    pub provider: String,
    /// Why it does not have the message.
    #[cfg_attr(feature = "openapi", schema(value_type = Reason))]
    pub reason: Open<Reason>,
    /// Whether it was asked in this try and did not take the message. Otherwise nothing was asked of it, because of
    /// what it had answered before or because it had no place.
    pub asked: bool,
}

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptStatus {
    /// A try is on its way.
    Sending,
    /// The next try waits for its time.
    Retrying,
    /// The connection or the service took it.
    Sent,
    /// The installation has it in its history.
    Delivered,
    /// It was read on the installation.
    Read,
    /// It will not be taken.
    Failed,
}

words!(AttemptStatus {
    Sending = "sending",
    Retrying = "retrying",
    Sent = "sent",
    Delivered = "delivered",
    Read = "read",
    Failed = "failed",
});

/// An installation as it and its App's backend see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: InstallationId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// What it last reported; absent until it first does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<InstallationState>,
    /// Whether it is the primary one of its user: the one on which the app was last brought to the front.
    #[serde(default)]
    pub is_primary: bool,
    /// When the app was last brought to the front on it; absent until it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub opened_at: Option<Timestamp>,
    /// When its address was imported; absent of an installation that has logged in. Until a device reports
    /// that address, nobody knows more of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub imported_at: Option<Timestamp>,
    /// When it first logged in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it last changed or connected.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct List<T> {
    /// The items.
    pub data: Vec<T>,
    /// What to ask for the next page by; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests;
