//! What REST shows of things: `snake_case`, read-only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{AttemptId, DeliveryId, InstallationId, NotificationId, UserId},
    installation::InstallationState,
    publish::ContentRequest,
    reason::Reason,
    status::{Counts, DeliveryStatus, Engagement, NotificationStatus},
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
    /// The same in the broadcast workers' words: `SCHEDULED`, `QUEUED`, `SENT`, `ERROR`.
    pub legacy_status: String,
    /// Its deliveries by status.
    pub counts: Counts,
    /// What it says.
    pub notification: ContentRequest,
    /// The sender's own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The process it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// When it was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub accepted_at: Timestamp,
    /// From when on it is not worth delivering.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Positive evidence came after a negative end.
    pub late: bool,
    /// What else was done with it.
    pub engagement: Vec<Engagement>,
    /// When it was first handed to a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub sent_at: Option<Timestamp>,
    /// When a device first had it in its history.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Timestamp>,
    /// When the person first saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Timestamp>,
}

/// One try of one delivery at one installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AttemptId,
    /// The delivery.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub delivery_id: DeliveryId,
    /// Where it was tried.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub installation_id: InstallationId,
    /// The route.
    pub channel: Channel,
    /// How far it got.
    pub status: DeliveryStatus,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// When this installation reported it delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Timestamp>,
    /// When this installation reported it read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Timestamp>,
}

/// A route by which a delivery is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The live connection.
    Hub,
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<InstallationState>,
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
