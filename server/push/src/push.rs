//! What is to be sent to one address.

use std::{collections::BTreeMap, fmt};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;
use vestnik_model::{
    AttemptId, CategoryName, NotificationId, Priority, TrafficType, url::HttpsUrl,
};

use crate::build_error::BuildError;

/// What is to be sent to one address.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// The attempt. Its id goes with the push, so that a repetition can be told from another push.
    pub attempt: AttemptId,
    /// What it tells of, or what it takes off the screen.
    pub notification: NotificationId,
    /// When nobody wants the push any more.
    pub expires_at: Timestamp,
    /// How much it may cost the device to take it at once.
    pub urgency: Urgency,
    /// What kind of traffic it is, for a service that counts kinds apart: Huawei.
    pub traffic_type: TrafficType,
    /// What its sender calls its kind, likewise.
    pub category: Option<CategoryName>,
    /// A newer push with the same key replaces this one, stored or shown, at Web Push. APNs has the
    /// notification's id instead, Android none.
    pub collapse: Option<CollapseKey>,
    /// What the device gets.
    pub content: Content,
}

impl Push {
    /// The whole seconds that are left to deliver the push, at most `cap`. 0 asks services to try once
    /// and not to store it.
    pub(crate) fn seconds_left(&self, now: Timestamp, cap: u64) -> Result<u64, BuildError> {
        let left = self.expires_at.duration_since(now);
        if !left.is_positive() {
            let at = self.expires_at;
            return Err(BuildError::Expired { at });
        }
        Ok(u64::try_from(left.as_secs()).unwrap_or_default().min(cap))
    }
}

/// How urgent a push is: the words of RFC 8030, 5.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// When the device is charged and has a free network anyway.
    VeryLow,
    /// When the device has power or a free network.
    Low,
    /// At any time, if the device's power is not low.
    Normal,
    /// At once.
    High,
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High | Priority::Critical => Self::High,
        }
    }
}

/// What the device gets.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// An envelope that only the installation can open.
    Sealed {
        /// The envelope's bytes.
        envelope: Vec<u8>,
        /// A generic text, which the platform shows if the app cannot open the envelope in time. Without
        /// it the app is woken and nothing is shown.
        alert: Option<Alert>,
    },
    /// An envelope that only the installation can open, which says that the notification is to be taken off
    /// the screen. The app is woken and nothing is shown.
    Withdrawal {
        /// The envelope's bytes.
        envelope: Vec<u8>,
    },
    /// Content that the push service can read.
    Plain(Box<Plain>),
    /// Nothing: the device connects and reads what there is. For what is too large to be sent, and for an
    /// installation without a key.
    Hint {
        /// A generic text, as for a sealed push.
        alert: Option<Alert>,
    },
}

impl Content {
    /// The text that a platform shows by itself.
    pub(crate) fn alert(&self) -> Option<&Alert> {
        match self {
            Self::Sealed { alert, .. } | Self::Hint { alert } => alert.as_ref(),
            Self::Withdrawal { envelope: _ } => None,
            Self::Plain(plain) => plain.alert.as_ref(),
        }
    }
}

/// Shows sizes only: content stays out of logs.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed { envelope, alert } => f
                .debug_struct("Sealed")
                .field("envelope_bytes", &envelope.len())
                .field("is_shown", &alert.is_some())
                .finish(),
            Self::Withdrawal { envelope } => f
                .debug_struct("Withdrawal")
                .field("envelope_bytes", &envelope.len())
                .finish(),
            Self::Plain(plain) => plain.fmt(f),
            Self::Hint { alert } => f
                .debug_struct("Hint")
                .field("is_shown", &alert.is_some())
                .finish(),
        }
    }
}

/// A text that a platform shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Alert {
    /// The first line.
    pub title: String,
    /// The text; may be empty.
    pub body: String,
}

impl fmt::Debug for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alert").finish_non_exhaustive()
    }
}

/// Content that the push service can read.
#[derive(Clone, PartialEq, Default)]
pub struct Plain {
    /// What is shown; nothing if absent.
    pub alert: Option<Alert>,
    /// What a tap opens.
    pub link: Option<HttpsUrl>,
    /// The number on the app's icon; 0 removes it.
    pub badge: Option<u32>,
    /// The sender's own data for the app, by name.
    pub data: BTreeMap<String, Value>,
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain")
            .field("is_shown", &self.alert.is_some())
            .field("data", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// A name under which a newer push replaces an older one.
///
/// It is a keyed hash of the sender's own key, so that a push service learns nothing from it and that
/// every service takes it: 24 characters of base64url, where Web Push allows 32 characters of that
/// alphabet (RFC 8030, 5.4). FCM keeps at most four different keys for a device at a time, so it is given
/// none for Android.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollapseKey(String);

impl CollapseKey {
    /// The bytes of every key.
    pub const BYTES: usize = 24;

    /// Hashes a sender's key. `salt` is secret and belongs to the installation, so that the pushes of
    /// one sender to two devices cannot be linked by it.
    #[must_use]
    pub fn derive(salt: &[u8], key: &str) -> Self {
        let salt = hmac::Key::new(hmac::HMAC_SHA256, salt);
        let tag = hmac::sign(&salt, key.as_bytes());
        let mut text = URL_SAFE_NO_PAD.encode(tag);
        text.truncate(Self::BYTES);
        Self(text)
    }

    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collapse_key_fits_every_service_and_hides_its_origin() {
        let long = "заказ ".repeat(1_000);
        for key in ["", "order-8812", &long] {
            let derived = CollapseKey::derive(b"salt", key);
            assert_eq!(derived.as_str().len(), CollapseKey::BYTES);
            let is_base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            assert!(derived.as_str().bytes().all(is_base64url));
        }
        let derived = CollapseKey::derive(b"salt", "order-8812");
        assert_eq!(derived, CollapseKey::derive(b"salt", "order-8812"));
        assert_ne!(derived, CollapseKey::derive(b"salt", "order-8813"));
        assert_ne!(derived, CollapseKey::derive(b"pepper", "order-8812"));
    }

    #[test]
    fn content_stays_out_of_debug() {
        let alert = Some(Alert {
            title: "PLANTED".to_owned(),
            body: "PLANTED".to_owned(),
        });
        let envelope = b"PLANTED".to_vec();
        let sealed = Content::Sealed {
            envelope,
            alert: alert.clone(),
        };
        let data = BTreeMap::from([("PLANTED".to_owned(), Value::from("PLANTED"))]);
        let link = HttpsUrl::parse("https://example.com/PLANTED").ok();
        let plain = Content::Plain(Box::new(Plain {
            alert: alert.clone(),
            link,
            badge: Some(1),
            data,
        }));
        for content in [format!("{sealed:?} {alert:?}"), format!("{plain:#?}")] {
            assert!(
                !content.contains("PLANTED") && !content.contains("80, 76"),
                "{content}"
            );
        }
    }
}
