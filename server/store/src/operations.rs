//! The store as a whole.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::{Answer, effect::Event};

/// The store as a whole.
pub trait Operations {
    /// The server's secrets; the offered ones are kept where there were none.
    fn secrets(&self, offered: Secrets) -> Answer<'_, Secrets>;
    /// Begins a new life of the whole store after a restore: a new epoch of every log, and a new secret
    /// for access tokens. Refresh tokens and API keys stay.
    fn begin_life(&self, life: NewLife) -> Answer<'_, ()>;
    /// Events after a number, in order; the whole feed of all Apps.
    fn events(&self, after: u64, limit: u32) -> Answer<'_, Vec<Event>>;
    /// The number of the last event.
    fn last_event(&self) -> Answer<'_, u64>;
    /// Writes something, durably: the way to see that writing works.
    fn ping(&self, now: Timestamp) -> Answer<'_, ()>;
    /// Writes a consistent copy to a new file, beside running writers.
    fn backup(&self, to: PathBuf) -> Answer<'_, ()>;
    /// What is wrong inside: nothing, when it is empty. Compares every counter with a recount.
    fn check_integrity(&self) -> Answer<'_, Vec<String>>;
    /// Whether the thread that writes lives.
    fn is_alive(&self) -> bool;
    /// Finishes what was asked for and closes.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The server's secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Signs access tokens.
    pub access: [u8; 32],
    /// Derives refresh tokens.
    pub refresh: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// A new life of the store.
#[derive(Clone)]
pub struct NewLife {
    /// Signs access tokens from now on.
    pub access: [u8; 32],
    /// The random number that every log's epoch is mixed from.
    pub epoch: u32,
    /// The time.
    pub now: Timestamp,
}

impl std::fmt::Debug for NewLife {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLife")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
