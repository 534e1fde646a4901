//! Errors of opening a store and of using one.

use std::path::PathBuf;

/// Why the history cannot be opened. A damaged file is no reason: it is put aside.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file was written by a newer version of the app.
    #[error("{path} has schema {found}, this version knows {known}: update the app")]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema this version knows.
        known: u32,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{path} cannot be opened: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The database refuses.
    #[error("{path} cannot be brought up to date: {source}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
}

/// Why the store did not do what it was asked. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The file system or the database refuses.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            Some(_) | None => Self::Failed(error.to_string()),
        }
    }
}
