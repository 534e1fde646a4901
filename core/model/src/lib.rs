//! What crosses Vestnik's wire, and the words of its domain.
//!
//! Everything here is a boundary type or a pure rule over one: there is no I/O, no clock and no
//! randomness. Requests come in as the lenient wire types ([`PublishRequest`], [`TokenRequest`]…),
//! are parsed once into types whose illegal states cannot be written ([`Publication`],
//! [`Audience`]…), and are never re-checked further in.
//!
//! Two spellings exist and each has one place: REST bodies are `snake_case`, hub payloads are
//! `camelCase`. Requests accept both, so that one publish body serves both doors.

#![forbid(unsafe_code)]

pub mod audience;
mod character;
pub mod contract;
pub mod counts;
pub mod cursor;
pub mod entry;
pub mod fact;
pub mod id;
pub mod installation;
pub mod key;
pub mod limits;
mod loose;
pub mod notification;
pub mod open;
pub mod problem;
pub mod publish;
pub mod push_address;
pub mod reason;
pub mod receipt;
pub mod report;
pub mod route;
pub mod status;
pub mod subscription;
pub mod text;
pub mod token;
pub mod url;
pub mod view;
pub mod warning;
pub mod wire_size;

pub use audience::{Audience, AudienceRequest};
pub use contract::{Feature, HubProblem};
pub use counts::{Counter, Counts, Expansion};
pub use cursor::Cursor;
pub use entry::{Arrival, Entry, Flag, Recall, StateChange, UnknownEntry};
pub use fact::{Claim, Fact, FactId, FactKind, FactOutcome, FactRefusal, FactResult, ParsedFact};
pub use id::{
    AppId, AttemptId, CategoryName, DeliveryId, InstallationId, NotificationId, TopicName, UserId,
};
pub use installation::{InstallationState, Permission, Platform};
pub use key::{IdentityAlgorithm, IdentityKeyRequest, KeyCreated, KeyRequest, KeyView, Scope};
pub use notification::{Click, ClickKind, ClickRequest, Notification, Priority, TrafficType};
pub use open::{Open, Word};
pub use problem::{FieldCode, FieldProblem, Problem, ProblemCode};
pub use publish::{ContentRequest, Publication, PublishAccepted, PublishRequest};
pub use push_address::{PushAddress, PushAddressKind};
pub use reason::Reason;
pub use receipt::ReceiptKind;
pub use report::{ReceivedReport, Report, Reported};
pub use status::{DeliveryState, DeliveryStatus, Engagement, Evidence, NotificationStatus};
pub use token::{InstallationSecret, TokenRequest, TokenResponse};
pub use view::Channel;
pub use warning::Warning;
