//! Requests to FCM.

use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;

use super::{AccessToken, ProjectId, message::Body};
use crate::{address::FcmAddress, build_error::BuildError, origin::Origin, push::Push};

/// What FCM takes: names and values of the data, and the payload for APNs, each.
pub const MAX_PAYLOAD_BYTES: usize = 4_096;

/// Who sends, and how.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Where the service is: [`production`], or a simulator.
    pub origin: &'a Origin,
    /// The project.
    pub project: &'a ProjectId,
    /// An access token for the project.
    pub token: &'a AccessToken,
    /// Ask FCM to check the push and not to deliver it.
    pub validate_only: bool,
}

/// Google's own service.
#[must_use]
pub fn production() -> Origin {
    Origin::fixed("https://fcm.googleapis.com")
}

/// The request that sends `push` to `address`. Its body and its headers are secret in logs.
///
/// # Errors
/// [`BuildError`] if the push expired or is too large, or the token is too old.
pub fn request(
    push: &Push,
    address: &FcmAddress,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    if sender.token.is_expired(now) {
        return Err(BuildError::TokenTooOld);
    }
    let body = Body::new(push, address, sender.validate_only, now)?;
    BuildError::check_size(body.sizes()?.largest(), MAX_PAYLOAD_BYTES)?;
    let mut bearer = HeaderValue::from_str(&sender.token.bearer()).map_err(http::Error::from)?;
    bearer.set_sensitive(true);
    let (origin, project) = (sender.origin, sender.project.as_str());
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{origin}/v1/projects/{project}/messages:send"))
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONTENT_TYPE, "application/json")
        .body(serde_json::to_vec(&body)?)?;
    Ok(request)
}

/// The body of a request, and what FCM counts of it, in bytes.
pub(crate) fn rendered(
    push: &Push,
    address: &FcmAddress,
    now: Timestamp,
) -> Result<(serde_json::Value, usize), BuildError> {
    let body = Body::new(push, address, false, now)?;
    Ok((serde_json::to_value(&body)?, body.sizes()?.largest()))
}
