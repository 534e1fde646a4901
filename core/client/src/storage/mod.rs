//! What the engine asks of the device's files, carried out.
//!
//! [`Files`] has the device's file, the secret store and the history of whoever it belongs to, and
//! turns the engine's outputs about storage into transactions of [`vestnik_inbox`]. It is synchronous
//! and decides nothing about the network. The driver runs it on a thread of its own; the reference
//! model runs the same code in virtual time.
//!
//! # What a transaction tells
//! Each transaction that changes a history also reads how many notifications are unread, how many facts
//! wait and when the next show is due. This and the identifiers that changed are collected as [`News`],
//! which [`Files::take_news`] hands over once the transaction is durable.
//!
//! # A damaged history
//! If a statement finds damage, the history is set aside and made anew with what can be read of it, and
//! the same work is done once more. The log is then read from its beginning; nothing is shown again.

mod app;
mod carry;
mod files;
mod log;
mod news;
mod options;
mod preferences;
mod push;
mod session;
#[cfg(test)]
mod tests;
mod time;

pub use carry::{Carried, lost};
pub use files::Files;
pub use log::Round;
pub use news::{Counts, News, Rebuilt};
pub use options::{FileOptions, FormerHistory};
pub use preferences::{Noted, Preferences};
pub use push::{Handled, Pushed};
