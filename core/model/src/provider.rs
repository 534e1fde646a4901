//! Providers: the services that notifications of an App pass, as its operator sees them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    channel::Channel,
    open::{Open, words},
    reason::Reason,
};

/// A service that notifications of an App pass, as its operator sees it: never its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderView {
    /// The service.
    #[cfg_attr(feature = "openapi", schema(value_type = Channel))]
    pub channel: Open<Channel>,
    /// When its credentials were set.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub set_at: Timestamp,
    /// Whether the service takes them, as what is sent shows: `working` until it refuses them.
    #[serde(default = "working")]
    #[cfg_attr(feature = "openapi", schema(value_type = ProviderState))]
    pub state: Open<ProviderState>,
    /// Since when. A server of a former version says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<Timestamp>,
    /// Why they cannot be used, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// What the service answered to them then, such as `403 InvalidProviderToken`, if it said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

const fn working() -> Open<ProviderState> {
    Open::Known(ProviderState::Working)
}

/// Whether a service takes the credentials of an App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderState {
    /// It takes them, as far as is known.
    Working,
    /// It refuses them, or may not be connected to. What goes by it waits until it takes them, or until others
    /// are set.
    Refused,
    /// The server cannot read what is stored of them: others have to be set.
    Unreadable,
}

words!(ProviderState {
    Working = "working",
    Refused = "refused",
    Unreadable = "unreadable",
});

/// Whether a push service takes the credentials of an App.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderCheck {
    /// Whether they can be used.
    pub is_good: bool,
    /// What was found at each place that was asked.
    pub findings: Vec<ProviderFinding>,
}

/// What was found at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderFinding {
    /// The place: an origin, or `key` for what needs no service.
    pub place: String,
    /// Whether it takes the credentials.
    pub is_good: bool,
    /// Why not, or why it cannot be said now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// What the service said: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}
