//! Errors of opening a store and of using one; they call for different answers.

use std::{path::PathBuf, sync::Arc};

/// A lower layer's error, shared by all callers of a commit that failed.
pub type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a store cannot be opened. A damaged file is never replaced: it may be all there is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path cannot be a database's.
    #[error("{path} cannot be a database: {detail}", path = path.display())]
    Path {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file is not a database, or is damaged.
    #[error(
        "{path} is damaged ({detail}): restore a backup, or move the file away to begin anew",
        path = path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file was written by a newer version.
    #[error(
        "{path} has schema {found}, this version knows {known}: run the version that wrote it, or a newer one",
        path = path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema this version knows.
        known: u32,
    },
    /// Another process has it open.
    #[error("{path} is open in another process", path = path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The secrets in it are encrypted under another key, or under none.
    #[error("{path}: {detail}", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with the key.
        detail: &'static str,
    },
    /// The system refused.
    #[error("{path} cannot be opened", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The database failed while it was brought up to date.
    #[error("{path} cannot be brought up to date", path = path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why an operation failed. Nothing was changed, unless it says otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room on the disk.
    #[error("the disk is full")]
    Full,
    /// Too much waits already.
    #[error("the store is busy")]
    Busy,
    /// The store is closing, or its writer has ended.
    #[error("the store is closed")]
    Closed,
    /// The deadline of a read passed.
    #[error("the read took too long")]
    TooSlow,
    /// What was read cannot be right.
    #[error("the database is damaged")]
    Corrupt(#[source] Source),
    /// Anything else.
    #[error("the database failed")]
    Failed(#[source] Source),
}

/// By kind: sources are not compared.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
