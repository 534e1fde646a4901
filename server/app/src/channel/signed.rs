//! Signed requests (Standard Webhooks) to addresses that an App's administrator wrote: events for receivers of webhooks,
//! and deliveries for the App's own backend.

use http::{HeaderValue, Request, Uri, header::USER_AGENT};
use jiff::Timestamp;
use vestnik_outbound::{Place, Reach};
use vestnik_rules::webhook::Target;
use vestnik_webhook::{MessageId, SigningKey, request as signed};

/// A request cannot be written: its address or keys were written by another version.
#[derive(Debug, thiserror::Error)]
#[error("the address or the keys of a signed request cannot be used")]
pub(super) struct Unwritable;

/// What sends a body under an id, signed by the keys that sign now.
pub(super) fn request(
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
    let mut request = signed(&uri, (&id, body), &keys, now).map_err(|_| Unwritable)?;
    let agent = HeaderValue::from_static("vestnik");
    request.headers_mut().insert(USER_AGENT, agent);
    Ok(request)
}

/// Checks an address as far as it can be without resolving its host.
///
/// # Errors
/// Why nothing can be sent to it, for the administrator who wrote it.
pub(super) fn check_address(reach: &Reach, url: &str) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|_| "must be an address".to_owned())?;
    let place = Place::of(&uri).map_err(|error| error.to_string())?;
    reach.check(&place).map_err(|error| error.to_string())
}
