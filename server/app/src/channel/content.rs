//! What a push carries: never what its notification says, unless only the installation can read it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use vestnik_envelope::{Context, MAX_CONTENT, PublicKey, seal_by};
use vestnik_model::{InstallationId, Notification, UserId};
use vestnik_push::{Alert, Content};

use super::curve::FastCurve;

/// The most bytes of an envelope that every push service takes, with what surrounds it: they take 4,096
/// bytes, an envelope grows by a third in base64, and APNs needs the generic text beside it.
const MAX_SEALED: usize = 2_700;

/// What decides what a push carries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter<'a> {
    pub(super) notification: &'a Notification,
    pub(super) user: &'a UserId,
    pub(super) installation: InstallationId,
    /// The public key of the installation, as it reported it.
    pub(super) key: Option<&'a str>,
    /// The language of the device.
    pub(super) locale: Option<&'a str>,
}

/// The envelope for an installation and a generic text. An installation without a key, and one whose
/// envelope would be too large for a push service, is told to connect and to read its log.
pub(super) fn content(letter: &Letter<'_>, random: [u8; 32]) -> Content {
    let alert = Some(generic(letter.locale));
    match sealed(letter, random) {
        Some(envelope) => Content::Sealed { envelope, alert },
        None => Content::Hint { alert },
    }
}

/// What a push carries that takes a notification off the screen; `None` if it cannot be sealed, which nobody
/// else could send.
pub(super) fn withdrawal(letter: &Letter<'_>, random: [u8; 32]) -> Option<Content> {
    // The form of `vestnik_inbox::Withdrawal`, which the device reads.
    let payload = serde_json::json!({
        "user": letter.user,
        "withdraws": letter.notification.id,
    });
    let envelope = sealed_text(&payload.to_string(), letter, random)?;
    Some(Content::Withdrawal { envelope })
}

/// What a push carries if the service refused its content.
pub(super) fn hint(locale: Option<&str>) -> Content {
    Content::Hint {
        alert: Some(generic(locale)),
    }
}

/// The form of `vestnik_inbox::Payload`, which the device reads.
#[derive(Serialize)]
struct Payload<'a> {
    user: &'a UserId,
    notification: &'a Notification,
}

fn sealed(letter: &Letter<'_>, random: [u8; 32]) -> Option<Vec<u8>> {
    letter.key?;
    let payload = Payload {
        user: letter.user,
        notification: letter.notification,
    };
    sealed_text(&serde_json::to_string(&payload).ok()?, letter, random)
}

fn sealed_text(payload: &str, letter: &Letter<'_>, random: [u8; 32]) -> Option<Vec<u8>> {
    let key = BASE64_URL_SAFE_NO_PAD.decode(letter.key?).ok()?;
    let key = PublicKey::parse(&key).ok()?;
    if payload.len() > MAX_CONTENT {
        return None;
    }
    let context = Context {
        installation: letter.installation,
        notification: letter.notification.id,
    };
    let sealed = seal_by(&FastCurve, payload.as_bytes(), (&key, &context), random).ok()?;
    (sealed.len() <= MAX_SEALED).then_some(sealed)
}

/// A text that says nothing, for platforms that demand one.
fn generic(locale: Option<&str>) -> Alert {
    let is_russian = locale.is_some_and(|locale| {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        language.eq_ignore_ascii_case("ru")
    });
    let (title, body) = if is_russian {
        (
            "Новое уведомление",
            "Откройте приложение, чтобы прочитать его.",
        )
    } else {
        ("New notification", "Open the app to read it.")
    };
    Alert {
        title: title.to_owned(),
        body: body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestnik_envelope::KeyRing;

    use super::*;

    fn notification(body: &str) -> Notification {
        let notification = json!({
            "id": "ntf_00000000000000000000000000000001", "title": "PLANTED", "body": body,
            "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
        });
        serde_json::from_value(notification).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::new("2026-11-28T09:00:00Z".parse().unwrap(), [7; 32])
    }

    fn content_of(body: &str, key: Option<&str>) -> Content {
        let notification = notification(body);
        let letter = Letter {
            notification: &notification,
            user: &UserId::parse("anna").unwrap(),
            installation: "ins_00000000000000000000000000000002".parse().unwrap(),
            key,
            locale: Some("ru-RU"),
        };
        content(&letter, [9; 32])
    }

    #[test]
    fn only_the_installation_reads_what_a_notification_says() {
        let key = BASE64_URL_SAFE_NO_PAD.encode(ring().public_key().as_bytes());
        let Content::Sealed { envelope, alert } = content_of("PLANTED", Some(&key)) else {
            panic!("there is a key and the content is small");
        };
        assert_eq!(alert.unwrap().title, "Новое уведомление");
        assert!(!envelope.windows(7).any(|bytes| bytes == b"PLANTED"));
        let context = Context {
            installation: "ins_00000000000000000000000000000002".parse().unwrap(),
            notification: notification("").id,
        };
        let opened = ring().open(&envelope, &context).unwrap();
        let opened: serde_json::Value = serde_json::from_slice(&opened).unwrap();
        assert_eq!(opened["user"], "anna");
        assert_eq!(opened["notification"]["body"], "PLANTED");
    }

    #[test]
    fn what_cannot_be_sealed_is_fetched_by_the_device() {
        let key = BASE64_URL_SAFE_NO_PAD.encode(ring().public_key().as_bytes());
        for (body, key) in [
            ("small", None),
            ("small", Some("no key")),
            ("Щ".repeat(2_000).as_str(), Some(key.as_str())),
        ] {
            let content = content_of(body, key);
            assert!(matches!(content, Content::Hint { .. }), "{content:?}");
        }
    }
}
