//! Requests to `RuStore`.

use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    account::Credentials,
    message::{Body, MAX_TTL_SECONDS},
};
use crate::{address::RustoreAddress, build_error::BuildError, origin::Origin, push::Push};

/// What `RuStore` takes: the body of the request.
pub const MAX_PAYLOAD_BYTES: usize = 4_096;

/// Where `RuStore` documents its own service to be.
#[must_use]
pub fn production() -> Origin {
    Origin::fixed("https://vkpns.rustore.ru")
}

/// The request that sends `push` to `address` by the host of a number. Its body and its headers are secret in
/// logs.
///
/// # Errors
/// [`BuildError`] if the push expired or is too large.
pub fn request(
    push: &Push,
    address: &RustoreAddress,
    (credentials, host): (&Credentials, usize),
    now: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    let ttl = push.seconds_left(now, MAX_TTL_SECONDS)?;
    let body = serde_json::to_vec(&Body::new(push, address.as_str(), ttl)?)?;
    BuildError::check_size(body.len(), MAX_PAYLOAD_BYTES)?;
    let mut bearer = HeaderValue::from_str(&credentials.bearer()).map_err(http::Error::from)?;
    bearer.set_sensitive(true);
    let (origin, project) = (credentials.host(host), credentials.project());
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{origin}/v1/projects/{project}/messages:send"))
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)?;
    Ok(request)
}

/// The body of a request, and what `RuStore` counts of it, in bytes.
pub(crate) fn rendered(
    push: &Push,
    address: &RustoreAddress,
    now: Timestamp,
) -> Result<(Value, usize), BuildError> {
    let ttl = push.seconds_left(now, MAX_TTL_SECONDS)?;
    let body = Body::new(push, address.as_str(), ttl)?;
    let bytes = serde_json::to_vec(&body)?.len();
    Ok((serde_json::to_value(&body)?, bytes))
}
