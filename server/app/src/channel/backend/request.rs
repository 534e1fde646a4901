//! Requests to an App's own backend.

use http::{HeaderValue, Request, Uri, header::USER_AGENT};
use jiff::Timestamp;
use serde_json::json;
use vestnik_model::{EventKind, deliver::DeliverRequest};
use vestnik_rules::{identity::delivery_id, webhook::Target};
use vestnik_store::dispatch::Begun;
use vestnik_webhook::{MessageId, SigningKey, request};

/// A request cannot be written: the account's address or keys were written by another version.
#[derive(Debug, thiserror::Error)]
#[error("the backend's address or keys cannot be used")]
pub(super) struct Unwritable;

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
    signed(target, (begun.attempt.to_string(), body), now)
}

/// What asks the backend whether it takes requests; it delivers nothing.
pub(super) fn test(
    target: &Target,
    id: String,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, Unwritable> {
    let kind = EventKind::WebhookTest.as_str();
    let body = json!({"type": kind, "timestamp": now, "data": {}});
    signed(target, (id, body.to_string().into_bytes()), now)
}

fn signed(
    target: &Target,
    (id, body): (String, Vec<u8>),
    now: Timestamp,
) -> Result<Request<Vec<u8>>, Unwritable> {
    let uri: Uri = target.url.parse().map_err(|_| Unwritable)?;
    let id = MessageId::parse(id).map_err(|_| Unwritable)?;
    let keys = target.keys.signing(now).into_iter().map(SigningKey::parse);
    let keys = keys
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Unwritable)?;
    let mut request = request(&uri, (&id, body), &keys, now).map_err(|_| Unwritable)?;
    let agent = HeaderValue::from_static("vestnik");
    request.headers_mut().insert(USER_AGENT, agent);
    Ok(request)
}
