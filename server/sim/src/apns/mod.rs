//! The Apple Push Notification service.
//!
//! Sources: "Sending notification requests to APNs", "Handling notification responses from APNs",
//! "Establishing a token-based connection to APNs"
//! (<https://developer.apple.com/documentation/usernotifications>).
//!
//! Where Apple documents a rule without an answer, the answer here is the nearest documented reason:
//! a payload that does not fit its push type is `InvalidPushType`, a topic that does not fit its push
//! type is `BadTopic`, a body that is no JSON object is `PayloadEmpty`. Apple accepts some of these and
//! the device drops the notification; a test is better served by a refusal.

mod message;
mod payload;
mod provider_token;
mod push_type;
mod reason;
mod request;
mod send;

pub(crate) use provider_token::{ProviderKey, ProviderTokens};
pub(crate) use reason::fault;
pub(crate) use send::{Team, device_of, send};
