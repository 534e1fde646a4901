//! Reading the user's log without a gap.
//!
//! The server numbers the places of a user's log by opaque cursors. The device has one cursor, which
//! lies in its store and moves only there: this machine *proposes* entries, and the store's
//! transaction, which compares the place that they follow with its own cursor, answers
//! [`Applied`](Input::Applied) or [`Stale`](Input::Stale). So nothing that the machine believes can
//! move the cursor over an entry that was not handed to the store.
//!
//! What the server calls on its own is a hint. Live entries that follow the device's cursor are
//! proposed; all others say only that there is something to read. They may come at any time after the
//! device said hello, also before the answer, and while a page is being read or entries are being
//! stored. Then they are *held*, in a bounded number; beyond it the machine notes that it is *behind*.
//!
//! One rule decides what is done next, in one place and after every input: as long as a read or a
//! proposal runs, nothing; else what is held and follows the cursor is proposed; else, if the machine
//! is behind, the log is read on; else the device is at the end of the log, as far as the server said.

mod link;
mod machine;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;

pub use machine::Sync;

use vestnik_model::{
    Cursor, Entry,
    contract::{Entries, Page},
};

use super::{CallFailure, ConnectionNumber, Generation};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A session begins, or goes on after a start: its store stands at `cursor`.
    Begin {
        /// The session.
        generation: Generation,
        /// Where its store stands.
        cursor: Option<Cursor>,
    },
    /// The session is over: everything is forgotten.
    End,
    /// The device said hello with [`Sync::cursor`] on a new connection.
    Greeted(ConnectionNumber),
    /// The greeting was answered.
    Welcome {
        /// Of which connection.
        connection: ConnectionNumber,
        /// The end of the log, as the server saw it then.
        end: Option<Cursor>,
        /// About how many entries the server counts behind the device's cursor.
        behind_by: u64,
    },
    /// A read was answered.
    Page {
        /// Of which connection.
        connection: ConnectionNumber,
        /// The page, or why there is none.
        page: Result<Page, CallFailure>,
    },
    /// The server called: the log has grown.
    Entries {
        /// Of which connection.
        connection: ConnectionNumber,
        /// What is new.
        entries: Entries,
    },
    /// The server called: there is something to read. The end of the log, if it could be read.
    Behind {
        /// Of which connection.
        connection: ConnectionNumber,
        /// The end of the log.
        end: Option<Cursor>,
    },
    /// The log is to be read to its end, by a read that begins later than this. → [`Output::CaughtUp`], as
    /// soon as a connection allows it; there is one answer to all that were asked meanwhile.
    CatchUp,
    /// The connection is over.
    Lost(ConnectionNumber),
    /// The store took the proposal and stands at `cursor` now.
    Applied {
        /// Of which session the proposal was.
        generation: Generation,
        /// Where the store stands.
        cursor: Cursor,
    },
    /// The store took nothing: the proposal does not follow what it has.
    Stale {
        /// Of which session the proposal was.
        generation: Generation,
        /// Where the store stands.
        cursor: Option<Cursor>,
    },
    /// The store was damaged and was rebuilt, or was set back. If it has a proposal, the answer follows.
    Rebuilt {
        /// Of which session.
        generation: Generation,
        /// Where the store stands.
        cursor: Option<Cursor>,
    },
    /// The store failed. Whether it took the proposal is not known.
    StoreFailed {
        /// Of which session the proposal was.
        generation: Generation,
    },
    /// A deadline may have passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Read the log on. → [`Input::Page`]
    Read {
        /// On which connection.
        connection: ConnectionNumber,
        /// From where; absent for the beginning.
        from: Option<Cursor>,
        /// The most entries.
        limit: u32,
    },
    /// Store these in one transaction. → [`Input::Applied`], [`Input::Stale`], [`Input::StoreFailed`]
    Apply {
        /// Of which session.
        generation: Generation,
        /// What to store.
        proposal: Proposal,
    },
    /// The log was read to its end, and the store has it.
    CaughtUp,
    /// The connection is of no use: close it and come back later.
    Broken {
        /// Which connection.
        connection: ConnectionNumber,
        /// Why.
        reason: Broken,
    },
}

/// A stretch of the log for the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// How it came.
    pub origin: Origin,
    /// The place that the entries follow.
    pub after: Cursor,
    /// The place behind them.
    pub cursor: Cursor,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// How a stretch of the log came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// By live calls.
    Live,
    /// As the answer to a read from this cursor; `None` is the beginning of the log. A page that
    /// begins elsewhere belongs to [another history of the server](vestnik_model::contract#the-log).
    Asked(Option<Cursor>),
}

/// Why a connection is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// A read failed.
    Read(CallFailure),
    /// The server has more to read and moves nothing.
    Stuck,
    /// The store failed.
    Storage,
}
