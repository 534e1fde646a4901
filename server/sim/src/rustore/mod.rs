//! `RuStore` push notifications.
//!
//! Source: <https://www.rustore.ru/help/en/sdk/push-notifications/send-push-notifications>. The interface is
//! FCM's in its form, with a token of the project that does not change.

mod refusal;
mod schema;
mod send;

pub(crate) use refusal::fault;
pub(crate) use send::{RustoreProject, device_of, send};
