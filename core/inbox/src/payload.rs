//! The payload of a push, in its plain form.

use serde::{Deserialize, Serialize};
use vestnik_model::{Notification, UserId, limits::ENTRY_BYTES};

/// The payload of a push, in its plain form: the notification itself, and whom it is for.
///
/// What push services wrap around it, and encrypted envelopes, are for the shell and for later
/// versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Payload {
    /// Whom it is for. It is stored for nobody else. Absent in payloads that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The notification.
    pub notification: Notification,
}

/// The bytes are no payload of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It has more bytes than the largest entry of a log.
    #[error("the payload has more than {ENTRY_BYTES} bytes")]
    TooLarge,
    /// It is not the JSON of a notification.
    #[error("the payload is not a notification")]
    Unreadable,
}

impl Payload {
    /// A payload.
    #[must_use]
    pub const fn new(user: Option<UserId>, notification: Notification) -> Self {
        Self { user, notification }
    }

    /// Reads a payload. Fields that this version does not know are ignored.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn parse(json: &[u8]) -> Result<Self, PayloadError> {
        if json.len() > ENTRY_BYTES {
            return Err(PayloadError::TooLarge);
        }
        // The error of serde_json quotes the text.
        serde_json::from_slice(json).map_err(|_| PayloadError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{"user": "anna", "sparkle": 1, "notification": {
        "id": "ntf_00000000000000000000000000000001", "title": "t",
        "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z"}}"#;

    #[test]
    fn a_later_versions_payload_is_read() {
        let payload = Payload::parse(PAYLOAD.as_bytes()).unwrap();
        assert_eq!(payload.user.unwrap().as_str(), "anna");
        assert_eq!(payload.notification.title.as_str(), "t");
    }

    #[test]
    fn what_is_no_payload_is_refused_without_its_content() {
        for (bytes, expected) in [
            (&b"{\"secret\": 1}"[..], PayloadError::Unreadable),
            (b"\xff\x00", PayloadError::Unreadable),
            (&vec![b' '; ENTRY_BYTES + 1], PayloadError::TooLarge),
        ] {
            let error = Payload::parse(bytes).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("secret"));
        }
    }
}
