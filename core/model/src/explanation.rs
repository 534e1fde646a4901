//! What became of a delivery, in words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    channel::Channel,
    id::{DeliveryId, InstallationId, NotificationId, UserId},
    open::{Open, words},
    reason::Reason,
    status::DeliveryStatus,
};

/// A language in which an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Russian.
    Russian,
}

words!(Language {
    English = "en",
    Russian = "ru",
});

/// What became of a notification to one user, in sentences and in their evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The notification.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub notification_id: NotificationId,
    /// The user.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// The delivery; absent if the notification has none for this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub delivery_id: Option<DeliveryId>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DeliveryStatus>))]
    pub status: Option<Open<DeliveryStatus>>,
    /// The language of the sentences.
    #[cfg_attr(feature = "openapi", schema(value_type = Language))]
    pub language: Open<Language>,
    /// As of when this holds.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// What is known, in the order in which it is told.
    pub statements: Vec<StatementView>,
}

/// A statement of an explanation, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementView {
    /// Its word, for programs: `offline`, `handed`, `address_dead`, …; later servers have more.
    pub code: String,
    /// The sentence.
    pub text: String,
    /// The rule of the server that it follows from, for programs.
    pub rule: String,
    /// The rule as a sentence.
    pub rule_text: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub at: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// Which installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub installation_id: Option<InstallationId>,
    /// Over which route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Channel>))]
    pub channel: Option<Open<Channel>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// By which provider of a gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// How many tries were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
}
