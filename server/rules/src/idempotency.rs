//! Idempotency: recognising the repetition of a publish request by its sender's key.
//!
//! A key stands for one request until it expires. The same request again is answered with the answer
//! that was stored, whatever became of the notification since; another request under the same key is
//! refused. A request is recognised by the hash of its canonical form ([`request_hash`]), which stays
//! the same when a later version adds a field with a default.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use vestnik_model::{PublishAccepted, PublishRequest, publish::canonical};

/// What a key stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The hash of the request.
    pub body_hash: [u8; 32],
    /// What it was answered.
    pub accepted: PublishAccepted,
    /// Until when the key stands for it.
    pub expires: Timestamp,
}

/// Leaves the hash out: it would let a reader of logs test guesses at the content.
impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered")
            .field("accepted", &self.accepted)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// What a request with a key comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key stands for nothing: the request is done, and its answer remembered.
    New,
    /// The request was done before, and this is the answer of then, marked as replayed.
    Replay(PublishAccepted),
    /// The key stands for another request.
    Mismatch,
}

/// Decides on a request by what its key stands for. What has expired stands for nothing.
#[must_use]
pub fn verdict(found: Option<&Remembered>, body_hash: &[u8; 32], now: Timestamp) -> Verdict {
    match found {
        Some(found) if found.expires <= now => Verdict::New,
        Some(found) if found.body_hash == *body_hash => Verdict::Replay(PublishAccepted {
            replayed: true,
            ..found.accepted.clone()
        }),
        Some(_) => Verdict::Mismatch,
        None => Verdict::New,
    }
}

/// The SHA-256 of a request's [canonical] form.
#[must_use]
pub fn request_hash(request: &PublishRequest) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &canonical(request)).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;
    use vestnik_model::{NotificationId, NotificationStatus};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_key_stands_for_one_request_until_it_expires() {
        let accepted = PublishAccepted {
            id: NotificationId::from_uuid(Uuid::from_u128(1)),
            status: NotificationStatus::Accepted,
            replayed: false,
            warnings: Vec::new(),
        };
        let replayed = PublishAccepted {
            replayed: true,
            ..accepted.clone()
        };
        let found = Remembered {
            body_hash: [1; 32],
            accepted,
            expires: at(100),
        };
        let ask = |hash, second| verdict(Some(&found), &[hash; 32], at(second));
        assert_eq!(verdict(None, &[1; 32], at(0)), Verdict::New);
        assert_eq!(ask(1, 99), Verdict::Replay(replayed));
        assert_eq!(ask(2, 99), Verdict::Mismatch);
        assert_eq!((ask(1, 100), ask(2, 100)), (Verdict::New, Verdict::New));
    }

    fn hash(request: Value) -> [u8; 32] {
        request_hash(&serde_json::from_value(request).unwrap())
    }

    #[test]
    fn spelling_does_not_make_another_request_and_content_does() {
        let one = hash(json!({"to": {"users": ["anna"]}, "notification": {"title": "Hi"}}));
        let spelt = json!({
            "notification": {"priority": "normal", "title": "Hi", "body": ""},
            "idempotencyKey": "k", "to": {"topics": [], "users": ["anna"]}, "ttlSeconds": null
        });
        assert_eq!(hash(spelt), one);
        for other in [
            json!({"to": {"users": ["bert"]}, "notification": {"title": "Hi"}}),
            json!({"to": {"topics": ["anna"]}, "notification": {"title": "Hi"}}),
            json!({"to": {"users": ["anna"]}, "notification": {"title": "Hi", "priority": "high"}}),
            json!({"to": {"users": ["anna"]}, "notification": {"title": "Hi"}, "ttl_seconds": 9}),
        ] {
            assert_ne!(hash(other), one);
        }
    }

    /// Hashes are stored: they never change.
    #[test]
    fn the_hash_is_what_it_was() {
        let hash = hash(json!({
            "to": {"users": ["anna"]}, "notification": {"title": "Hi", "data": {"b": 1, "a": null}}
        }));
        assert_eq!(&hash[..4], [100, 240, 19, 134]);
    }
}
