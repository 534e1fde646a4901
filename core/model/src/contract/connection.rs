//! How a connection begins, what a device changes about itself, and how a connection ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::feature::{Feature, features};
use crate::{
    cursor::Cursor,
    id::{InstallationId, TopicName},
    installation::{Permission, description},
    open::{Open, readable},
};

/// A device says who it is and where it stopped.
///
/// Descriptive fields that cannot be read are passed over: a device with an odd locale is served too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The highest contract that the device knows; 1 when absent.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the device has beyond the contract's core, at most 64 words.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
    /// Must be the one that the access token was issued to.
    pub installation_id: InstallationId,
    /// Where it stopped; absent on a device that has nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// A BCP 47 language tag.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub locale: Option<String>,
    /// An IANA time zone name.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_zone: Option<String>,
    /// Whether the app may show notifications, by the system and by its own switch.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub permission: Option<Open<Permission>>,
    /// The app's version.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_version: Option<String>,
}

/// A sender says what it knows; without it, it speaks contract 1 without features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SenderHello {
    /// The highest contract that the sender knows.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the sender has beyond the contract's core.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
}

const fn first_contract() -> u32 {
    1
}

/// The server's answer to a [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The highest contract that the server knows.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the server has beyond the contract's core.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
    /// The end of the log now. Absent for a sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// About how many entries the device has to read by [`Sync`](super::Sync); 0 when its cursor is the end.
    #[serde(default)]
    pub behind_by: u64,
    /// The server's clock, to correct the device's by.
    pub server_time: Timestamp,
    /// How large messages may be.
    pub limits: Limits,
}

/// How large messages may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// A page of [`Sync`](super::Sync) or [`Entries`](super::Entries), without its envelope.
    pub page_bytes: u64,
    /// A [`Report`](super::Report).
    pub report_bytes: u64,
    /// A publish request.
    pub publish_bytes: u64,
}

/// Something about the device changed; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateState {
    /// Whether the app may show notifications, by the system and by its own switch.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub permission: Option<Open<Permission>>,
    /// An IANA time zone name.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_zone: Option<String>,
    /// A BCP 47 language tag.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub locale: Option<String>,
    /// The app's version.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_version: Option<String>,
    /// How many seconds ago the app was last brought to the front; absent when that is no news. The
    /// installation becomes the primary one of its user unless another one was opened later.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub opened_seconds_ago: Option<u32>,
}

/// A device's user joins or leaves a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    /// The topic.
    pub topic: TopicName,
}

/// Another login took this installation's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallationReplaced {
    /// Why: an open set; `limit` when the user has too many installations, `taken_over` when another
    /// user logged in here.
    pub reason: String,
}

/// The server is about to close its connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// When this device is asked to come back, in milliseconds; spread over devices.
    pub retry_after_ms: u32,
}
