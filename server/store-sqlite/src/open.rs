//! Opens the file: one process, sound, up to date.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use vestnik_store::OpenError;

use super::{
    failure::{corrupt, unusable},
    migrate,
};

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// After how many pages the log is moved into the file: 16 MiB. Lower writes hot pages again and
/// again; higher makes the opening after a crash slower.
const CHECKPOINT_PAGES: u32 = 4_096;

/// How much of the file the writer keeps in memory. Lower reads pages again within one commit.
const CACHE_KIB: i32 = 32 * 1_024;

/// An open file: the connection that writes, and the lock that keeps other processes out.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) lock: File,
}

/// Opens a file for writing, making it when it is not there.
pub(super) fn writer(path: &Path) -> Result<Opened, OpenError> {
    let lock = lock(path)?;
    create_if_absent(path)?;
    let was_left_open = wal_of(path).metadata().is_ok_and(|wal| wal.len() > 0);
    let mut connection = Connection::open(path).map_err(|error| unusable(path, error))?;
    set_up(&connection).map_err(|error| unusable(path, error))?;
    if was_left_open {
        quick_check(path, &connection)?;
    }
    migrate::run(path, &mut connection)?;
    prepare(&connection).map_err(|error| unusable(path, error))?;
    Ok(Opened { connection, lock })
}

/// Makes a new file beside and moves it into place whole, so that an empty file is never ours: it
/// is what a failed copy leaves behind.
fn create_if_absent(path: &Path) -> Result<(), OpenError> {
    let io_error = |source: io::Error| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    match path.metadata() {
        Ok(file) if file.len() == 0 => return Err(corrupt(path, "it is empty".to_owned())),
        Ok(_) => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        Err(_) => {}
    }
    let beside = path.with_added_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        Ok(()) | Err(_) => {}
    }
    let mut connection = Connection::open(&beside).map_err(|error| unusable(path, error))?;
    migrate::run(path, &mut connection)?;
    connection
        .close()
        .map_err(|(_, error)| unusable(path, error))?;
    std::fs::rename(&beside, path).map_err(io_error)
}

/// Opens a file for reading only.
pub(super) fn reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Until the file is known to be ours and sound, closing must not move its log into it.
fn set_up(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(drop)
}

/// `FULL` makes every commit durable before it answers; group commit pays for it.
fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let beside = path.with_added_extension("lock");
    let io_error = |source: io::Error| OpenError::Io {
        path: beside.clone(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io_error(source)),
    }
}

fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A process that ended without closing may have met a disk that failed.
fn quick_check(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| unusable(path, error))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(corrupt(path, found))
    }
}
