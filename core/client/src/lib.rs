//! The engine that every Vestnik app embeds.
//!
//! It logs an installation in and keeps it logged in, holds the live connection, reads its user's log
//! without a gap, keeps the history, has each notification shown once and reports facts. A shell
//! (desktop, Android, iOS, terminal) only draws and forwards.
//!
//! # The idea
//! **Decisions are pure.** [`machine`] has what a device decides, without a socket, a file, a clock or a
//! task. [`storage`] carries what is decided onto the device's files, which belong to
//! [`vestnik_inbox`]; [`transport`] carries it to the server. One task drives them.
//!
//! **A session has a life of its own.** [`Vestnik::login`], [`go_online`](Vestnik::go_online) and
//! [`logout`](Vestnik::logout) may be called in any order and at any moment, in one process. Only the
//! server's word ends a session. When another user logs in, nothing of the former is left in the files,
//! in memory or on the screen.
//!
//! **State is watched, facts are streamed, shows are taken.** [`Snapshot`] is what the device is;
//! [`EventStream`] says what changed; [`ShowTicket`] is the right to draw one notification once.
//!
//! # Example
//! ```no_run
//! use vestnik_core::{Config, DeviceInfo, HistoryQuery, Vestnik, machine::Secret};
//! use vestnik_model::{AppId, Permission, Platform, UserId};
//!
//! # async fn run(identity_token: String) -> Result<(), Box<dyn std::error::Error>> {
//! let device = DeviceInfo {
//!     platform: Platform::Linux,
//!     model: None,
//!     os_version: None,
//!     app_version: Some("1.0".to_owned()),
//!     locale: Some("ru".to_owned()),
//!     time_zone: Some("Europe/Moscow".to_owned()),
//!     permission: Permission::Granted,
//! };
//! let server = "https://push.example/".parse()?;
//! let config = Config::new(server, AppId::parse("shop")?, "data".into(), device);
//! let vestnik = Vestnik::open(config).await?;
//! vestnik.go_online();
//! // The App's backend has vouched for the user.
//! vestnik.login(UserId::parse("anna")?, Secret::new(identity_token)).await?;
//! while let Some(ticket) = vestnik.next_show().await {
//!     println!("{}", ticket.item().notification.title.as_str());
//!     ticket.shown().await?;
//! }
//! let newest = vestnik.history(HistoryQuery::default()).await?;
//! println!("{} in the history", newest.items.len());
//! # Ok(())
//! # }
//! ```
//!
//! # Where to start reading
//! [`Vestnik`] lists what a device can do, [`machine`] how it decides, [`storage`] what it keeps.

#![forbid(unsafe_code)]

mod builder;
mod config;
mod device_info;
mod diagnostics;
mod driver;
mod error;
mod event;
pub mod machine;
mod sender;
mod show;
mod snapshot;
pub mod storage;
pub mod transport;
mod vestnik;

pub use builder::Builder;
pub use config::{Config, Tuning};
pub use device_info::DeviceInfo;
pub use diagnostics::Diagnostics;
pub use error::{Error, Login, LoginError};
pub use event::{Event, EventStream};
pub use machine::{
    Secret, Trouble,
    engine::Phase,
    registration::Change,
    session::{NeedsIdentity, Standing},
};
pub use sender::{Sender, SenderError, StatusChanges};
pub use show::ShowTicket;
pub use snapshot::{ConnectionState, Needs, Snapshot};
pub use storage::{FormerHistory, Preferences, Pushed};
pub use transport::NetworkOptions;
pub use vestnik::Vestnik;
pub use vestnik_inbox::{
    self as inbox, FileSecrets, Filter, HistoryItem, HistoryPage, HistoryQuery, MemorySecrets,
    Place, SearchQuery, SecretError, SecretStore, Shelf, ShowState, Start, StoreError, Suppression,
};
