//! An installation's address at a push service, commonly "registration token".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::open::{Open, words};

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
}

impl fmt::Debug for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushAddress")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The kinds of address. An installation has at most one of each.
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
