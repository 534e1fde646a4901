//! Keeps the write-ahead log small.

use std::{path::PathBuf, time::Duration};

use rusqlite::Connection;

use crate::checkpointer::Checkpointer;

/// How large the write-ahead log may become.
#[derive(Debug, Clone, Copy)]
pub struct WalLimits {
    /// At how many pages the log is moved into the file: beside a [`Writer`](crate::Writer), which waits
    /// for that only when there are four times as many. Lower writes hot pages again and again; higher
    /// makes opening after a crash slower.
    pub checkpoint_pages: u32,
    /// To how many bytes the log is cut when it begins anew (`journal_size_limit`).
    pub kept_bytes: u64,
    /// At how many bytes the log is moved into the file and cut to nothing. A reader whose snapshot
    /// lies in the log prevents this; it is then tried again after further commits.
    pub truncate_bytes: u64,
}

impl Default for WalLimits {
    fn default() -> Self {
        Self {
            checkpoint_pages: 4_096,
            kept_bytes: 32 * 1_024 * 1_024,
            truncate_bytes: 128 * 1_024 * 1_024,
        }
    }
}

impl WalLimits {
    pub(crate) fn set_up(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        // SQLite would move the log within a commit, which then is answered later.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let kept = i64::try_from(self.kept_bytes).unwrap_or(i64::MAX);
        // The pragma answers with the value, as a query.
        connection.pragma_update_and_check(None, "journal_size_limit", kept, |_| Ok(()))
    }
}

/// At how many times the usual number of pages commits wait for the log to be moved.
const HURRY: i64 = 4;

/// How many commits pass after a truncation that a reader prevented, before it is tried again.
const PATIENCE: u32 = 32;

/// Moves the log of one connection into the file when it is long, and truncates it when it is too
/// long.
#[derive(Debug)]
pub(crate) struct WalKeeper {
    log: PathBuf,
    limits: WalLimits,
    busy_timeout: Duration,
    /// Absent if the thread that commits moves the log itself.
    beside: Option<Checkpointer>,
    /// How many commits must pass before the next attempt.
    waiting: u32,
    /// Whether the log is cut to nothing however short it is.
    is_to_be_cut: bool,
    truncations: u64,
}

impl WalKeeper {
    pub(crate) fn new(log: PathBuf, limits: WalLimits, busy_timeout: Duration) -> Self {
        Self {
            log,
            limits,
            busy_timeout,
            beside: None,
            waiting: 0,
            is_to_be_cut: false,
            truncations: 0,
        }
    }

    /// How often the log was cut to nothing.
    pub(crate) fn truncations(&self) -> u64 {
        self.truncations
    }

    /// Moves the log by a thread of its own from now on.
    pub(crate) fn move_beside(&mut self, checkpointer: Checkpointer) {
        self.beside = Some(checkpointer);
    }

    /// Ends that thread.
    pub(crate) fn end(&mut self) {
        self.beside = None;
    }

    /// Has the log cut to nothing after the next commit.
    pub(crate) fn cut(&mut self) {
        self.is_to_be_cut = true;
    }

    /// Call after each commit, when its callers are answered.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        self.waiting = self.waiting.saturating_sub(1);
        let log = self.log.metadata();
        let is_too_long = log.is_ok_and(|log| log.len() > self.limits.truncate_bytes);
        if (is_too_long || self.is_to_be_cut) && self.waiting == 0 {
            if let Some(beside) = &self.beside {
                beside.wait();
            }
            match self.truncate(connection) {
                Ok(true) => {
                    self.truncations += 1;
                    self.is_to_be_cut = false;
                }
                Ok(false) | Err(_) => self.waiting = PATIENCE,
            }
        } else if self.must_move(pages_to_move(connection)) {
            // What cannot be moved now is moved after a later commit.
            drop(checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)"));
        }
    }

    /// Whether the thread that commits moves the log now.
    fn must_move(&self, pages: i64) -> bool {
        let is_due = pages >= i64::from(self.limits.checkpoint_pages);
        let Some(beside) = &self.beside else {
            return is_due;
        };
        if pages >= i64::from(self.limits.checkpoint_pages).saturating_mul(HURRY) {
            beside.wait();
            return true;
        }
        // The log begins anew only when all of it was moved: the few pages that were appended
        // meanwhile are moved here.
        if beside.take_moved() {
            return true;
        }
        if is_due {
            beside.request();
        }
        false
    }

    /// Answers whether the log was cut. Commits must not wait for readers, so neither does this.
    fn truncate(&self, connection: &Connection) -> Result<bool, rusqlite::Error> {
        connection.busy_timeout(Duration::ZERO)?;
        let done = checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        connection.busy_timeout(self.busy_timeout)?;
        done.map(|done| !done.is_prevented)
    }
}

/// What `PRAGMA wal_checkpoint` answers.
struct Checkpoint {
    is_prevented: bool,
    pages: i64,
    moved: i64,
}

fn checkpoint(connection: &Connection, pragma: &str) -> Result<Checkpoint, rusqlite::Error> {
    connection.prepare_cached(pragma)?.query_row([], |row| {
        Ok(Checkpoint {
            is_prevented: row.get(0)?,
            pages: row.get(1)?,
            moved: row.get(2)?,
        })
    })
}

/// How many pages are in the log only.
fn pages_to_move(connection: &Connection) -> i64 {
    checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)").map_or(0, |log| log.pages - log.moved)
}
