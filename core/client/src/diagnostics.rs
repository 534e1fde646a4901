//! The device's state for a report of a fault.

use std::fmt;

use vestnik_inbox::StoreError;

use crate::{
    machine::{Trouble, engine::Phase},
    snapshot::Snapshot,
    storage::Files,
};

/// The device's state for a report of a fault, without anything of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostics {
    /// The version of the core.
    pub version: &'static str,
    /// How it is connected.
    pub phase: Phase,
    /// What is in the way.
    pub last_error: Option<Trouble>,
    /// Whether a session has not ended, as far as the device knows.
    pub is_logged_in: bool,
    /// How many sessions began and ended here.
    pub generation: u64,
    /// The server's clock minus the device's, in whole seconds, if it is known.
    pub clock_offset_seconds: Option<i64>,
    /// How many notifications are unread.
    pub unread: u64,
    /// How many facts wait to be reported.
    pub facts_waiting: u64,
    /// The kinds of facts that the server refused for good, with its code for each.
    pub facts_refused: Vec<(String, String)>,
    /// Logouts that the server has not confirmed.
    pub logouts_pending: usize,
    /// How many push services have an address of this installation.
    pub push_addresses: usize,
}

impl Diagnostics {
    pub(crate) fn of(files: &mut Files) -> Result<Self, StoreError> {
        let (unread, facts_waiting) = files.counts()?;
        let facts_refused = files.parked()?;
        let logouts_pending = files.logouts_pending()?;
        let state = files.device().state();
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            phase: Phase::Off,
            last_error: None,
            is_logged_in: state.is_logged_in,
            generation: state.generation,
            clock_offset_seconds: state.offset.map(|offset| offset.as_secs()),
            unread,
            facts_waiting,
            facts_refused,
            logouts_pending,
            push_addresses: state.push_addresses.len(),
        })
    }

    pub(crate) fn with(self, snapshot: &Snapshot) -> Self {
        Self {
            phase: snapshot.connection.phase,
            last_error: snapshot.connection.last_error,
            ..self
        }
    }
}

/// A line for each value.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version: {}", self.version)?;
        writeln!(f, "phase: {:?}", self.phase)?;
        writeln!(f, "last error: {:?}", self.last_error)?;
        writeln!(f, "logged in: {}", self.is_logged_in)?;
        writeln!(f, "generation: {}", self.generation)?;
        writeln!(f, "clock offset, s: {:?}", self.clock_offset_seconds)?;
        writeln!(f, "unread: {}", self.unread)?;
        writeln!(f, "facts waiting: {}", self.facts_waiting)?;
        writeln!(f, "facts refused: {:?}", self.facts_refused)?;
        writeln!(f, "logouts pending: {}", self.logouts_pending)?;
        writeln!(f, "push addresses: {}", self.push_addresses)
    }
}
