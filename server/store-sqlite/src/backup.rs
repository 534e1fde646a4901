//! Copies a store that is in use.

use std::{path::PathBuf, sync::Arc};

use rusqlite::Connection;
use vestnik_sqlite::{Backup, BackupError, Priority::Urgent, value::millis};
use vestnik_store::StoreError;

use crate::{
    SqliteStore,
    life::{COPY, Life},
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
