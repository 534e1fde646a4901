//! Requests to APNs.

use http::{HeaderValue, Method, Request, Version, header};
use jiff::Timestamp;

use super::{
    payload::Payload,
    token::{Age, ProviderToken},
};
use crate::{
    address::{ApnsAddress, Environment},
    build_error::BuildError,
    origin::Origin,
    push::{Push, Urgency},
};

/// What APNs takes.
pub const MAX_PAYLOAD_BYTES: usize = 4_096;

/// The longest that APNs is asked to store a push: 30 days, which is as long as it does.
pub const MAX_STORED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Where the two environments are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Apps from the store.
    pub production: Origin,
    /// Apps under development.
    pub sandbox: Origin,
}

/// Apple's own.
impl Default for Hosts {
    fn default() -> Self {
        Self {
            production: Origin::fixed("https://api.push.apple.com"),
            sandbox: Origin::fixed("https://api.sandbox.push.apple.com"),
        }
    }
}

impl Hosts {
    /// Where an environment is.
    #[must_use]
    pub const fn of(&self, environment: Environment) -> &Origin {
        match environment {
            Environment::Production => &self.production,
            Environment::Sandbox => &self.sandbox,
        }
    }
}

/// Who sends.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Where the service is: Apple's by default, or a simulator.
    pub hosts: &'a Hosts,
    /// Which of the two is sent to.
    pub environment: Environment,
    /// The app.
    pub topic: &'a Topic,
    /// A provider token of the app's team.
    pub token: &'a ProviderToken,
}

/// An app's bundle id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

/// A text is no bundle id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bundle id has 1 to {max} letters, digits, '-' and '.'", max = Topic::MAX_BYTES)]
pub struct TopicError;

impl Topic {
    /// The most bytes of a bundle id.
    pub const MAX_BYTES: usize = 155;

    /// Checks a bundle id.
    ///
    /// # Errors
    /// [`TopicError`] if it has anything but letters, digits, `-` and `.`.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TopicError)
        }
    }

    /// The bundle id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The request that sends `push` to `address`. Its address, its body and its headers are secret in logs.
///
/// # Errors
/// [`BuildError`] if the push expired or is too large, or the token is too old.
pub fn request(
    push: &Push,
    address: &ApnsAddress,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    if sender.token.age(now) == Age::TooOld {
        return Err(BuildError::TokenTooOld);
    }
    let headers = headers(push, now)?;
    let body = body(push)?;
    BuildError::check_size(body.len(), MAX_PAYLOAD_BYTES)?;
    let mut bearer = HeaderValue::from_str(&sender.token.bearer()).map_err(http::Error::from)?;
    bearer.set_sensitive(true);
    let origin = sender.hosts.of(sender.environment);
    let mut request = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("{origin}/3/device/{}", address.token()))
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONTENT_TYPE, "application/json")
        .header("apns-topic", sender.topic.as_str())
        .header("apns-id", push.attempt.uuid().hyphenated().to_string());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request.body(body)?)
}

/// The body of a request, whether or not APNs takes one of this size.
pub(crate) fn body(push: &Push) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Payload::whole(push))
}

/// What a push says to APNs, directly or through FCM.
pub(crate) fn headers(
    push: &Push,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, BuildError> {
    let is_shown = push.content.alert().is_some();
    let left = push.seconds_left(now, MAX_STORED_SECONDS)?;
    // 0 asks APNs to try once and to store nothing.
    let expiration = match i64::try_from(left) {
        Ok(0) | Err(_) => 0,
        Ok(left) => now.as_second().saturating_add(left),
    };
    let push_type = if is_shown { "alert" } else { "background" };
    Ok(vec![
        ("apns-push-type", push_type.to_owned()),
        ("apns-priority", priority(push.urgency, is_shown).to_owned()),
        ("apns-expiration", expiration.to_string()),
        // What the device knows the push by, once it is shown: under the same identifier the app draws
        // what came another way, and the later one replaces the earlier.
        ("apns-collapse-id", push.notification.to_string()),
    ])
}

/// 10 is at once, 5 as the device's power allows, 1 when it costs nothing. APNs refuses 10 for a push
/// that shows nothing.
const fn priority(urgency: Urgency, is_shown: bool) -> &'static str {
    match urgency {
        Urgency::Normal | Urgency::High if is_shown => "10",
        Urgency::Low | Urgency::Normal | Urgency::High => "5",
        Urgency::VeryLow if is_shown => "1",
        Urgency::VeryLow => "5",
    }
}
