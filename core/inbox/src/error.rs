//! Why a device's store did not do what was asked.

use std::sync::Arc;

use vestnik_sqlite::{Failure, OpenError};

/// Why a device's store did not do what was asked. Nothing was changed.
///
/// The text does not repeat that of its [source](std::error::Error::source).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk is full. The same call succeeds when there is room.
    #[error("the disk is full")]
    Full,
    /// The file is damaged. Open it again with [`Suspicion::Damaged`](crate::Suspicion::Damaged),
    /// which sets it aside and recovers what can be read.
    #[error("the database is damaged")]
    Corrupt {
        /// What was found.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// Another process has the file, or too much waits. The same call may succeed later.
    #[error("the database is busy")]
    Busy,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// The file was written by a newer version of the app.
    #[error("the database has schema {found}, this version knows schemas up to {known}")]
    TooNew {
        /// Its schema.
        found: u32,
        /// The newest schema that is known here.
        known: u32,
    },
    /// The secret store refuses.
    #[error("the secret store failed")]
    Secrets {
        /// The reason.
        source: Arc<crate::SecretError>,
    },
    /// The file system or the database refuses for another reason.
    #[error("the database failed")]
    Other {
        /// The reason.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anything being done about it here.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Full | Self::Busy => true,
            Self::Secrets { source } => match source.as_ref() {
                crate::SecretError::Unavailable { .. } => true,
                crate::SecretError::Unreadable => false,
            },
            Self::Corrupt { .. } | Self::Closed | Self::TooNew { .. } | Self::Other { .. } => false,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Full => Self::Full,
            Failure::Busy | Failure::DeadlinePassed | Failure::Interrupted => Self::Busy,
            Failure::Closed => Self::Closed,
            Failure::Corrupt { .. } => Self::Corrupt {
                source: Arc::new(failure),
            },
            Failure::Replaced | Failure::Panicked | Failure::Other { .. } | _ => Self::Other {
                source: Arc::new(failure),
            },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::TooNew { found, known, .. } => Self::TooNew {
                found: *found,
                known: *known,
            },
            OpenError::Locked { .. } => Self::Busy,
            OpenError::Corrupt { .. } => Self::Corrupt {
                source: Arc::new(error),
            },
            OpenError::Sqlite { source, .. } | OpenError::Migrate { source, .. }
                if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
            {
                Self::Full
            }
            OpenError::Path { .. }
            | OpenError::Foreign { .. }
            | OpenError::Io { .. }
            | OpenError::Migrate { .. }
            | OpenError::Sqlite { .. }
            | _ => Self::Other {
                source: Arc::new(error),
            },
        }
    }
}

impl From<crate::SecretError> for StoreError {
    fn from(error: crate::SecretError) -> Self {
        Self::Secrets {
            source: Arc::new(error),
        }
    }
}
