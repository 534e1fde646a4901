//! A simulated device: an app on a phone, or a browser.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    mailbox::{ApnsStorage, Mailbox, Policy},
    rate::Rate,
    service::{Environment, Service},
    subscription::Subscription,
};

/// What kind of address a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A registration token of FCM.
    FcmToken,
    /// A Firebase installation id.
    FcmFid,
    /// A device token of APNs for alerts and background pushes.
    Apns,
    /// A device token of APNs for calls (`PushKit`).
    ApnsVoip,
    /// A token by which Live Activities of one type are started.
    ApnsLiveStart,
    /// The token of one Live Activity.
    ApnsLiveUpdate,
    /// A subscription of a browser.
    WebPush,
    /// A token of Huawei Push Kit.
    Hms,
    /// A token of `RuStore`.
    Rustore,
}

impl Kind {
    /// The service that it is addressed through.
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::FcmToken | Self::FcmFid => Service::Fcm,
            Self::Apns | Self::ApnsVoip | Self::ApnsLiveStart | Self::ApnsLiveUpdate => {
                Service::Apns
            }
            Self::WebPush => Service::WebPush,
            Self::Hms => Service::Hms,
            Self::Rustore => Service::Rustore,
        }
    }
}

/// What is asked of the simulator to make a device. Only `kind` is required.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The kind of address.
    pub kind: Kind,
    /// What the page calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// FCM and Huawei: the project that the token belongs to, if it is not the simulator's. Sends to it are
    /// then answered `SENDER_ID_MISMATCH`, or as `noRight`.
    #[serde(default)]
    pub project: Option<String>,
    /// APNs: the app, if it is not the simulator's.
    #[serde(default)]
    pub bundle: Option<String>,
    /// APNs: the environment.
    #[serde(default)]
    pub environment: Environment,
    /// Web Push: the public VAPID key that the subscription is restricted to, base64url.
    #[serde(default)]
    pub application_server_key: Option<String>,
}

impl Registration {
    /// A device of a kind, with the defaults of everything else.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            name: None,
            project: None,
            bundle: None,
            environment: Environment::Production,
            application_server_key: None,
        }
    }
}

/// How a device's address ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The app was removed. APNs: `Unregistered`; FCM: `UNREGISTERED`; Web Push: 410;
    /// Huawei: 80300007; `RuStore`: `NOT_FOUND`.
    #[default]
    Unregistered,
    /// The token has expired. APNs: `ExpiredToken`; FCM: `UNREGISTERED`; Web Push: 404; the others:
    /// as above.
    Expired,
}

/// Since when, and how, an address is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Death {
    /// Since when. It may lie ahead.
    pub at: Timestamp,
    /// How.
    pub ending: Ending,
}

/// Where a device is reached.
#[derive(Debug)]
pub(crate) enum Address {
    Fcm {
        token: String,
        project: String,
    },
    Apns {
        token: String,
        bundle: String,
        environment: Environment,
    },
    WebPush(Box<Subscription>),
    Hms {
        token: String,
        project: String,
    },
    Rustore {
        token: String,
    },
}

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) address: Address,
    pub(crate) is_online: bool,
    pub(crate) death: Option<Death>,
    pub(crate) mailbox: Mailbox,
    pub(crate) rate: Rate,
}

impl Device {
    /// How its address has ended, if it has.
    pub(crate) fn dead(&self, now: Timestamp) -> Option<Death> {
        self.death.filter(|death| death.at <= now)
    }

    /// What a sender puts into its request to reach it: the token, or the last part of the endpoint.
    pub(crate) fn token(&self) -> &str {
        match &self.address {
            Address::Fcm { token, .. }
            | Address::Apns { token, .. }
            | Address::Hms { token, .. }
            | Address::Rustore { token } => token,
            Address::WebPush(subscription) => &subscription.id,
        }
    }

    pub(crate) fn policy(&self, apns: ApnsStorage) -> Policy {
        match self.address {
            Address::Fcm { .. } => Policy::Fcm,
            Address::Apns { .. } => Policy::Apns(apns),
            Address::WebPush(_) => Policy::WebPush,
            Address::Hms { .. } => Policy::Hms,
            Address::Rustore { .. } => Policy::Rustore,
        }
    }
}

/// A device as the admin API shows it. `Debug` leaves out the address.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// Its name in the admin API: `dev_1`.
    pub id: String,
    /// What the page calls it.
    pub name: String,
    /// The kind of address.
    pub kind: Kind,
    /// All but Web Push: the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// APNs: the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// APNs: the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// Web Push: the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionView>,
    /// Whether the service reaches it now.
    pub online: bool,
    /// How its address ended or will end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// How many messages the service stores for it.
    pub stored: usize,
}

impl fmt::Debug for DeviceView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceView")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("online", &self.online)
            .finish_non_exhaustive()
    }
}

/// A subscription in the shape of `PushSubscription.toJSON()` (W3C Push API).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionView {
    /// Where to post to.
    pub endpoint: String,
    /// The public keys.
    pub keys: SubscriptionKeys,
}

impl fmt::Debug for SubscriptionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionView").finish_non_exhaustive()
    }
}

/// The keys of a subscription, base64url.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionKeys {
    /// The public key of the browser.
    pub p256dh: String,
    /// The authentication secret.
    pub auth: String,
}

impl fmt::Debug for SubscriptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionKeys").finish_non_exhaustive()
    }
}
