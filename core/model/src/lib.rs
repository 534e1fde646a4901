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
pub mod contract;
pub mod cursor;
pub mod id;
pub mod installation;
pub mod key;
pub mod notification;
pub mod problem;
pub mod publish;
pub mod push_address;
pub mod reason;
pub mod receipt;
pub mod route;
pub mod status;
pub mod subscription;
pub mod text;
pub mod token;
pub mod view;

pub use audience::{Audience, AudienceRequest};
pub use cursor::{Cursor, Epoch};
pub use id::{
    AppId, AttemptId, CategoryName, DeliveryId, InstallationId, NotificationId, TopicName, UserId,
};
pub use installation::{InstallationState, Permission, Platform};
pub use key::{IdentityAlgorithm, IdentityKeyRequest, KeyCreated, KeyRequest, KeyView, Scope};
pub use notification::{Click, ClickKind, Notification, Priority, TrafficType};
pub use problem::{FieldProblem, Problem, ProblemCode};
pub use publish::{Publication, PublishAccepted, PublishRequest};
pub use push_address::{PushAddress, PushAddressKind};
pub use reason::Reason;
pub use receipt::{Receipt, ReceiptKind};
pub use status::{Counts, DeliveryState, DeliveryStatus, Engagement, NotificationStatus};
pub use token::{TokenRequest, TokenResponse};
