//! The reasons of APNs, each with its status.
//!
//! <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>

use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::reply::Reply;

/// The name of the header that names a notification.
pub(super) const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// A documented reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    BadCollapseId,
    BadDeviceToken,
    BadExpirationDate,
    BadMessageId,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    InvalidPushType,
    MissingDeviceToken,
    MissingTopic,
    PayloadEmpty,
    TopicDisallowed,
    ExpiredProviderToken,
    InvalidProviderToken,
    MissingProviderToken,
    UnrelatedKeyIdInToken,
    BadEnvironmentKeyIdInToken,
    BadPath,
    MethodNotAllowed,
    /// With the time since when.
    ExpiredToken(Timestamp),
    /// With the time since when.
    Unregistered(Timestamp),
    PayloadTooLarge,
    TooManyProviderTokenUpdates,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::BadCollapseId => "BadCollapseId",
            Self::BadDeviceToken => "BadDeviceToken",
            Self::BadExpirationDate => "BadExpirationDate",
            Self::BadMessageId => "BadMessageId",
            Self::BadPriority => "BadPriority",
            Self::BadTopic => "BadTopic",
            Self::DeviceTokenNotForTopic => "DeviceTokenNotForTopic",
            Self::DuplicateHeaders => "DuplicateHeaders",
            Self::InvalidPushType => "InvalidPushType",
            Self::MissingDeviceToken => "MissingDeviceToken",
            Self::MissingTopic => "MissingTopic",
            Self::PayloadEmpty => "PayloadEmpty",
            Self::TopicDisallowed => "TopicDisallowed",
            Self::ExpiredProviderToken => "ExpiredProviderToken",
            Self::InvalidProviderToken => "InvalidProviderToken",
            Self::MissingProviderToken => "MissingProviderToken",
            Self::UnrelatedKeyIdInToken => "UnrelatedKeyIdInToken",
            Self::BadEnvironmentKeyIdInToken => "BadEnvironmentKeyIdInToken",
            Self::BadPath => "BadPath",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::ExpiredToken(_) => "ExpiredToken",
            Self::Unregistered(_) => "Unregistered",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::TooManyProviderTokenUpdates => "TooManyProviderTokenUpdates",
        }
    }

    pub(super) fn reply(self) -> Reply {
        let since = if let Self::ExpiredToken(since) | Self::Unregistered(since) = self {
            Some(since)
        } else {
            None
        };
        body(status(self.word()), self.word(), since)
    }
}

/// The answer that a rule asks for. The reason defaults to the one that APNs gives with the status.
pub(crate) fn fault(code: StatusCode, reason: Option<&str>, now: Timestamp) -> Reply {
    let reason = reason.unwrap_or(match code.as_u16() {
        400 => "BadDeviceToken",
        403 => "InvalidProviderToken",
        404 => "BadPath",
        405 => "MethodNotAllowed",
        410 => "Unregistered",
        413 => "PayloadTooLarge",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    });
    body(code, reason, (code == StatusCode::GONE).then_some(now))
}

fn body(code: StatusCode, reason: &str, since: Option<Timestamp>) -> Reply {
    let mut body = json!({"reason": reason});
    if let Some(since) = since {
        body["timestamp"] = since.as_millisecond().into();
    }
    Reply::json(code, &body).because(reason)
}

/// The status that belongs to a reason.
fn status(reason: &str) -> StatusCode {
    match reason {
        "ExpiredProviderToken"
        | "InvalidProviderToken"
        | "MissingProviderToken"
        | "UnrelatedKeyIdInToken"
        | "BadEnvironmentKeyIdInToken" => StatusCode::FORBIDDEN,
        "BadPath" => StatusCode::NOT_FOUND,
        "MethodNotAllowed" => StatusCode::METHOD_NOT_ALLOWED,
        "ExpiredToken" | "Unregistered" => StatusCode::GONE,
        "PayloadTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
        "TooManyProviderTokenUpdates" => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    }
}
