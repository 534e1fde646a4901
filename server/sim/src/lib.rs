//! A simulator of Firebase Cloud Messaging, the Apple Push Notification service, Web Push, Huawei Push Kit and
//! `RuStore`.
//!
//! It speaks the services' own protocols, with their paths, TLS, HTTP/2, limits and error bodies; checks
//! credentials, signatures and topics; stores, collapses and drops messages as the services do; decrypts
//! Web Push as a browser does. A sender is pointed at it by configuration and needs no account at a
//! service. It shares no code with Vestnik's own sender, so each is a test of the other.
//!
//! Start reading at [`Simulator`], which a test holds; `vestnik sim` runs one from the command line.
//! Decisions are pure and lie in `world`; `serve` is the driver. Each service has a module: `fcm`,
//! `apns`, `web_push`, `hms`, `rustore`. A [`Rule`] brings faults. A [`Sink`] takes pushes and checks nothing, to
//! measure senders.
//!
//! # Example
//! ```
//! use vestnik_sim::{Kind, Options, Registration, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let simulator = Simulator::start(Options::default()).await?;
//! let phone = simulator.register(Registration::new(Kind::FcmToken))?;
//!
//! // Configure a sender with these, and have it send to `phone.token`.
//! let account = simulator.setup().service_account();
//! assert!(account["token_uri"].as_str().is_some_and(|uri| uri.ends_with("/token")));
//! assert!(phone.token.is_some());
//!
//! // Then look at what the phone got.
//! assert!(simulator.received(&phone.id).is_empty());
//! simulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod admin;
mod apns;
mod apns_keys;
mod authority;
mod base64url;
mod counters;
mod credentials;
mod device;
mod fault;
mod fcm;
mod fleet;
mod form;
pub mod gateway;
mod hex;
mod hms;
mod incoming;
mod journal;
mod jwt;
mod mailbox;
mod message;
mod options;
mod page;
mod pem;
mod place;
mod rate;
mod reply;
mod ring;
mod rustore;
mod screen;
mod serve;
mod service;
mod setup;
mod shape;
mod shared;
mod shown;
mod simulator;
mod sink;
mod subscription;
mod web_push;
mod world;

pub use counters::Count;
pub use credentials::{ApnsKey, Credentials, CredentialsError};
pub use device::{
    Death, DeviceView, Ending, Kind, Registration, SubscriptionKeys, SubscriptionView,
};
pub use fault::{Fault, Match, Rule, RuleError, RuleView, When};
pub use fleet::DeviceError;
pub use journal::JournalEntry;
pub use mailbox::{ApnsStorage, Order};
pub use message::{Content, DropReason, Event, Fate, Message};
pub use options::{Limits, Options};
pub use ring::Bound;
pub use screen::ScreenLine;
pub use service::{Environment, Service};
pub use setup::{Addresses, Setup};
pub use shown::{Form, Shown};
pub use simulator::{Simulator, StartError};
pub use sink::{Sample, Sink, SinkCounts, SinkOptions};
