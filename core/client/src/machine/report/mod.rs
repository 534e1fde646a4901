//! Reporting the facts that wait in the outbox.
//!
//! The facts lie in the store; this machine sees how many wait and nothing of what they say. A report is
//! one round of three steps, of which at most one round is under way: the store *takes* a batch, the
//! driver *sends* it, the store *settles* the batch by the answer. The driver keeps the batch and the
//! answer in between.
//!
//! A fact waits a moment for others before a round begins. After a round that settled nothing there is a
//! pause, which grows: a report is never repeated hot, whatever the reason. If the server refuses a
//! report as a whole, one of its facts is at fault; the store halves the batch until the one at fault is
//! alone and is set aside, so that it blocks no other.

mod machine;

#[cfg(test)]
mod tests;

pub use machine::ReportMachine;

use jiff::Timestamp;
use vestnik_clock::Monotonic;

use super::{CallFailure, ConnectionNumber, Generation};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A session begins: so much waits in its outbox.
    Begin {
        /// The session.
        generation: Generation,
        /// What waits.
        outbox: Outbox,
    },
    /// The session is over: everything is forgotten.
    End,
    /// A connection can be used.
    Up {
        /// Which.
        connection: ConnectionNumber,
        /// The most bytes of a report, as the server said.
        report_bytes: u64,
    },
    /// The connection is over.
    Down(ConnectionNumber),
    /// The outbox changed.
    Outbox {
        /// Of which session.
        generation: Generation,
        /// What waits.
        outbox: Outbox,
    },
    /// The store took a batch, which may be empty; or it failed.
    Taken {
        /// Of which session.
        generation: Generation,
        /// How many facts; `None` if the store failed.
        facts: Option<usize>,
    },
    /// The report was answered.
    Answered {
        /// Of which connection.
        connection: ConnectionNumber,
        /// Whether there is a result for each fact, or why there is none.
        result: Result<(), CallFailure>,
    },
    /// The store settled the batch, or failed.
    Settled {
        /// Of which session.
        generation: Generation,
        /// What waits now; `None` if the store failed.
        outbox: Option<Outbox>,
    },
    /// Report what waits without delay. → [`Output::Flushed`]
    Flush {
        /// When it is no use any more.
        until: Option<Monotonic>,
    },
    /// A deadline may have passed.
    Tick,
}

/// What waits in an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outbox {
    /// How many facts.
    pub waiting: u64,
    /// When the first of them may be reported, if not now, by the device's clock.
    pub ready_at: Option<Timestamp>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Take a batch from the store. → [`Input::Taken`]
    Take {
        /// Of which session.
        generation: Generation,
        /// The most facts.
        facts: u32,
        /// The most bytes.
        bytes: usize,
    },
    /// Send the batch. → [`Input::Answered`]
    Send(ConnectionNumber),
    /// Settle the batch in the store. → [`Input::Settled`]
    Settle {
        /// Of which session.
        generation: Generation,
        /// By what.
        settlement: Settlement,
    },
    /// Nothing waits any more, or nothing can be reported now.
    Flushed {
        /// Whether nothing waits.
        is_empty: bool,
    },
    /// There was no answer: the connection may be gone.
    Doubtful(ConnectionNumber),
    /// The server refuses the session.
    Refused {
        /// On which connection.
        connection: ConnectionNumber,
        /// The answer.
        failure: CallFailure,
    },
}

/// By what a batch is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// By the answer, a result for each fact.
    Answer,
    /// The server refused the report as a whole, with this code.
    RefusedWhole(String),
}
