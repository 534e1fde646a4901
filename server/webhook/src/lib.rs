//! Webhooks by the scheme of [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0: signed
//! requests, what an answer means, and when a failed one is repeated.
//!
//! Everything here is a pure function or a value: no socket, clock or random source. Start reading at
//! [`request`]; [`SigningKey`] is what it is signed with, [`Verdict`] what its answer means, and
//! [`schedule`] says when the next try is due.
//!
//! # Order and loss
//! A webhook is a reader of the event table with a cursor. Its events are sent one after the other, and
//! the cursor moves when one was taken, so none is lost and none overtakes another. An event may be sent
//! twice; it has the same `webhook-id` then. A receiver that fails for three days is disabled and goes on
//! from its cursor when it is enabled again.
//!
//! # Example
//! ```
//! use http::Uri;
//! use vestnik_webhook::{MessageId, SigningKey, Verdict, request, schedule};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
//! let id = MessageId::parse("evt_42")?;
//! let url: Uri = "https://shop.example/hook".parse()?;
//! let body = br#"{"type":"message.sent"}"#.to_vec();
//! let request = request(&url, (&id, body), &[key], "2026-11-28T09:00:00Z".parse()?)?;
//! assert_eq!(request.headers()["webhook-timestamp"], "1795856400");
//!
//! let verdict = Verdict::of(503, None);
//! assert_eq!(verdict, Verdict::Failed { slow: None });
//! // The first failure: five seconds, give or take a tenth.
//! assert_eq!(schedule::wait(1, 0).map(|wait| wait.as_millis()), Some(4_500));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod key;
mod request;
pub mod schedule;
mod verdict;

pub use key::{KeyError, SigningKey};
pub use request::{MessageId, MessageIdError, RequestError, request};
pub use verdict::Verdict;
