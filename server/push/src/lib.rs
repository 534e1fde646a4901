//! Push services: Firebase Cloud Messaging, the Apple Push Notification service, Web Push, Huawei Push Kit,
//! `RuStore`.
//!
//! An adapter of a service is a set of pure functions and values: it makes an HTTP request of a [`Push`]
//! and an [`Address`], and reads the answer as an [`Outcome`]; time and randomness are arguments. One
//! [`Driver`] sends for all of them, with the credentials of an [`Account`]: it connects, keeps provider
//! tokens, holds back what a service cannot take, and repeats at once what may succeed at once.
//!
//! Start reading at [`push`] (what is sent), [`address`] (where to) and [`outcome`] (what an answer
//! means, in the same words for every service), then [`driver`]. Each service has a module with `request`
//! and `outcome`:
//! [`fcm`], [`apns`], [`web_push`], [`hms`], [`rustore`].
//!
//! # What a push service learns
//! [`Content::Sealed`] is an envelope for the installation: a service sees its size, when it expires, and
//! a generic text where its platform demands one. Collapse keys are hashes; APNs has the id of
//! the notification instead, which the app reads in the push anyway. Web Push is encrypted for the
//! subscription besides.
//!
//! # What stays out of logs
//! Addresses, credentials, provider tokens and content are not shown by `Debug`, and no error has a part
//! of them. The requests contain them: log neither their URIs nor their headers nor their bodies.
//!
//! # Example: sending
//! ```no_run
//! use std::sync::Arc;
//!
//! use vestnik_clock::SystemClock;
//! use vestnik_push::{Account, Address, Driver, Push, Service, Verdict, driver::Config};
//!
//! # async fn example(json: &str, address: &Address, push: &Push)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let driver = Driver::new(Arc::new(SystemClock), Config::default());
//! let account = Arc::new(Account::parse(Service::Fcm, json)?);
//! let sent = driver.send(&account, address, push).await;
//! match sent.verdict {
//!     Verdict::Accepted { id } => println!("handed over as {id:?}"),
//!     Verdict::Retry { after, .. } | Verdict::Throttled { after, .. } => println!("in {after:?}"),
//!     verdict => println!("no further: {:?}", verdict.reason()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Example: an adapter alone
//! ```
//! use http::{HeaderMap, StatusCode};
//! use jiff::Timestamp;
//! use vestnik_model::{Reason, TrafficType};
//! use vestnik_push::{
//!     Answer, Content, Push, Urgency, Verdict,
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
//!     notification: "ntf_0192f0c1000070008000000000000008".parse()?,
//!     expires_at: "2026-11-28T10:00:00Z".parse()?,
//!     urgency: Urgency::High,
//!     traffic_type: TrafficType::Transactional,
//!     category: None,
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

pub mod account;
pub mod address;
pub mod answer;
pub mod apns;
pub mod build_error;
pub mod driver;
pub mod fcm;
mod field;
#[cfg(test)]
mod fixture;
pub mod hms;
mod jws;
pub mod key;
pub mod oauth;
pub mod origin;
pub mod outcome;
mod parcel;
pub mod preview;
pub mod push;
pub mod rustore;
mod segment;
pub mod web_push;

pub use account::{Account, Elsewhere, RotationError, Service, keeps_addresses, rotated};
pub use address::Address;
pub use answer::Answer;
pub use build_error::BuildError;
pub use driver::{Driver, Sent};
pub use field::{AccountError, Fault};
pub use jws::TokenError;
pub use origin::Origin;
pub use outcome::{Outcome, Verdict};
pub use preview::{Preview, preview};
pub use push::{Alert, CollapseKey, Content, Plain, Push, Urgency};
