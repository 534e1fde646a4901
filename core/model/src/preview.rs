//! What a publish request would come to, as its sender sees it before they send.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    channel::Channel,
    open::{Open, words},
    publish::{Goal, OnUnproven, StepChannel},
};

/// What a publish request would come to. Nothing was stored and nothing sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// Whom it would reach now.
    pub audience: AudiencePreview,
    /// From when on anybody would be notified.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub opens_at: Timestamp,
    /// From when on it would not be worth delivering.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// By which routes each person would be reached, one after another.
    pub steps: Vec<StepPreview>,
    /// The bytes of its entry in a log, in the larger of the two encodings.
    pub entry_bytes: u64,
    /// What each push service would get for a device that does not exist, and what the App's own backend would
    /// get if a step goes there.
    pub payloads: Vec<PayloadPreview>,
}

/// Whom a notification would reach now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudiencePreview {
    /// How many recipients were counted.
    pub users: u64,
    /// Whether these are all; if not, there are more, and the other numbers are of those counted.
    pub is_exact: bool,
    /// Recipients who do not want it; they are counted nowhere else.
    #[serde(default)]
    pub opted_out: u64,
    /// Recipients who are logged in on no device.
    pub without_device: u64,
    /// Recipients on all of whose devices the app is older than `min_app_version` allows.
    #[serde(default)]
    pub too_old: u64,
    /// Recipients whose devices may all show nothing.
    pub blocked: u64,
    /// Recipients who could be reached now, by the route; one person can be reached by several. `email` counts
    /// mailboxes, and `webhook` everybody if the App has an account for its backend; only steps of these
    /// channels reach them.
    pub by_channel: BTreeMap<String, u64>,
    /// Recipients who would wait for their own time after `opens_at`: by their clock, for a window, or
    /// while they want quiet.
    #[serde(default)]
    pub waiting: u64,
    /// Recipients who would never be notified: their zone is not known, or they would expire before their
    /// time.
    #[serde(default)]
    pub left_out: u64,
    /// When the last of those who were counted would be notified, `throttle_per_minute` aside; absent if
    /// nobody would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_at: Option<Timestamp>,
}

/// A step of the cascade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepPreview {
    /// The route.
    #[cfg_attr(feature = "openapi", schema(value_type = StepChannel))]
    pub channel: Open<StepChannel>,
    /// What it waits for.
    #[cfg_attr(feature = "openapi", schema(value_type = Goal))]
    pub wait_for: Open<Goal>,
    /// For how many seconds, before the next step begins; absent for the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_seconds: Option<u64>,
    /// What comes of a try of which nobody knows whether its service took it, if that is not what is usual
    /// on the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<OnUnproven>))]
    pub on_unproven: Option<Open<OnUnproven>>,
}

/// What a push service, or the App's own backend, would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PayloadPreview {
    /// The service.
    #[cfg_attr(feature = "openapi", schema(value_type = Channel))]
    pub channel: Open<Channel>,
    /// Whether the App has credentials there.
    pub has_credentials: bool,
    /// How the content would travel.
    #[cfg_attr(feature = "openapi", schema(value_type = PayloadForm))]
    pub form: Open<PayloadForm>,
    /// What the service counts, in bytes.
    pub bytes: u64,
    /// The most that it takes; of a backend, the most that it is ever sent.
    pub max_bytes: u64,
    /// What the service reads; for Web Push, what the browser decrypts.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub payload: Value,
}

/// How the content of a push travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayloadForm {
    /// In an envelope that only the installation opens.
    Sealed,
    /// Not at all, because it is too large: the device fetches it.
    Hint,
    /// As it is: the App's own backend reads it.
    Plain,
}

words!(PayloadForm {
    Sealed = "sealed",
    Hint = "hint",
    Plain = "plain",
});
