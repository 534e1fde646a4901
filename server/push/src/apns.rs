//! The Apple Push Notification service.
//!
//! A key ([`ApnsKey`]) signs a provider token, which the driver keeps between 20 and 60 minutes
//! ([`ProviderToken::age`]); with it, [`request`] sends to one device token over HTTP/2, and
//! [`outcome`] reads the answer. Sources, below
//! <https://developer.apple.com/documentation/usernotifications>:
//! `sending-notification-requests-to-apns`, `handling-notification-responses-from-apns`,
//! `establishing-a-token-based-connection-to-apns`.

mod outcome;
mod payload;
mod rejection;
mod request;
mod token;

pub use outcome::outcome;
pub use rejection::Rejection;
pub use request::{
    Hosts, MAX_PAYLOAD_BYTES, MAX_STORED_SECONDS, Sender, Topic, TopicError, request,
};
pub use token::{Age, ApnsKey, ApnsKeyError, ProviderToken};

pub(crate) use payload::Payload;
pub(crate) use request::{body, headers};

#[cfg(test)]
mod tests;
