//! Why an open database did not do what was asked.

use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why an open database did not do what was asked. Nothing was changed.
///
/// The text does not repeat that of its [source](std::error::Error::source).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The disk is full, or the file has reached its limit.
    #[error("the disk is full")]
    Full,
    /// Too many jobs wait, or another process holds a lock. The same call may succeed later.
    #[error("the database is busy")]
    Busy,
    /// The database was closed, or the thread that owns it ended.
    #[error("the database is closed")]
    Closed,
    /// The file at the path of the database is not the one that was opened: it was removed, moved
    /// or replaced. What is written now is lost.
    #[error("the database file was removed or replaced while it is in use")]
    Replaced,
    /// The file is damaged.
    #[error("the database is damaged")]
    Corrupt {
        /// What SQLite found.
        source: Arc<rusqlite::Error>,
    },
    /// The statement was interrupted because its caller stopped waiting or the pool was closed.
    #[error("the statement was interrupted")]
    Interrupted,
    /// The read was not done within the time limit of its pool.
    #[error("the time limit of the read has passed")]
    DeadlinePassed,
    /// The job panicked. The message is where the program's panic hook puts it.
    #[error("the job panicked")]
    Panicked,
    /// SQLite refuses for another reason.
    #[error("the statement failed")]
    Other {
        /// The reason.
        source: Arc<rusqlite::Error>,
    },
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt {
                source: Arc::new(error),
            },
            Some(_) | None => Self::Other {
                source: Arc::new(error),
            },
        }
    }
}
