//! Failures of the database as errors of the store.

use std::{path::Path, sync::Arc};

use vestnik_sqlite::Failure;
use vestnik_store::{OpenError, StoreError};

/// What a failure means to the store's callers.
pub(crate) fn store_error(failure: Failure) -> StoreError {
    match failure {
        Failure::Full => StoreError::Full,
        Failure::Busy => StoreError::Busy,
        Failure::Closed => StoreError::Closed,
        Failure::DeadlinePassed => StoreError::TooSlow,
        Failure::Corrupt { source } => StoreError::Corrupt(source),
        Failure::Other { source } => StoreError::Failed(source),
        Failure::Replaced | Failure::Interrupted | Failure::Panicked => {
            StoreError::Failed(Arc::new(failure))
        }
        _ => StoreError::Failed(Arc::new(failure)),
    }
}

/// What a failure to open the file means to an operator.
pub(crate) fn open_error(path: &Path, error: vestnik_sqlite::OpenError) -> OpenError {
    use vestnik_sqlite::OpenError as Error;
    match error {
        Error::Path { path, fault } => OpenError::Path {
            path,
            detail: fault.to_string(),
        },
        Error::Locked { path } => OpenError::Locked { path },
        Error::Foreign { path } => OpenError::Path {
            path,
            detail: "it belongs to another program".to_owned(),
        },
        Error::TooNew { path, found, known } => OpenError::TooNew { path, found, known },
        Error::Corrupt { path, source } => OpenError::Corrupt {
            path,
            detail: source.to_string(),
        },
        Error::Io { path, source } => OpenError::Io { path, source },
        Error::Migrate { path, source, .. } => OpenError::Migrate {
            path,
            source: Box::new(source),
        },
        Error::Sqlite { path, source } => OpenError::Io {
            path,
            source: std::io::Error::other(source),
        },
        error => OpenError::Io {
            path: path.to_owned(),
            source: std::io::Error::other(error),
        },
    }
}
