//! Topics, and users' opt-ins to them.

use serde::{Deserialize, Serialize};

use crate::id::TopicName;

/// How a topic may be joined; the App's backend sets it, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TopicSettings {
    /// Whether users may subscribe themselves; otherwise only the App's backend subscribes them.
    #[serde(default, alias = "selfSubscribe")]
    pub self_subscribe: bool,
}

/// A topic as the App's backend sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Topic {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: TopicName,
    /// Whether users may subscribe themselves.
    pub self_subscribe: bool,
    /// How many users are subscribed.
    pub subscribers: u64,
}
