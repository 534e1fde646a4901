//! What crosses Vestnik's wire, and the words of its domain.
//!
//! Everything here is a boundary type or a pure rule over one: no I/O, no clock, no randomness. Start
//! reading at [`contract`], the hub contract for devices and senders, and at [`publish`], what a sender
//! may ask for; [`route`] lists the paths of REST, [`limits`] all sizes, [`status`] the rules by which
//! evidence makes a delivery's status.
//!
//! # Strict and lenient
//! What senders and operators write is read strictly: an unknown field or word is refused, with its
//! place ([`PublishRequest`], [`ClickRequest`], [`KeyRequest`],
//! [`TokenRequest`]). It is then checked once into types whose illegal states cannot be written
//! ([`Publication`], [`Audience`]) and never checked again further in.
//!
//! Between device and server, in stored rows and in answers that clients read, the other side may be
//! older or newer: unknown fields are ignored, unknown words are kept ([`Open`]), unknown entries are
//! kept as they came ([`Entry::Unknown`]), and one unreadable element of a list stops no other. A corpus
//! of messages in `tests/compat` holds every version to this.
//!
//! # Spelling
//! REST bodies are `snake_case`, hub payloads `camelCase`. Publish requests, facts and installation states
//! are read in both spellings, so that one body serves both doors.
//!
//! # Example
//! A sender's request becomes the entry that a device reads:
//!
//! ```
//! use vestnik_model::{Arrival, Entry, Priority, Publication, PublishRequest};
//!
//! let request: PublishRequest = serde_json::from_str(
//!     r#"{
//!         "to": {"users": ["anna"]},
//!         "notification": {"title": "Order 8812", "body": "On its way 🚚", "priority": "high"}
//!     }"#,
//! )?;
//! let publication = Publication::parse(request)?;
//!
//! let (id, accepted_at) = ("ntf_0192f0c1000070008000000000000001".parse()?, "2026-11-28T09:00:00Z".parse()?);
//! let entry = Entry::Notification(Box::new(Arrival {
//!     id,
//!     at: accepted_at,
//!     delivery_id: "dlv_0192f0c1000070008000000000000002".parse()?,
//!     read_at: None,
//!     notification: publication.accept(id, accepted_at),
//! }));
//!
//! let wire = serde_json::to_string(&entry)?;
//! let Entry::Notification(arrival) = serde_json::from_str(&wire)? else {
//!     unreachable!("it was written as a notification");
//! };
//! assert_eq!(arrival.notification.priority, Priority::High);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod action;
pub mod attributes;
pub mod audience;
pub mod audience_file;
pub mod bounce;
pub mod broadcast;
pub mod channel;
mod character;
pub mod chat;
pub mod contact;
pub mod contract;
pub mod cost;
pub mod counts;
pub mod cursor;
pub mod deliver;
pub mod email;
pub mod entry;
pub mod event;
pub mod explanation;
pub mod fact;
pub mod gateway;
pub mod id;
pub mod import;
pub mod installation;
pub mod key;
pub mod limits;
mod loose;
pub mod min_version;
pub mod notification;
pub mod open;
pub mod phone;
pub mod preference;
pub mod preview;
pub mod problem;
pub mod provider;
pub mod publish;
pub mod push_address;
pub mod reason;
pub mod receipt;
pub mod report;
pub mod response;
pub mod route;
pub mod sms;
pub mod status;
pub mod subscription;
pub mod text;
pub mod token;
pub mod url;
pub mod view;
pub mod warning;
pub mod webhook;
pub mod wire_size;

pub use action::{
    Action, ActionKind, ActionRequest, MAX_ACTION_ID_CHARS, MAX_ACTION_TITLE_CHARS, MAX_ACTIONS,
};
pub use audience::{Audience, AudienceRequest, Devices};
pub use audience_file::{
    AudienceFile, AudienceFileRequest, AudienceFileState, FileFault, LineProblem, RecipientField,
};
pub use channel::Channel;
pub use contract::{Feature, HubProblem};
pub use cost::{Currency, Money, Sums};
pub use counts::{Count, Counter, Counts, Expansion, Mark};
pub use cursor::Cursor;
pub use entry::{Arrival, Entry, Flag, Recall, StateChange, UnknownEntry};
pub use event::{EventData, EventId, EventKind, EventPage, EventView};
pub use explanation::{Explanation, Language, StatementView};
pub use fact::{Claim, Fact, FactId, FactKind, FactOutcome, FactRefusal, FactResult, ParsedFact};
pub use gateway::{GatewayName, ProviderName};
pub use id::{
    AppId, AttemptId, AudienceId, CategoryName, DeliveryId, InstallationId, NotificationId,
    TopicName, UserId, WebhookId,
};
pub use import::{ImportAnswer, ImportOutcome, ImportRequest, ImportedAddress};
pub use installation::{InstallationReport, InstallationState, Permission, Platform};
pub use key::{IdentityAlgorithm, IdentityKeyRequest, KeyCreated, KeyRequest, KeyView, Scope};
pub use min_version::{MinVersion, MinVersions};
pub use notification::{Click, ClickKind, ClickRequest, Notification, Priority, TrafficType};
pub use open::{Open, Word};
pub use problem::{FieldCode, FieldProblem, Problem, ProblemCode};
pub use provider::ProviderState;
pub use publish::{ContentRequest, Publication, PublishAccepted, PublishRequest};
pub use push_address::{PushAddress, PushAddressKind, PushEnvironment};
pub use reason::Reason;
pub use receipt::ReceiptKind;
pub use report::{ReceivedReport, Report, Reported};
pub use response::Response;
pub use status::{
    DeliveryState, DeliveryStatus, Engagement, Evidence, NotificationStatus, Outcome,
};
pub use token::{InstallationSecret, TokenRequest, TokenResponse};
pub use view::AttemptStatus;
pub use warning::Warning;
