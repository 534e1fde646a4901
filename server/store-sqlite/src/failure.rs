//! What a failure of SQLite means to a caller.

use std::{io, path::Path};

use rusqlite::ErrorCode;
use vestnik_store::{OpenError, StoreError};

/// Sorts a failure by what can be done about it.
pub(super) fn failed(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt(error.to_string())
        }
        Some(_) | None => StoreError::Failed(error.to_string()),
    }
}

/// Why a file cannot be opened, by the failure of a statement on it.
pub(super) fn unusable(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            corrupt(path, error.to_string())
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked {
            path: path.to_owned(),
        },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            OpenError::Io {
                path: path.to_owned(),
                source: io::Error::other(error),
            }
        }
        Some(_) | None => OpenError::Migrate {
            path: path.to_owned(),
            source: error.into(),
        },
    }
}

/// A file that must not be used, with what was found.
pub(super) fn corrupt(path: &Path, detail: String) -> OpenError {
    OpenError::Corrupt {
        path: path.to_owned(),
        detail,
    }
}
