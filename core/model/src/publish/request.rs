//! What a sender writes, and what the server answers.

use serde::{Deserialize, Serialize};

use super::{data::Data, error_policy::ErrorPolicy, schedule::ScheduleRequest, steps::StepRequest};
use crate::{
    action::ActionRequest,
    audience::AudienceRequest,
    id::{CategoryName, NotificationId},
    notification::{ClickRequest, Priority, TrafficType},
    open::{Open, is_default, null_is_default},
    status::NotificationStatus,
    warning::Warning,
};

/// What a sender sends. Unknown fields are refused, so that a misspelt one is not lost silently.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Whom to notify.
    pub to: AudienceRequest,
    /// What to say.
    pub notification: ContentRequest,
    /// When to send it; at once when absent.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub schedule: ScheduleRequest,
    /// For how many seconds it is worth delivering, counted from the time to which it is scheduled;
    /// 7 days when absent, 28 at most.
    #[serde(default, alias = "ttlSeconds", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// By which channels each person is reached, one after another; their devices when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepRequest>>,
    /// How many lost deliveries make the notification end as `error`: any when absent.
    #[serde(
        default,
        alias = "errorPolicy",
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub error_policy: ErrorPolicy,
    /// The sender's own number for it, up to 64 characters, found again in every answer.
    #[serde(default, alias = "externalId", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The process it belongs to, up to 64 characters, found again in every answer.
    #[serde(
        default,
        alias = "correlationId",
        skip_serializing_if = "Option::is_none"
    )]
    pub correlation_id: Option<String>,
    /// What it is about, up to 64 characters: for each recipient it takes the place of every earlier
    /// notification of the App with the same key.
    #[serde(
        default,
        alias = "collapseKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub collapse_key: Option<String>,
    /// Repeating a request with the same key publishes once. The `Idempotency-Key` header says
    /// the same; giving both with different values is refused.
    #[serde(
        default,
        alias = "idempotencyKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub idempotency_key: Option<String>,
}

/// What to say, as a sender writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContentRequest {
    /// One line, 1 to 256 characters.
    pub title: String,
    /// Plain text, up to 4,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// An `https` address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The kind of content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub category: Option<CategoryName>,
    /// Why it is sent.
    #[serde(
        default,
        alias = "trafficType",
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub traffic_type: TrafficType,
    /// How urgently it asks for attention.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub priority: Priority,
    /// What a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<ClickRequest>,
    /// Its buttons, up to four.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionRequest>,
    /// The sender's own data, up to 2,048 bytes of JSON, handed to the app untouched. Numbers must be
    /// such that a double holds them exactly; larger ones belong into texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Data>,
}

/// The server took the notification: it is stored and will not be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub struct PublishAccepted {
    /// What to ask for its fate by.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NotificationId,
    /// Its status now.
    pub status: NotificationStatus,
    /// Whether this answer is that of an earlier request with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Warning>))]
    pub warnings: Vec<Open<Warning>>,
}

/// So many deliveries of a notification are tried anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetryAccepted {
    /// How many so far.
    pub retried: u64,
    /// Whether every delivery was looked at; if not, the rest is under way.
    pub is_complete: bool,
}
