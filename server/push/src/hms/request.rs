//! Requests to Huawei.

use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    AccessToken,
    account::{Credentials, Interface, Settings},
    message::{Body, MAX_PAYLOAD_BYTES, MAX_TTL_SECONDS, Scene},
};
use crate::{address::HmsAddress, build_error::BuildError, origin::Origin, push::Push};

/// Who sends, and how.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// For whom.
    pub credentials: &'a Credentials,
    /// A token for them.
    pub token: &'a AccessToken,
    /// Ask Huawei to check the push and not to deliver it.
    pub validate_only: bool,
}

/// Huawei's own service.
#[must_use]
pub fn production() -> Origin {
    Origin::fixed("https://push-api.cloud.huawei.com")
}

/// The request that sends `push` to `address`. Its body and its headers are secret in logs.
///
/// # Errors
/// [`BuildError`] if the push expired or is too large, or the token is too old.
pub fn request(
    push: &Push,
    address: &HmsAddress,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    if sender.token.is_expired(now) {
        return Err(BuildError::TokenTooOld);
    }
    let Credentials {
        interface,
        settings,
        origin,
        ..
    } = sender.credentials;
    let to = (address.as_str(), ttl(push, now)?);
    let is_test = sender.validate_only;
    let (path, body, push_type) = match interface {
        Interface::Application(application) => {
            let body = Body::new(push, settings, to, is_test)?;
            (
                format!("v1/{}", application.id.as_str()),
                sized(&body, to.0)?,
                None,
            )
        }
        Interface::Project(project) => {
            let scene = Scene::new(push, settings, to, is_test)?;
            let push_type = Some(scene.push_type());
            (
                format!("v3/{}", project.id.as_str()),
                sized(&scene, to.0)?,
                push_type,
            )
        }
    };
    let mut bearer = HeaderValue::from_str(&sender.token.bearer()).map_err(http::Error::from)?;
    bearer.set_sensitive(true);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("{origin}/{path}/messages:send"))
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONTENT_TYPE, "application/json;charset=UTF-8");
    if let Some(push_type) = push_type {
        request = request.header("push-type", push_type);
    }
    Ok(request.body(body)?)
}

/// Huawei refuses a push that is to be delivered at once or never.
fn ttl(push: &Push, now: Timestamp) -> Result<u64, BuildError> {
    Ok(push.seconds_left(now, MAX_TTL_SECONDS)?.max(1))
}

fn sized(body: &impl Serialize, token: &str) -> Result<Vec<u8>, BuildError> {
    let body = serde_json::to_vec(body)?;
    BuildError::check_size(body.len().saturating_sub(token.len()), MAX_PAYLOAD_BYTES)?;
    Ok(body)
}

/// The body of a request of version 1, and what Huawei counts of it, in bytes.
pub(crate) fn rendered(
    push: &Push,
    address: &HmsAddress,
    now: Timestamp,
) -> Result<(Value, usize), BuildError> {
    let settings = Settings::default();
    let to = (address.as_str(), ttl(push, now)?);
    let body = Body::new(push, &settings, to, false)?;
    let bytes = serde_json::to_vec(&body)?.len() - to.0.len();
    Ok((serde_json::to_value(&body)?, bytes))
}
