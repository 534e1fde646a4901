//! The e-mail channel: a notification as a letter, its hand-over by SMTP, and what came back.
//!
//! Start reading at [`Letter`] (what is sent) and [`outcome`] (what an answer means). [`account`] is what an
//! operator gives to send by. [`message()`] writes
//! a letter as bytes; [`smtp`] hands it over without a socket or a clock; [`Mailer`] is the driver of
//! both; [`bounce`] reads the delivery reports that come later (RFC 3464).
//!
//! # Hand-over and repetition
//! An SMTP server takes a letter by its answer to the dot that ends it. If the connection ends before
//! the dot was written, the letter was not handed over ([`Verdict::Retry`]). If it ends between the dot
//! and the answer, nobody knows ([`Verdict::Unproven`]); a repetition is the same letter with the same
//! `Message-ID`.
//!
//! # Marks
//! A letter carries a signed [mark](tag) of its delivery, in the envelope's sender, in `Message-ID` and in
//! `ENVID`. A bounce counts only with a mark.
//!
//! # Why the SMTP client is our own
//! Which part of a letter had been written when a connection ended, and what exactly the server answered,
//! decide about repetitions and addresses. lettre's transport hides the former, reads a line of any
//! length into memory, takes an answer that is not UTF-8 for a lost one, and keeps what came before TLS
//! for the encrypted talk. It does write the letters ([`message()`]).
//!
//! # What stays out of logs
//! `Debug` and errors show no content, address, name, password or mark; servers' texts are reduced to
//! their codes.
//!
//! # Example
//! ```
//! use vestnik_mail::{From, Letter, Reply, ReplyReader, ReturnPath, Sender, TagKey, TaggedPath, outcome};
//! use vestnik_model::email::EmailAddress;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sender = Sender {
//!     from: From::new(Some("The Shop"), EmailAddress::parse("news@shop.example")?)?,
//!     reply_to: None,
//!     return_path: ReturnPath::Tagged(TaggedPath::new(EmailAddress::parse("bounce@shop.example")?)?),
//!     // Random bytes, kept with the server's other keys.
//!     key: TagKey::new(&[7; 32]),
//! };
//! let notification = serde_json::from_str(
//!     r#"{"id": "ntf_0192f0c1000070008000000000000001", "title": "Заказ готов 🎉", "body": "Ждём вас",
//!         "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z"}"#,
//! )?;
//! let letter = Letter {
//!     delivery: "dlv_0192f0c1000070008000000000000007".parse()?,
//!     to: &EmailAddress::parse("anna@почта.рф")?,
//!     notification: &notification,
//!     unsubscribe: None,
//! };
//! let bytes = vestnik_mail::message(&letter, &sender, "2026-11-28T09:00:00Z".parse()?)?;
//! assert!(bytes.is_ascii());
//!
//! // What the server that it was handed to may answer.
//! let mut replies = ReplyReader::default();
//! replies.push(b"550 5.1.1 no such user\r\n");
//! let reply: Reply = replies.take()?.ok_or("no reply")?;
//! let outcome = outcome::outcome(&reply, outcome::Phase::Letter);
//! assert!(matches!(outcome.verdict, outcome::Verdict::Dead { .. }));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod account;
pub mod bounce;
mod content;
#[cfg(test)]
mod fixture;
mod letter;
mod mailer;
mod message;
mod mime;
pub mod outcome;
pub mod relay;
pub mod reply;
pub mod smtp;
pub mod status;
pub mod tag;

pub use account::{Account, AccountError, Fault};
pub use bounce::{Bounce, Fate, NoBounce};
pub use letter::{From, Letter, Sender, UnsubscribeUrl};
pub use mailer::{Mailer, RelayError};
pub use message::{BuildError, message};
pub use outcome::{Outcome, Said, Verdict};
pub use relay::{HeloName, Login, Patience, Relay, Security};
pub use reply::{Reply, ReplyError, ReplyReader};
pub use smtp::Envelope;
pub use status::EnhancedStatus;
pub use tag::{ReturnPath, Tag, TagKey, TaggedPath};
