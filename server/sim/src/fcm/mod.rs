//! Firebase Cloud Messaging, HTTP v1, and the token endpoint that its senders need.
//!
//! Sources: <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>,
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>,
//! <https://developers.google.com/identity/protocols/oauth2/service-account>.

mod message;
mod oauth;
mod refusal;
mod rules;
mod schema;
mod send;

pub(crate) use oauth::{Account, Bearers, Worth, fault as token_fault};
pub(crate) use refusal::fault;
pub(crate) use send::{FcmProject, device_of, send};
