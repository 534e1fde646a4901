//! Idempotency: recognising the repetition of a publish request by its sender's key.
//!
//! A key stands for one request until it expires. The same request again is answered with the answer
//! that was stored, whatever became of the notification since; another request under the same key is
//! refused. A request is recognised by the hash of its canonical form ([`request_hash`]), which stays
//! the same when a later version adds a field with a default.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use serde_json::{Map, Value};
use vestnik_model::{AudienceRequest, PublishAccepted, PublishRequest, publish::ContentRequest};

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

/// The version of the canonical form; a new one makes every remembered request another one.
const FORM: &[u8] = b"vestnik publish request 1\0";

/// The SHA-256 of a request's canonical form: its JSON, fields in alphabetical order, without the
/// idempotency key, and without the fields of the request, its audience and its content that have
/// their default.
#[must_use]
pub fn request_hash(request: &PublishRequest) -> [u8; 32] {
    let request = PublishRequest {
        idempotency_key: None,
        ..request.clone()
    };
    let default = PublishRequest {
        to: AudienceRequest::default(),
        notification: ContentRequest::default(),
        ttl_seconds: None,
        external_id: None,
        correlation_id: None,
        idempotency_key: None,
    };
    let mut object = object(&request);
    let default = self::object(&default);
    for part in ["to", "notification"] {
        if let (Some(Value::Object(part)), Some(Value::Object(default))) =
            (object.get_mut(part), default.get(part))
        {
            part.retain(|name, value| default.get(name) != Some(value));
        }
    }
    object.retain(|name, value| default.get(name) != Some(value));
    let mut context = Context::new(&SHA256);
    context.update(FORM);
    context.update(Value::Object(sorted(object)).to_string().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn object(request: &PublishRequest) -> Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(object)) => object,
        Ok(_) | Err(_) => unreachable!("a request is an object of texts and numbers"),
    }
}

/// Sorts the fields at every depth: whether `serde_json` keeps an order of its own depends on the
/// features that other crates of a build turn on.
fn sorted(object: Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<_> = object.into_iter().collect();
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    fields
        .into_iter()
        .map(|(name, value)| (name, sorted_value(value)))
        .collect()
}

fn sorted_value(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(sorted(object)),
        Value::Array(items) => Value::Array(items.into_iter().map(sorted_value).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
