//! Keeps the write-ahead log small.

use std::{path::PathBuf, time::Duration};

use rusqlite::Connection;

/// How large the write-ahead log may become.
#[derive(Debug, Clone, Copy)]
pub struct WalLimits {
    /// After how many pages the log is moved into the file (`wal_autocheckpoint`). Lower writes hot
    /// pages again and again; higher makes opening after a crash slower.
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
        connection.pragma_update(None, "wal_autocheckpoint", self.checkpoint_pages)?;
        let kept = i64::try_from(self.kept_bytes).unwrap_or(i64::MAX);
        // The pragma answers with the value, as a query.
        connection.pragma_update_and_check(None, "journal_size_limit", kept, |_| Ok(()))
    }
}

/// How many commits pass after a truncation that a reader prevented, before it is tried again.
const PATIENCE: u32 = 32;

/// Truncates the log of one connection when it is too long.
#[derive(Debug)]
pub(crate) struct WalKeeper {
    log: PathBuf,
    truncate_bytes: u64,
    busy_timeout: Duration,
    /// How many commits must pass before the next attempt.
    waiting: u32,
    truncations: u64,
}

impl WalKeeper {
    pub(crate) fn new(log: PathBuf, limits: WalLimits, busy_timeout: Duration) -> Self {
        Self {
            log,
            truncate_bytes: limits.truncate_bytes,
            busy_timeout,
            waiting: 0,
            truncations: 0,
        }
    }

    /// How often the log was cut to nothing.
    pub(crate) fn truncations(&self) -> u64 {
        self.truncations
    }

    /// Call after each commit. A failure is that of a later commit too, and is left to it.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        self.waiting = self.waiting.saturating_sub(1);
        let is_long = || {
            let log = self.log.metadata();
            log.is_ok_and(|log| log.len() > self.truncate_bytes)
        };
        if self.waiting > 0 || !is_long() {
            return;
        }
        match self.truncate(connection) {
            Ok(true) => self.truncations += 1,
            Ok(false) | Err(_) => self.waiting = PATIENCE,
        }
    }

    /// Answers whether the log was cut. Commits must not wait for readers, so neither does this.
    fn truncate(&self, connection: &Connection) -> Result<bool, rusqlite::Error> {
        connection.busy_timeout(Duration::ZERO)?;
        let prevented = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, bool>(0)
        });
        connection.busy_timeout(self.busy_timeout)?;
        prevented.map(|prevented| !prevented)
    }
}
