//! What a job sees of the database.

use std::{fmt, ops::Deref};

use rusqlite::Connection;

/// What a job sees of the database: a connection within its transaction, and the events that it
/// emits.
///
/// A job must not begin, commit or roll back a transaction; savepoints of other names than `job`
/// are allowed.
pub struct WriteTxn<'a, E> {
    connection: &'a Connection,
    events: &'a mut Vec<E>,
    is_log_to_be_cut: &'a mut bool,
}

impl<'a, E> WriteTxn<'a, E> {
    pub(super) fn new(
        connection: &'a Connection,
        events: &'a mut Vec<E>,
        is_log_to_be_cut: &'a mut bool,
    ) -> Self {
        Self {
            connection,
            events,
            is_log_to_be_cut,
        }
    }

    /// Has the write-ahead log moved into the file and cut to nothing after the commit: it may hold what was
    /// deleted since. Commits that follow wait for that.
    pub fn cut_log(&mut self) {
        *self.is_log_to_be_cut = true;
    }

    /// Hands an event to the sink, if and when the job is committed.
    pub fn emit(&mut self, event: E) {
        self.events.push(event);
    }

    /// The connection, for as long as the job runs. With it a job can hold a statement while it
    /// emits.
    #[must_use]
    pub fn connection(&self) -> &'a Connection {
        self.connection
    }
}

impl<E> Deref for WriteTxn<'_, E> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl<E> fmt::Debug for WriteTxn<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTxn")
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
