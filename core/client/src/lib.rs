//! The engine that every Vestnik app embeds.
//!
//! It logs an installation in and keeps it logged in, holds the live connection, reads its user's
//! log without a gap, keeps the history, shows each notification once and reports facts. A
//! shell (desktop, Android, iOS, terminal) only draws and forwards.
//!
//! Decisions are pure: [`engine`](crate::Client) machines take time and randomness as arguments. One task
//! owns the connection and carries them out; one thread owns the database.

#![forbid(unsafe_code)]

mod client;
pub mod clock;
mod config;
mod credentials;
mod device_info;
mod driver;
mod engine;
mod error;
mod event;
pub mod history;
pub mod identity;
mod inbox;
pub mod machine;
mod registration;
mod reporting;
mod sender;
pub mod store;
pub mod transport;

pub use client::{Client, ClientBuilder};
pub use config::{Config, Tuning};
pub use device_info::DeviceInfo;
pub use error::Error;
pub use event::{ConnectionState, Event, EventStream, OfflineReason, Warning};
pub use history::{HistoryCursor, HistoryItem, HistoryPage, HistoryQuery, HistoryState};
pub use identity::IdentitySource;
pub use sender::{Sender, StatusChanges};
