//! What pushes of a notification would be, for an installation that does not exist.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use vestnik_envelope::KeyRing;
use vestnik_model::{AttemptId, InstallationId, Notification, UserId, open::Word as _};
use vestnik_push::{BuildError, Content, Preview, Service, preview};

use super::{
    content::{Letter, content},
    push::push_of,
};

/// A push of a notification at a service.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) preview: Preview,
    /// Whether the content travels with it, sealed.
    pub(crate) is_sealed: bool,
}

/// The pushes of a notification to a user at every service, as of `now`. Ids have the same length
/// everywhere, so that the sizes are those of a real installation.
///
/// # Errors
/// [`BuildError`] if it has expired, or cannot be written.
pub(crate) fn samples(
    notification: &Notification,
    user: &UserId,
    random: [u8; 32],
    now: Timestamp,
) -> Result<Vec<Sample>, BuildError> {
    let installation = InstallationId::from_uuid(notification.id.uuid());
    let attempt = AttemptId::from_uuid(notification.id.uuid());
    let key = KeyRing::new(now, random).public_key();
    let key = BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes());
    let letter = Letter {
        notification,
        user,
        installation,
        key: Some(&key),
        locale: None,
    };
    let content = content(&letter, random);
    let is_sealed = matches!(content, Content::Sealed { .. });
    let push = push_of(attempt, notification, installation, content);
    let services = Service::WORDS.iter();
    services
        .map(|service| {
            let preview = preview(*service, &push, now)?;
            Ok(Sample { preview, is_sealed })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn samples_of(body: &str) -> Vec<Sample> {
        let notification = json!({
            "id": "ntf_00000000000000000000000000000001", "title": "PLANTED", "body": body,
            "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
        });
        let notification: Notification = serde_json::from_value(notification).unwrap();
        let user = UserId::parse("anna").unwrap();
        let now = notification.accepted_at;
        samples(&notification, &user, [7; 32], now).unwrap()
    }

    #[test]
    fn every_service_takes_a_notification_of_any_size() {
        for (body, is_sealed) in [("small", true), ("Щ".repeat(2_000).as_str(), false)] {
            let samples = samples_of(body);
            assert_eq!(samples.len(), 5);
            for sample in samples {
                assert_eq!(sample.is_sealed, is_sealed);
                let Preview { bytes, cap, .. } = sample.preview;
                assert!(bytes <= cap, "{bytes} of {cap}");
                let text = sample.preview.payload.to_string();
                assert!(!text.contains("PLANTED"), "{text}");
            }
        }
    }
}
