//! Vestnik's core for Kotlin, Swift and Python.
//!
//! The bridge mirrors the core's types as plain records and decides nothing. The API that apps of
//! Kotlin and Swift use is written by hand on top of it (`bindings/kotlin`, `bindings/swift`); Python
//! uses it as it is. `bindings/README.md` embeds the core in each of them.
//!
//! Rules that keep it safe on every platform:
//!
//! - every exported function returns a `Result`, because in Swift a panic behind one that cannot fail
//!   ends the app;
//! - there is no asynchronous foreign trait: in Swift 6 they do not compile, and on Android they are
//!   where crashes cluster. What the app has to be told is pulled ([`Shower`], [`SnapshotStream`],
//!   [`EventStream`]) or is told to a listener on a thread of its own;
//! - foreign code that throws or blocks holds up nothing but its own thread;
//! - foreign code is called by threads of the library through one gate, which [`quiesce`] closes: a language
//!   that ends must not be called any more;
//! - what must not be lost is given by a call that is not asynchronous ([`Shower::take`]): the answer of an
//!   asynchronous one is neither delivered nor dropped if the app gives it up at that moment;
//! - every call that waits for somebody else takes a deadline and a [`CancelHandle`], because Swift's
//!   `Task.cancel()` does not reach a Rust future;
//! - work runs on the library's own runtime, so that a future that the app drops leaves nothing half
//!   done.
//!
//! Read [`Vestnik`] first.

uniffi::setup_scaffolding!("vestnik");

#[cfg(target_os = "android")]
mod android;
mod cancel;
mod device;
mod error;
mod folder;
mod gate;
mod history;
mod listener;
mod log;
mod preferences;
mod push;
mod record;
mod runtime;
mod secrets;
mod show;
mod stream;

pub use cancel::CancelHandle;
pub use device::Vestnik;
pub use error::{StorageProblem, VestnikError};
pub use gate::quiesce;
pub use listener::{EventListener, StateListener, Subscription};
pub use log::{LogLevel, LogRecord, LogSink, log_to};
pub use push::{
    Draw, PushAddressKind, PushEnvironment, Pushed, SpoolTicket, draw_push, push_keys_name,
};
pub use record::{
    config::{
        Config, DeviceChange, DeviceInfo, FormerHistory, Network, Permission, Platform, Tuning,
    },
    diagnostics::Diagnostics,
    event::Event,
    history::{HistoryItem, HistoryPage, HistoryQuery, SearchQuery, Shelf, ShowState},
    notification::{Action, Click, Does, Notification, OpenedBy, Priority},
    preferences::{Choice, OptOut, Preferences},
    snapshot::{Connection, Login, Phase, Snapshot, Standing, Trouble},
    suppression::Suppression,
    undrawn::Undrawn,
};
pub use secrets::{SecretStore, SecretStoreError};
pub use show::{ShowTicket, Shower};
pub use stream::{EventStream, SnapshotStream};

/// The version of this library.
///
/// # Errors
/// None; see the rules of this crate.
#[uniffi::export]
pub fn library_version() -> Result<String, VestnikError> {
    Ok(env!("CARGO_PKG_VERSION").to_owned())
}
