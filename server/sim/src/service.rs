//! The services that are simulated, and the doors by which requests come in.

use serde::{Deserialize, Serialize};

/// A simulated service, as rules and the journal name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Google's OAuth 2 token endpoint, which FCM's access tokens come from.
    FcmToken,
    /// Firebase Cloud Messaging, HTTP v1.
    Fcm,
    /// The Apple Push Notification service, both environments.
    Apns,
    /// A Web Push service (RFC 8030).
    WebPush,
    /// Huawei's OAuth 2 token endpoint, which the access tokens of version 1 come from.
    HmsToken,
    /// Huawei Push Kit, versions 1 and 3.
    Hms,
    /// `RuStore` push notifications.
    Rustore,
}

impl Service {
    /// The name in rules, counters and the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FcmToken => "fcm_token",
            Self::Fcm => "fcm",
            Self::Apns => "apns",
            Self::WebPush => "web_push",
            Self::HmsToken => "hms_token",
            Self::Hms => "hms",
            Self::Rustore => "rustore",
        }
    }
}

/// An environment of APNs: a device token belongs to one, and is unknown in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// What apps from the App Store use.
    #[default]
    Production,
    /// What development builds use.
    Sandbox,
}

/// A listener of the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The token endpoint and FCM.
    Fcm,
    Apns(Environment),
    WebPush,
    /// The token endpoint and Push Kit.
    Hms,
    Rustore,
}
