//! Puts a backup in the place of a database.
//!
//! The backup is copied beside the database and marked as a copy, so that the server that is started
//! on it begins a new life ([`crate::life`]) whatever else happens. The database that it replaces is
//! kept under another name.
//!
//! Users who were erased since the backup was made would be back. So they are looked for in the database that
//! is replaced, and marked in the copy: the server that opens it erases them before anything else
//! ([`crate::table::erasure::erase_marked`]). What else was taken back since is counted.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use vestnik_model::AppId;
use vestnik_sqlite::{Backup, BackupError, Depth, Held};
use vestnik_store::OpenError;

use crate::{
    backup::mark_as_copy,
    failure::open_error,
    inspect::{Inspection, Mark, inspect, last},
    schema::SCHEMA,
    table::{api_key, lost},
};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub backup: Inspection,
    /// The file that was replaced, under its new name; absent when there was none.
    pub replaced: Option<PathBuf>,
    /// How many users were erased since the backup; absent when there was no file, it is of another database, or
    /// nobody is erased again and it could not be read.
    pub erased_users: Option<u64>,
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
    /// What people took back in that span; absent if the replaced file is of another database.
    pub taken_back: Option<TakenBack>,
}

/// What people, or an App for them, took back in the span that is lost, besides users who were erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// Of how many users what they do not want was changed, which is as before.
    pub opt_outs: u64,
    /// How many sessions ended that are live again.
    pub sessions: u64,
    /// How many addresses were found dead that are used again, of mailboxes and at push services.
    pub dead_addresses: u64,
}

/// What becomes of the users who were erased after the backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// The server that opens the database erases them before anything else.
    Again,
    /// They are back, for when erasing them was the mistake that the restore is to undo.
    Kept,
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
    /// The database does not tell who was erased since the backup. [`Erased::Kept`] restores all the same.
    #[error("who was erased since the backup cannot be read in {path}", path = path.display())]
    Erasures {
        /// The database.
        path: PathBuf,
        /// Why not.
        source: Untold,
    },
    /// The copy cannot be marked with the users who are erased again.
    #[error("the users who were erased since cannot be marked in the copy")]
    Mark(#[source] rusqlite::Error),
    /// The copy cannot be put in place.
    #[error("{path} cannot be put in place", path = path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Why a database does not tell who was erased since a backup.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] OpenError),
    /// So many backups were restored since that it does not know the lives in which they were one.
    #[error("it parted from the backup too long ago")]
    Parted,
}

/// Puts a backup in the place of a database that no server has open; `now` names the file that is
/// replaced, and `erased` says what becomes of who was erased since. The next opening begins a new life of the logs, which also makes access tokens void.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(
    from: &Path,
    to: &Path,
    erased: Erased,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
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
    let compared = compare(&copy, held.path(), &backup, (erased, now));
    let (erased_users, lost) = compared.inspect_err(|_| discard(&copy))?;
    let replaced = held
        .replace(&copy, &format!(".replaced-{}", now.as_millisecond()))
        .map_err(|source| RestoreError::Io {
            path: held.path().to_owned(),
            source,
        })?;
    Ok(Restored {
        backup,
        replaced,
        erased_users,
        lost,
    })
}

/// Deletes a copy that is not put in place: it has users who were erased.
fn discard(copy: &Path) {
    if let Err(error) = std::fs::remove_file(copy) {
        tracing::warn!(%error, "a copy that was not restored is left");
    }
}

/// Compares the copy with the database that it replaces, and marks in it who is erased again. Gives how many
/// users were erased, and what else is lost, as far as the database tells.
fn compare(
    copy: &Path,
    database: &Path,
    backup: &Inspection,
    (erased, now): (Erased, Timestamp),
) -> Result<(Option<u64>, Option<Lost>), RestoreError> {
    if !database.exists() {
        return Ok((None, None));
    }
    let untold = |source| RestoreError::Erasures {
        path: database.to_owned(),
        source,
    };
    let both = match (Compared::open(copy, database), erased) {
        (Ok(both), _) => both,
        (Err(error), Erased::Again) => return Err(untold(error.into())),
        (Err(_), Erased::Kept) => return Ok((None, None)),
    };
    let users = match (both.erased(), erased) {
        (Ok(Some(users)), Erased::Again) => {
            mark(copy, &both.database, &users, now).map_err(RestoreError::Mark)?;
            Some(users)
        }
        (Ok(users), _) => users,
        (Err(error), Erased::Again) => {
            return Err(untold(match error {
                lost::Untold::Parted => Untold::Parted,
                lost::Untold::Unreadable(error) => Untold::Unreadable(OpenError::Corrupt {
                    path: database.to_owned(),
                    detail: error.to_string(),
                }),
            }));
        }
        (Err(_), Erased::Kept) => None,
    };
    Ok((users.map(|users| users.len() as u64), both.lost(backup)))
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

/// The copy and the database that it replaces.
struct Compared {
    copy: Connection,
    database: Connection,
}

impl Compared {
    fn open(copy: &Path, database: &Path) -> Result<Self, OpenError> {
        let read =
            |path| vestnik_sqlite::open_read_only(path).map_err(|error| open_error(path, error));
        Ok(Self {
            copy: read(copy)?,
            database: read(database)?,
        })
    }

    /// Who was erased in the database; `None` if it is another one than that of the copy.
    fn erased(&self) -> Result<Option<lost::Users>, lost::Untold> {
        let Self { copy, database } = self;
        let are_related = lost::are_related(copy, database)?;
        are_related
            .then(|| lost::erased(copy, database))
            .transpose()
    }

    /// What the database has beyond the backup, as far as it can be read.
    fn lost(&self, backup: &Inspection) -> Option<Lost> {
        let Self { copy, database } = self;
        let (before, after) = (api_key::names(copy).ok()?, api_key::names(database).ok()?);
        let from = backup.backup_at.filter(|_| backup.is_copy);
        let are_related = lost::are_related(copy, database).ok()?;
        let found = are_related.then(|| lost::between(copy, database));
        let taken_back = found.transpose().ok()?.map(|found| TakenBack {
            opt_outs: found.opt_outs,
            sessions: found.sessions,
            dead_addresses: found.dead_addresses,
        });
        Some(Lost {
            from: from.or_else(|| backup.last.map(|last| last.at)),
            until: last(database).ok()?,
            revived_keys: before.difference(&after).cloned().collect(),
            forgotten_keys: after.difference(&before).cloned().collect(),
            taken_back,
        })
    }
}

/// Marks the users in the copy who are erased again.
fn mark(
    copy: &Path,
    database: &Connection,
    erased: &[(i64, AppId)],
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(copy, flags)?;
    lost::erase_again(&copy, database, erased, now)?;
    copy.close().map_err(|(_, error)| error)
}
