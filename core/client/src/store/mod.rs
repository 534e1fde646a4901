//! What a device keeps: its history, its cursor in the log, its facts, its tokens.
//!
//! One file, one thread that owns it. A method is one transaction: when it answers, the disk has it.

mod entries;
mod error;
mod inbox;
mod meta;
mod opaque;
mod open;
mod outbox;
mod reading;
mod thread;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use error::{OpenError, StoreError};
pub(crate) use outbox::Stamp;
pub(crate) use thread::Store;
pub(crate) use types::{InstallationIdentity, Opened, ShowItem, StoredSession};
