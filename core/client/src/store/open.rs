//! Opens the file: one process, sound, up to date, readable by its owner only.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::error::OpenError;

/// Marks the file as ours ("Vstd").
const APPLICATION_ID: i32 = 0x5673_7464;
/// Every step, in order; only ever appended to.
const STEPS: &[&str] = &[include_str!("migrations/0001_initial.sql")];
const FILE: &str = "history.sqlite";
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) connection: Connection,
    pub(super) lock: File,
    pub(super) quarantined: Option<PathBuf>,
}

/// Opens the history of a folder, making both. A damaged file is put aside with what belongs to
/// it: everything in it can be read from the server anew.
pub(super) fn open(dir: &Path, now: Timestamp) -> Result<OpenFile, OpenError> {
    let path = dir.join(FILE);
    make_private_dir(dir).map_err(|source| OpenError::Io {
        path: dir.to_owned(),
        source,
    })?;
    let lock = lock(&path)?;
    match connect(&path) {
        Ok(connection) => Ok(OpenFile {
            connection,
            lock,
            quarantined: None,
        }),
        Err(Refusal::Open(error)) => Err(error),
        Err(Refusal::Damaged) => {
            let aside = quarantine(&path, now).map_err(|source| OpenError::Io {
                path: path.clone(),
                source,
            })?;
            match connect(&path) {
                Ok(connection) => Ok(OpenFile {
                    connection,
                    lock,
                    quarantined: Some(aside),
                }),
                Err(Refusal::Open(error)) => Err(error),
                Err(Refusal::Damaged) => {
                    let source = io::Error::other("a new database is damaged at once");
                    Err(OpenError::Io { path, source })
                }
            }
        }
    }
}

enum Refusal {
    Damaged,
    Open(OpenError),
}

fn connect(path: &Path) -> Result<Connection, Refusal> {
    let refuse = |error: rusqlite::Error| refusal(path, error);
    let mut connection = Connection::open(path).map_err(refuse)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(refuse)?;
    let sound: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(refuse)?;
    if sound != "ok" {
        return Err(Refusal::Damaged);
    }
    migrate(path, &mut connection)?;
    connection
        .pragma_update(None, "journal_mode", "wal")
        .map_err(refuse)?;
    connection
        .pragma_update(None, "synchronous", "full")
        .map_err(refuse)?;
    make_private(path).map_err(|source| {
        Refusal::Open(OpenError::Io {
            path: path.to_owned(),
            source,
        })
    })?;
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), Refusal> {
    let refuse = |error: rusqlite::Error| refusal(path, error);
    let owner: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(refuse)?;
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(refuse)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Refusal::Open(OpenError::TooNew {
            path: path.to_owned(),
            found,
            known,
        }));
    }
    if owner != APPLICATION_ID && (owner != 0 || found != 0) {
        return Err(Refusal::Damaged);
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(refuse)?;
    for step in &STEPS[found as usize..] {
        transaction.execute_batch(step).map_err(refuse)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(refuse)?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(refuse)?;
    transaction.commit().map_err(refuse)
}

fn refusal(path: &Path, error: rusqlite::Error) -> Refusal {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Refusal::Damaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Refusal::Open(OpenError::Locked {
                path: path.to_owned(),
            })
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            let source = io::Error::other(error);
            Refusal::Open(OpenError::Io {
                path: path.to_owned(),
                source,
            })
        }
        Some(_) | None => Refusal::Open(OpenError::Migrate {
            path: path.to_owned(),
            source: error,
        }),
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let beside = path.with_added_extension("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside);
    let file = file.map_err(|source| OpenError::Io {
        path: beside.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io {
            path: beside,
            source,
        }),
    }
}

/// The log and the index beside a database belong to it: apart they damage each other.
fn quarantine(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mark = format!("corrupt-{}", now.as_millisecond());
    for suffix in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let beside = PathBuf::from(name);
        if beside.exists() {
            fs::rename(&beside, beside.with_added_extension(&mark))?;
        }
    }
    let aside = path.with_added_extension(&mark);
    fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

/// Elsewhere the folder that the system gives an app is private already.
#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}
