//! Adapters of push services: Firebase Cloud Messaging, the Apple Push Notification service, Web Push.
//!
//! Everything here is a pure function or a value: no socket, clock or task. An adapter makes an HTTP
//! request of a [`Push`] and an [`Address`], and reads the answer as an [`Outcome`]; time and randomness
//! are arguments. Who connects, retries and keeps provider tokens is a driver.
//!
//! Start reading at [`push`] (what is sent), [`address`] (where to) and [`outcome`] (what an answer
//! means, in the same words for every service). Each service has a module with `request` and `outcome`:
//! [`fcm`], [`apns`], [`web_push`]. [`Reason`] is the registry of codes, with what follows from each.
//!
//! # What a push service learns
//! [`Content::Sealed`] is an envelope for the installation: a service sees its size, when it expires, and
//! a generic text where its platform demands one. Collapse keys are hashes. Web Push is encrypted for the
//! subscription besides.
//!
//! # What stays out of logs
//! Addresses, credentials, provider tokens and content are not shown by `Debug`, and no error has a part
//! of them. The requests contain them: log neither their URIs nor their headers nor their bodies.
//!
//! # Example
//! ```
//! use http::{HeaderMap, StatusCode};
//! use jiff::Timestamp;
//! use vestnik_push::{
//!     Answer, Content, Push, Reason, Urgency, Verdict,
//!     address::{Subscription, SubscriptionKeys},
//!     web_push::{self, Contact, Entropy, Form, Padding, VapidKey},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! let key = VapidKey::from_scalar(
//!     "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
//!     Contact::parse("mailto:push@shop.example")?,
//! )?;
//! let keys = SubscriptionKeys::parse(
//!     "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
//!     "BTBZMqHH6r4Tts7J_aSIgg",
//! )?;
//! let subscription = Subscription::new("https://push.example/s/1", keys)?;
//! let push = Push {
//!     attempt: "att_0192f0c1000070008000000000000007".parse()?,
//!     expires_at: "2026-11-28T10:00:00Z".parse()?,
//!     urgency: Urgency::High,
//!     collapse: None,
//!     content: Content::Sealed { envelope: vec![1, 2, 3], alert: None },
//! };
//!
//! let sender = web_push::Sender {
//!     token: &key.token(subscription.origin(), now)?,
//!     form: &Form::Worker,
//!     padding: Padding::Block,
//!     // Random bytes, drawn for this push alone.
//!     entropy: &Entropy { private: [7; 32], salt: [9; 16] },
//! };
//! let request = web_push::request(&push, &subscription, sender, now)?;
//! assert_eq!(request.headers()["ttl"], "3600");
//!
//! let answer = Answer { status: StatusCode::GONE, headers: &HeaderMap::new(), body: b"" };
//! let outcome = web_push::outcome(&answer, now);
//! assert_eq!(outcome.verdict, Verdict::Dead { reason: Reason::TokenDead, since: None });
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod address;
pub mod answer;
pub mod apns;
pub mod build_error;
pub mod fcm;
#[cfg(test)]
mod fixture;
mod jws;
pub mod key;
pub mod origin;
pub mod outcome;
mod parcel;
pub mod push;
pub mod reason;
pub mod web_push;

pub use address::Address;
pub use answer::Answer;
pub use build_error::BuildError;
pub use jws::TokenError;
pub use origin::Origin;
pub use outcome::{Outcome, Verdict};
pub use push::{Alert, CollapseKey, Content, Plain, Push, Urgency};
pub use reason::Reason;
