//! The words by which APNs refuses a push.

use vestnik_model::open::Word;

/// The reasons of
/// <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>,
/// and `BadEnvironmentKeyInToken`, which is what senders report to get where the page has
/// `BadEnvironmentKeyIdInToken`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Apple's page describes each of its words")]
pub enum Rejection {
    BadCollapseId,
    BadDeviceToken,
    BadExpirationDate,
    BadMessageId,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    IdleTimeout,
    InvalidPushType,
    MissingDeviceToken,
    MissingTopic,
    PayloadEmpty,
    TopicDisallowed,
    BadCertificate,
    BadCertificateEnvironment,
    ExpiredProviderToken,
    Forbidden,
    InvalidProviderToken,
    MissingProviderToken,
    UnrelatedKeyIdInToken,
    BadEnvironmentKeyIdInToken,
    BadEnvironmentKeyInToken,
    BadPath,
    MethodNotAllowed,
    ExpiredToken,
    Unregistered,
    PayloadTooLarge,
    TooManyProviderTokenUpdates,
    TooManyRequests,
    InternalServerError,
    ServiceUnavailable,
    Shutdown,
}

impl Rejection {
    /// The status that Apple documents for the reason.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BadCollapseId
            | Self::BadDeviceToken
            | Self::BadExpirationDate
            | Self::BadMessageId
            | Self::BadPriority
            | Self::BadTopic
            | Self::DeviceTokenNotForTopic
            | Self::DuplicateHeaders
            | Self::IdleTimeout
            | Self::InvalidPushType
            | Self::MissingDeviceToken
            | Self::MissingTopic
            | Self::PayloadEmpty
            | Self::TopicDisallowed => 400,
            Self::BadCertificate
            | Self::BadCertificateEnvironment
            | Self::ExpiredProviderToken
            | Self::Forbidden
            | Self::InvalidProviderToken
            | Self::MissingProviderToken
            | Self::UnrelatedKeyIdInToken
            | Self::BadEnvironmentKeyIdInToken
            | Self::BadEnvironmentKeyInToken => 403,
            Self::BadPath => 404,
            Self::MethodNotAllowed => 405,
            Self::ExpiredToken | Self::Unregistered => 410,
            Self::PayloadTooLarge => 413,
            Self::TooManyProviderTokenUpdates | Self::TooManyRequests => 429,
            Self::InternalServerError => 500,
            Self::ServiceUnavailable | Self::Shutdown => 503,
        }
    }
}

impl Rejection {
    /// The word as it is written in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadCollapseId => "BadCollapseId",
            Self::BadDeviceToken => "BadDeviceToken",
            Self::BadExpirationDate => "BadExpirationDate",
            Self::BadMessageId => "BadMessageId",
            Self::BadPriority => "BadPriority",
            Self::BadTopic => "BadTopic",
            Self::DeviceTokenNotForTopic => "DeviceTokenNotForTopic",
            Self::DuplicateHeaders => "DuplicateHeaders",
            Self::IdleTimeout => "IdleTimeout",
            Self::InvalidPushType => "InvalidPushType",
            Self::MissingDeviceToken => "MissingDeviceToken",
            Self::MissingTopic => "MissingTopic",
            Self::PayloadEmpty => "PayloadEmpty",
            Self::TopicDisallowed => "TopicDisallowed",
            Self::BadCertificate => "BadCertificate",
            Self::BadCertificateEnvironment => "BadCertificateEnvironment",
            Self::ExpiredProviderToken => "ExpiredProviderToken",
            Self::Forbidden => "Forbidden",
            Self::InvalidProviderToken => "InvalidProviderToken",
            Self::MissingProviderToken => "MissingProviderToken",
            Self::UnrelatedKeyIdInToken => "UnrelatedKeyIdInToken",
            Self::BadEnvironmentKeyIdInToken => "BadEnvironmentKeyIdInToken",
            Self::BadEnvironmentKeyInToken => "BadEnvironmentKeyInToken",
            Self::BadPath => "BadPath",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::ExpiredToken => "ExpiredToken",
            Self::Unregistered => "Unregistered",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::TooManyProviderTokenUpdates => "TooManyProviderTokenUpdates",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalServerError => "InternalServerError",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Shutdown => "Shutdown",
        }
    }
}

impl Word for Rejection {
    const WORDS: &'static [Self] = &[
        Self::BadCollapseId,
        Self::BadDeviceToken,
        Self::BadExpirationDate,
        Self::BadMessageId,
        Self::BadPriority,
        Self::BadTopic,
        Self::DeviceTokenNotForTopic,
        Self::DuplicateHeaders,
        Self::IdleTimeout,
        Self::InvalidPushType,
        Self::MissingDeviceToken,
        Self::MissingTopic,
        Self::PayloadEmpty,
        Self::TopicDisallowed,
        Self::BadCertificate,
        Self::BadCertificateEnvironment,
        Self::ExpiredProviderToken,
        Self::Forbidden,
        Self::InvalidProviderToken,
        Self::MissingProviderToken,
        Self::UnrelatedKeyIdInToken,
        Self::BadEnvironmentKeyIdInToken,
        Self::BadEnvironmentKeyInToken,
        Self::BadPath,
        Self::MethodNotAllowed,
        Self::ExpiredToken,
        Self::Unregistered,
        Self::PayloadTooLarge,
        Self::TooManyProviderTokenUpdates,
        Self::TooManyRequests,
        Self::InternalServerError,
        Self::ServiceUnavailable,
        Self::Shutdown,
    ];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}
