//! `RuStore` push notifications.
//!
//! The interface is like FCM's, with a token of the project that does not change and one token of a device a
//! request. Its host was moved once and has reserves, so an account has a list of hosts that are tried in
//! turn. Source: <https://www.rustore.ru/help/en/sdk/push-notifications/send-push-notifications>

mod account;
mod message;
mod outcome;
mod request;

pub use account::{Credentials, MAX_HOSTS};
pub use message::MAX_TTL_SECONDS;
pub use outcome::outcome;
pub use request::{MAX_PAYLOAD_BYTES, production, request};

pub(crate) use request::rendered;

#[cfg(test)]
mod tests;
