//! Failures of the database as errors of the store.

use std::sync::Arc;

use vestnik_sqlite::Failure;
use vestnik_store::StoreError;

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
