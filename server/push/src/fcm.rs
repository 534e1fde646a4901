//! Firebase Cloud Messaging, HTTP v1.
//!
//! A service account ([`ServiceAccount`]) signs an assertion and exchanges it for an access token
//! ([`oauth`]); with that, [`request`] sends to one registration token or installation id, and
//! [`outcome`] reads the answer. Sources:
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages> and `…/ErrorCode`.

mod account;
mod message;
pub mod oauth;
mod outcome;
mod request;

pub use crate::oauth::AccessToken;
pub use account::{ProjectId, ServiceAccount};
pub use message::MAX_TTL_SECONDS;
pub use outcome::outcome;
pub use request::{MAX_PAYLOAD_BYTES, Sender, production, request};

pub(crate) use request::rendered;

#[cfg(test)]
mod tests;
