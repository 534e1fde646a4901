//! Requests of Web Push.

use http::{Method, Request, header};
use jiff::Timestamp;

use super::{
    encryption::{Entropy, Padding, encrypt},
    payload::{self, Form},
    vapid::VapidToken,
};
use crate::{
    address::Subscription,
    build_error::BuildError,
    push::{Push, Urgency},
};

/// The longest time to live that is asked for: 30 days, the most that Mozilla's service takes. A service
/// may store a push for less (RFC 8030, 5.2).
pub const MAX_TTL_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Who sends, and how.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// A token for the subscription's origin.
    pub token: &'a VapidToken,
    /// The form of what is encrypted.
    pub form: &'a Form,
    /// What hides its length.
    pub padding: Padding,
    /// Random bytes for this push alone.
    pub entropy: &'a Entropy,
}

/// The request that sends `push` to a subscription. Its address and its headers are secret in logs.
///
/// # Errors
/// [`BuildError`] if the push expired or is too large, the token is too old or for another service, or
/// the random bytes are no key.
pub fn request(
    push: &Push,
    subscription: &Subscription,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    let ttl = push.seconds_left(now, MAX_TTL_SECONDS)?;
    if sender.token.is_expired(now) {
        return Err(BuildError::TokenTooOld);
    }
    if !sender.token.is_for(subscription.endpoint()) {
        return Err(BuildError::TokenForeign);
    }
    let content = payload::json(push, sender.form)?;
    let keys = subscription.keys();
    let body = encrypt(&content, keys, sender.padding, sender.entropy)?;
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(subscription.endpoint().clone())
        .header(header::AUTHORIZATION, sender.token.header()?)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_ENCODING, "aes128gcm")
        .header("ttl", ttl)
        .header("urgency", urgency(push.urgency));
    if let Some(key) = &push.collapse {
        request = request.header("topic", key.as_str());
    }
    Ok(request.body(body)?)
}

/// The word of RFC 8030, 5.3.
pub(crate) const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::VeryLow => "very-low",
        Urgency::Low => "low",
        Urgency::Normal => "normal",
        Urgency::High => "high",
    }
}
