//! Copies a store that is in use.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use vestnik_sqlite::{Backup, BackupError, Depth, Priority::Urgent, value::millis};
use vestnik_store::{OpenError, StoreError};

use crate::{
    SqliteStore,
    failure::open_error,
    life::{COPY, Life},
    schema::SCHEMA,
    table::meta::{self, BACKUP_AT},
};

/// Writes a consistent copy to a new file, beside running writers.
pub(crate) async fn back_up(store: &SqliteStore, to: PathBuf) -> Result<(), StoreError> {
    let at = millis(store.clock().now());
    store
        .write(Urgent, move |txn| {
            meta::put(txn, BACKUP_AT, &at.to_be_bytes())
        })
        .await?;
    let from = store.writer().path().to_owned();
    let copying = tokio::task::spawn_blocking(move || {
        let backup = Backup {
            rewrite: true,
            prepare: mark_as_copy,
            ..Backup::new(&from, &to)
        };
        backup.run(&mut |_| std::ops::ControlFlow::Continue(()))
    });
    match copying.await {
        Ok(copied) => copied.map(drop).map_err(backup_failed),
        Err(panicked) => Err(StoreError::Failed(Arc::new(panicked))),
    }
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupFileError {
    /// The database cannot be read, or is not a store.
    #[error("the database cannot be backed up")]
    Source(#[source] OpenError),
    /// The copy cannot be made.
    #[error(transparent)]
    Copy(#[from] BackupError),
    /// The copy was made, and the time of the backup cannot be written into it.
    #[error("the copy cannot be marked with its time")]
    Mark(#[source] rusqlite::Error),
}

/// Writes a consistent copy of a database to a new file, beside a server that may have it open.
///
/// # Errors
/// See [`BackupFileError`].
pub fn back_up_file(from: &Path, to: &Path, now: Timestamp) -> Result<(), BackupFileError> {
    let refuse = |error| BackupFileError::Source(open_error(from, error));
    let file = vestnik_sqlite::inspect(from, Depth::Header).map_err(refuse)?;
    if file.application_id != SCHEMA.application_id {
        return Err(BackupFileError::Source(OpenError::Path {
            path: from.to_owned(),
            detail: "it is not a store of Vestnik".to_owned(),
        }));
    }
    let backup = Backup {
        rewrite: true,
        prepare: mark_as_copy,
        ..Backup::new(from, to)
    };
    backup.run(&mut |_| std::ops::ControlFlow::Continue(()))?;
    mark_time(to, now).map_err(BackupFileError::Mark)
}

fn mark_time(copy: &Path, now: Timestamp) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(copy, flags)?;
    meta::put(&copy, BACKUP_AT, &millis(now).to_be_bytes())
}

/// A server that is started on a copy begins a new life, whatever lies beside it.
pub(crate) fn mark_as_copy(copy: &Connection) -> Result<(), rusqlite::Error> {
    let epoch = meta::epoch(copy)?;
    meta::put_life(
        copy,
        Life {
            epoch,
            generation: COPY,
        },
    )
}

fn backup_failed(error: BackupError) -> StoreError {
    let is_full = match &error {
        BackupError::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
        BackupError::Sqlite { source } => {
            source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        }
        BackupError::Exists { .. }
        | BackupError::Source { .. }
        | BackupError::Damaged { .. }
        | BackupError::Cancelled
        | _ => false,
    };
    if is_full {
        StoreError::Full
    } else {
        StoreError::Failed(Arc::new(error))
    }
}
