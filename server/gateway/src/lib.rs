//! Gateways: SMS services, messengers, flash calls, by one declarative contract over HTTP.
//!
//! A [`Descriptor`] says as data how a gateway is spoken to: the request that sends a message, what its
//! answers mean, how its reports and updates are verified and read, how fast it may be sent to. An
//! [`Account`] has up to four [`Provider`]s, each a descriptor with an operator's settings. Nobody writes an
//! adapter in code; `docs/gateways.md` shows how a gateway is added. A message centre that is spoken to over SMPP
//! stands among the providers of an account as [`Smpp`]; how it is spoken to is `vestnik-smpp`'s.
//!
//! Everything here is a pure function or a value: no socket, clock or random source. Start reading at
//! [`descriptor`] (what a gateway is), [`provider`] (what can be done with one) and [`outcome`] (what an
//! answer means, in the same words for every gateway); [`mod@shipped`] lists the descriptors in
//! `server/gateway/descriptors`.
//!
//! # What is never repeated
//! People pay for a second SMS and read it twice. So an answer that no rule is about kills no address, and
//! is [`Verdict::Unproven`] unless its status says that nothing was done.
//!
//! # What stays out of logs
//! Settings, telephone numbers, chats and texts are not shown by `Debug`, and no error has a part of them.
//! The requests contain them: log neither their addresses nor their headers nor their bodies.
//!
//! # Example
//! ```
//! use http::{HeaderMap, StatusCode};
//! use vestnik_gateway::{Account, Answer, ChatId, Message, To, Verdict};
//! use vestnik_model::Reason;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account::parse(
//!     r#"{"providers": [{"name": "main", "gateway": "telegram", "settings": {
//!         "token": "123456:ABC", "bot": "shop_bot", "webhook_secret": "s3cret"}}]}"#,
//! )?;
//! let provider = &account.providers()[0];
//! let now = "2026-11-28T09:00:00Z".parse()?;
//! let message = Message {
//!     attempt: "att_0192f0c1000070008000000000000007".parse()?,
//!     to: To::Chat(&ChatId::parse("42")?),
//!     title: Some("Parcel"),
//!     body: "Your parcel is here.",
//!     link: None,
//!     locale: None,
//!     callback: None,
//!     expires_at: "2026-11-28T10:00:00Z".parse()?,
//! };
//! let request = provider.request(&message, now)?;
//! let body: serde_json::Value = serde_json::from_slice(request.body())?;
//! assert_eq!(body["chat_id"], 42);
//! assert_eq!(body["text"], "Parcel\nYour parcel is here.");
//!
//! let answer = Answer {
//!     status: StatusCode::FORBIDDEN,
//!     headers: &HeaderMap::new(),
//!     body: br#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
//! };
//! let outcome = provider.outcome(&answer, now);
//! assert_eq!(outcome.verdict, Verdict::Dead { reason: Reason::BlockedChannel });
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod account;
pub mod answer;
pub mod build_error;
pub mod check;
mod condition;
mod cost;
pub mod descriptor;
mod escape;
pub mod event;
pub mod fault;
mod form;
pub mod incoming;
mod json_template;
pub mod limits;
pub mod message;
mod node;
pub mod origin;
pub mod outcome;
mod pointer;
pub mod provider;
pub mod recipient;
mod request;
mod sample;
pub mod setting;
pub mod shipped;
pub mod smpp;
mod source;
mod status;
mod template;
mod text;
mod values;
mod verify;

pub use account::{Account, Carrier, Order};
pub use answer::Answer;
pub use build_error::BuildError;
pub use check::Health;
pub use descriptor::{Descriptor, Evidence};
pub use event::{Event, State};
pub use fault::{Fault, Invalid, TemplateFault};
pub use incoming::{Incoming, Received, Reply, Untrusted};
pub use limits::Limits;
pub use message::Message;
pub use origin::Origin;
pub use outcome::{MessageId, Outcome, Said, Scope, Verdict};
pub use provider::Provider;
pub use recipient::{RecipientKind, To};
pub use setting::{SettingForm, SettingRule};
pub use shipped::shipped;
pub use smpp::Smpp;
pub use vestnik_model::{
    Currency, GatewayName, Money, ProviderName,
    chat::{ChatId, ChatIdError},
};
