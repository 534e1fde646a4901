//! Vestnik's core for Kotlin, Swift and Python.
//!
//! The bridge is not the API: it mirrors the core's types as plain records and does nothing of its
//! own. Rules that keep it safe on every platform:
//!
//! - every exported function returns a `Result`, because a panic behind one that cannot fail ends
//!   the host app in Swift;
//! - there is no asynchronous foreign trait: the host pushes identity tokens *into* the core, and
//!   the core calls back with batches of events, synchronously, on a thread of its own;
//! - every call that waits for somebody else takes a deadline and, where the host may change its
//!   mind, a [`CancelHandle`], because Swift's `Task.cancel()` does not reach a Rust future;
//! - work runs on the core's own runtime, so that a future dropped by the host never leaves
//!   anything half done.

uniffi::setup_scaffolding!("vestnik");

mod cancel;
mod client;
mod convert;
mod error;
mod identity;
mod listener;
mod record;
mod runtime;

pub use cancel::CancelHandle;
pub use client::PushClient;
pub use error::PushError;
pub use listener::{EventListener, EventSubscription, PushEvent};
pub use record::{
    ClickRecord, ConnectionRecord, DeviceRecord, HistoryItemRecord, HistoryPageRecord,
    HistoryQueryRecord, NotificationRecord, OpenedBy, PermissionState, PlatformName, PriorityLevel,
    PushConfig,
};
