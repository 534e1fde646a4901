//! An installation's address at a push service, commonly "registration token".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::open::{Open, readable, words};

/// The most characters an address may have.
pub const MAX_CHARS: usize = 4_096;

/// Where a push service reaches an installation. Rotates; a secret in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushAddress {
    /// Whose address it is.
    #[cfg_attr(feature = "openapi", schema(value_type = PushAddressKind))]
    pub kind: Open<PushAddressKind>,
    /// The address as the platform gave it.
    pub value: String,
    /// For which of the service's environments it is valid; APNs only. Absent: not known. Then the
    /// server tries production first and the other one once.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<PushEnvironment>))]
    pub environment: Option<Open<PushEnvironment>>,
}

impl PushAddress {
    /// An address whose environment is not known.
    #[must_use]
    pub fn new(kind: impl Into<Open<PushAddressKind>>, value: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            value: value.into(),
            environment: None,
        }
    }

    /// Whether an installation cannot have both addresses, so that the newer one takes the place of the
    /// other: they are of one kind, or both are of Firebase. An app that asks Firebase for a token makes
    /// its installation id invalid, and the reverse.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        is_firebase(&self.kind) && is_firebase(&other.kind) || self.kind == other.kind
    }
}

fn is_firebase(kind: &Open<PushAddressKind>) -> bool {
    match kind {
        Open::Known(PushAddressKind::FcmToken | PushAddressKind::FcmFid) => true,
        Open::Known(
            PushAddressKind::Apns
            | PushAddressKind::Hms
            | PushAddressKind::Rustore
            | PushAddressKind::Webpush,
        )
        | Open::Unknown(_) => false,
    }
}

impl fmt::Debug for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushAddress")
            .field("kind", &self.kind)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// The kinds of address. An installation has at most one of each, and at most one of Firebase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PushAddressKind {
    /// A registration token of Firebase Cloud Messaging.
    FcmToken,
    /// A Firebase installation id, which replaces the token.
    FcmFid,
    /// A device token of the Apple Push Notification service.
    Apns,
    /// A token of Huawei's push kit.
    Hms,
    /// A token of `RuStore`.
    Rustore,
    /// A Web Push subscription, as its JSON.
    Webpush,
}

words!(PushAddressKind {
    FcmToken = "fcm_token",
    FcmFid = "fcm_fid",
    Apns = "apns",
    Hms = "hms",
    Rustore = "rustore",
    Webpush = "webpush",
});

/// The environments of the Apple Push Notification service: the kind of build that an app is, by its
/// `aps-environment` entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PushEnvironment {
    /// The app came from the App Store or `TestFlight`.
    Production,
    /// The app was installed by Xcode.
    Sandbox,
}

words!(PushEnvironment {
    Production = "production",
    Sandbox = "sandbox",
});
