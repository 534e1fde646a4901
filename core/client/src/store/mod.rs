//! What a device keeps: its history, its place in the log, its receipts, its tokens.
//!
//! One file, one thread that owns it. A method is one transaction: when it answers, the disk has it.

mod error;
mod inbox;
mod meta;
mod open;
mod outbox;
mod reading;
mod thread;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use error::{OpenError, StoreError};
pub(crate) use thread::Store;
pub(crate) use types::{Opened, ShowItem, StoredSession};
