//! Puts a backup in the place of a database.
//!
//! The backup is copied beside the database and marked as a copy, so that the server that is started
//! on it begins a new life ([`crate::life`]) whatever else happens. The database that it replaces is
//! kept under another name.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vestnik_model::AppId;
use vestnik_sqlite::{Backup, BackupError, Depth, Held};
use vestnik_store::OpenError;

use crate::{
    backup::mark_as_copy,
    failure::open_error,
    inspect::{Inspection, Mark, inspect, last},
    schema::SCHEMA,
    table::api_key,
};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub backup: Inspection,
    /// The file that was replaced, under its new name; absent when there was none.
    pub replaced: Option<PathBuf>,
    /// What the replaced file has beyond the backup; absent when it could not be read, or was not
    /// there.
    pub lost: Option<Lost>,
}

/// What is lost by a restore: publishes, receipts, revocations and rotations of this span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The moment of the backup.
    pub from: Option<Timestamp>,
    /// The last event of the replaced file.
    pub until: Option<Mark>,
    /// API keys that were revoked in that span and are live again, each with its App.
    pub revived_keys: Vec<(AppId, String)>,
    /// API keys that were made in that span and are unknown again.
    pub forgotten_keys: Vec<(AppId, String)>,
}

/// Why a restore was not done. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be used.
    #[error("the backup cannot be used")]
    Backup(#[source] OpenError),
    /// The backup is damaged.
    #[error("{path} is damaged: {fault}", path = path.display())]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// The first fault.
        fault: String,
    },
    /// The backup and the database are one file.
    #[error("{path} cannot be restored over itself", path = path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be replaced: a server has it open, or the path cannot be a database's.
    #[error("the database cannot be replaced")]
    Target(#[source] OpenError),
    /// The backup cannot be copied.
    #[error("the backup cannot be copied")]
    Copy(#[from] BackupError),
    /// The copy cannot be put in place.
    #[error("{path} cannot be put in place", path = path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Puts a backup in the place of a database that no server has open; `now` names the file that is
/// replaced. The next opening begins a new life of the logs, which also makes access tokens void.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(from: &Path, to: &Path, now: Timestamp) -> Result<Restored, RestoreError> {
    let backup = check_backup(from)?;
    let held = hold(to)?;
    if from.canonicalize().is_ok_and(|from| from == held.path()) {
        return Err(RestoreError::SameFile {
            path: from.to_owned(),
        });
    }
    let copy = held.beside(".restored");
    Backup {
        replace: true,
        prepare: mark_as_copy,
        ..Backup::new(from, &copy)
    }
    .run(&mut |_| std::ops::ControlFlow::Continue(()))?;
    let lost = compare(&copy, held.path(), &backup);
    let replaced = held
        .replace(&copy, &format!(".replaced-{}", now.as_millisecond()))
        .map_err(|source| RestoreError::Io {
            path: held.path().to_owned(),
            source,
        })?;
    Ok(Restored {
        backup,
        replaced,
        lost,
    })
}

/// Keeps servers from opening the database. A file of another program is never replaced; one that
/// cannot be read is.
fn hold(to: &Path) -> Result<Held, RestoreError> {
    let held = Held::take(to).map_err(|error| RestoreError::Target(open_error(to, error)))?;
    match vestnik_sqlite::inspect(held.path(), Depth::Header) {
        Ok(file) if file.application_id != SCHEMA.application_id => {
            Err(RestoreError::Target(OpenError::Path {
                path: to.to_owned(),
                detail: "it is not a store of Vestnik".to_owned(),
            }))
        }
        Ok(_) | Err(_) => Ok(held),
    }
}

fn check_backup(from: &Path) -> Result<Inspection, RestoreError> {
    let backup = inspect(from).map_err(RestoreError::Backup)?;
    match backup.faults.first() {
        None => Ok(backup),
        Some(fault) => Err(RestoreError::Damaged {
            path: from.to_owned(),
            fault: fault.clone(),
        }),
    }
}

/// What the database has beyond the backup, as far as it can be read.
fn compare(copy: &Path, database: &Path, backup: &Inspection) -> Option<Lost> {
    let read = |path| vestnik_sqlite::open_read_only(path).ok();
    let (copy, database) = (read(copy)?, read(database)?);
    let (before, after) = (api_key::names(&copy).ok()?, api_key::names(&database).ok()?);
    let from = backup.backup_at.filter(|_| backup.is_copy);
    Some(Lost {
        from: from.or_else(|| backup.last.map(|last| last.at)),
        until: last(&database).ok()?,
        revived_keys: before.difference(&after).cloned().collect(),
        forgotten_keys: after.difference(&before).cloned().collect(),
    })
}
