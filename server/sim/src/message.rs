//! A message that a service has accepted, and what becomes of it.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::service::Service;

/// A message that a service has accepted for one device.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The name that the service has given it: FCM's `name`, `apns-id`, the last part of `Location`,
    /// Huawei's `requestId`.
    pub id: String,
    /// Which service.
    pub service: Service,
    /// When the service accepted it.
    pub accepted_at: Timestamp,
    /// Until when it is stored for a device that is offline. Absent: it is not stored.
    pub expires_at: Option<Timestamp>,
    /// The service's own word: `HIGH`, `10`, `very-low`.
    pub urgency: String,
    /// The key by which a newer message replaces it.
    pub collapse: Option<String>,
    /// How many bytes the content has as it was sent.
    pub bytes: usize,
    /// What the app gets.
    pub content: Content,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// What the app on the device gets.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Content {
    /// The message of FCM, without its target.
    Fcm {
        /// As it was sent.
        message: Value,
    },
    /// The payload of APNs.
    Apns {
        /// `apns-push-type`.
        push_type: String,
        /// As it was sent.
        payload: Value,
    },
    /// What a browser hands to the service worker, after decryption.
    WebPush {
        /// The clear text, if it is UTF-8.
        text: Option<String>,
        /// The clear text in hexadecimal, if it is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
        /// A browser draws it by itself: it is a declarative message (`"web_push": 8030`).
        declarative: bool,
    },
    /// The message of Huawei, without its target.
    Hms {
        /// `push-type`, of version 3.
        #[serde(skip_serializing_if = "Option::is_none")]
        push_type: Option<String>,
        /// What receipts name it by: `bi_tag` of version 1, `biTag` of version 3.
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
        /// As it was sent: `message` of version 1, `payload` of version 3.
        message: Value,
    },
    /// The message of `RuStore`, without its target.
    Rustore {
        /// As it was sent.
        message: Value,
    },
    /// Web Push: what a browser cannot read and therefore does not hand to the app.
    Unreadable {
        /// How decryption failed.
        why: String,
    },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fcm { .. } => "Fcm",
            Self::Apns { .. } => "Apns",
            Self::WebPush { .. } => "WebPush",
            Self::Hms { .. } => "Hms",
            Self::Rustore { .. } => "Rustore",
            Self::Unreadable { .. } => "Unreadable",
        })
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fate")]
pub enum Fate {
    /// The device is offline; the service keeps it.
    Stored,
    /// The device has it.
    Delivered,
    /// A newer message with the same key took its place in the store.
    Collapsed {
        /// The newer message.
        by: String,
    },
    /// Its time was over before the device came online.
    Expired,
    /// Neither delivered nor kept.
    Dropped {
        /// Why.
        why: DropReason,
    },
}

/// Why a message was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The device is offline and the message is not to be stored (time to live 0).
    NotStored,
    /// FCM: more than 100 messages without a collapse key were stored, so all of them were discarded;
    /// the app is told by `onDeletedMessages`. Others: the store of the device was full.
    TooManyPending,
    /// FCM keeps four collapse keys for a device.
    TooManyCollapseKeys,
    /// APNs, where it keeps one message for an app, and Huawei beyond 120: a newer one took the place.
    Overwritten,
    /// The device was erased, or the app removed, while the message was stored.
    DeviceGone,
    /// Web Push: the browser could not read the content.
    Undecryptable,
}

/// Something that happened to a message, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Increases by one with every event of the simulator.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The device.
    pub device: String,
    /// What happened.
    #[serde(flatten)]
    pub fate: Fate,
    /// The message.
    #[serde(serialize_with = "shared")]
    pub message: Arc<Message>,
}

fn shared<S: Serializer>(message: &Arc<Message>, serializer: S) -> Result<S::Ok, S::Error> {
    message.as_ref().serialize(serializer)
}
