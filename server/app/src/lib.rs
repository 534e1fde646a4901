//! Vestnik's reference server, as a library: [`serve`] is a function of a listener, a configuration
//! and a signal to stop.
//!
//! What is accepted is stored first and answered then; what happens live is a hint, and every
//! device reads on from its own place in its user's log. `ARCHITECTURE.md` tells the whole story.

#![forbid(unsafe_code)]

mod backup;
mod bootstrap;
pub mod bus;
mod channel;
pub mod config;
mod credential;
mod door;
mod effects;
mod feed;
mod metrics;
mod operation;
mod peer;
mod rate;
mod refusal;
mod serve;
mod share;
mod state;
mod supervise;
mod telemetry;
mod worker;

pub use backup::{RevokeError, backup, restore, revoke_all_keys, seal_key};
pub use bootstrap::{
    BOOTSTRAP_IDENTITY_KEY, Bootstrap, BootstrapError, MakeKeyError, bootstrap, make_admin_key,
};
pub use channel::FastCurve;
pub use config::{Config, ConfigError, ConfigOverlay};
pub use door::http::openapi_json;
pub use serve::{Parts, ServeError, Server, serve, serve_with};
pub use telemetry::{LogGuard, init_logs};
pub use vestnik_store_sqlite::{
    BackupFileError, Erased, Lost, RestoreError, Restored, SealKey, TakenBack,
};
