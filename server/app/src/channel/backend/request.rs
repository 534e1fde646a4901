//! Requests to an App's own backend.

use http::Request;
use jiff::Timestamp;
use serde_json::json;
use vestnik_model::{EventKind, deliver::DeliverRequest};
use vestnik_rules::{identity::delivery_id, webhook::Target};
use vestnik_store::dispatch::Begun;

use super::super::signed::{Unwritable, request};

/// What asks the backend to make a try. All tries of an attempt have its id.
pub(super) fn deliver(
    target: &Target,
    begun: &Begun,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, Unwritable> {
    let delivery = delivery_id(begun.notification.id, &begun.user);
    let content = (*begun.notification).clone();
    let asked = DeliverRequest::new(delivery, begun.user.clone(), content);
    let body = serde_json::to_vec(&asked).map_err(|_| Unwritable)?;
    request(target, (begun.attempt.to_string(), body), now)
}

/// What asks the backend whether it takes requests; it delivers nothing.
pub(super) fn test(
    target: &Target,
    id: String,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, Unwritable> {
    let kind = EventKind::WebhookTest.as_str();
    let body = json!({"type": kind, "timestamp": now, "data": {}});
    request(target, (id, body.to_string().into_bytes()), now)
}
