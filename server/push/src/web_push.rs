//! Web Push: RFC 8030 (the protocol), RFC 8291 (encryption) and RFC 8292 (VAPID).
//!
//! Browsers and `UnifiedPush` distributors take the same requests. A key of the sender ([`VapidKey`])
//! signs a token for the subscription's origin, which the driver keeps for hours; [`request`] encrypts
//! the push for one subscription, with random bytes of the caller ([`Entropy`]); [`outcome`] reads the
//! answer.

mod encryption;
mod outcome;
mod payload;
mod request;
mod vapid;

pub use encryption::{Entropy, MAX_BODY_BYTES, MAX_CLEAR_BYTES, Padding, encrypt};
pub use outcome::outcome;
pub use payload::Form;
pub use request::{MAX_TTL_SECONDS, Sender, request};
pub use vapid::{Contact, ContactError, VapidKey, VapidToken};

pub(crate) use payload::json as content;
pub(crate) use request::urgency;

#[cfg(test)]
mod tests;
