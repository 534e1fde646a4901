//! The device's state for a report of a fault.

use vestnik_core as core;

use super::snapshot::{Phase, Trouble};

/// The device's state for a report of a fault, without anything of a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Diagnostics {
    /// The version of the core.
    pub version: String,
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
    /// The facts that the server refused for good, each as its kind and the server's code.
    pub facts_refused: Vec<String>,
    /// Logouts that the server has not confirmed.
    pub logouts_pending: u64,
    /// How many push services have an address of this installation.
    pub push_addresses: u64,
    /// All of this as text, a line for each value.
    pub text: String,
}

impl From<core::Diagnostics> for Diagnostics {
    fn from(diagnostics: core::Diagnostics) -> Self {
        let text = diagnostics.to_string();
        let core::Diagnostics {
            version,
            phase,
            last_error,
            is_logged_in,
            generation,
            clock_offset_seconds,
            unread,
            facts_waiting,
            facts_refused,
            logouts_pending,
            push_addresses,
            ..
        } = diagnostics;
        let refused = facts_refused.into_iter();
        Self {
            version: version.to_owned(),
            phase: phase.into(),
            last_error: last_error.map(Into::into),
            is_logged_in,
            generation,
            clock_offset_seconds,
            unread,
            facts_waiting,
            facts_refused: refused
                .map(|(kind, code)| format!("{kind}: {code}"))
                .collect(),
            logouts_pending: logouts_pending as u64,
            push_addresses: push_addresses as u64,
            text,
        }
    }
}
