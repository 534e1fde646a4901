//! A Web Push service, and the browser behind it.
//!
//! Sources: RFC 8030 (the protocol), RFC 8188 and RFC 8291 (the encryption), RFC 8292 (VAPID), the W3C
//! Push API with declarative messages (<https://www.w3.org/TR/push-api/>). Error bodies have the shape
//! of Mozilla's service (<https://mozilla-services.github.io/autopush-rs/http.html>).

mod content;
mod decrypt;
mod refusal;
mod send;
mod vapid;

pub(crate) use refusal::fault;
pub(crate) use send::{device_of, send};
