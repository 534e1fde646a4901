//! Which errors of opening a file mean that it is damaged, and what happens to it then.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, ErrorCode};
use vestnik_sqlite::{
    Database, Failure, Held, Note, OpenError, OpenOptions, Schema, open_read_only,
};

use super::table::meta;
use crate::{Stamp, StoreError};

/// A database and what was read of it first, or nothing if the file is damaged.
pub(crate) fn open_sound<T>(
    options: &OpenOptions,
    path: &Path,
    stamp: &Stamp,
    read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<Option<(Database, T)>, StoreError> {
    let mut database = match options.open(path, stamp.now) {
        Ok(database) => database,
        Err(error) if is_damage(path, &error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let schema = options.schema;
    let found = database.read(|db| {
        if schema_of(db)? == expected_schema(schema)? {
            read(db).map(Some)
        } else {
            Ok(None)
        }
    });
    match found {
        Ok(found) => Ok(found.map(|found| (database, found))),
        Err(failure) if is_damage_of_open(&failure) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// The statements that made the tables of a file: a check of its structure does not read them.
fn schema_of(db: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    db.prepare(SCHEMA_OF)?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn expected_schema(schema: Schema) -> Result<Vec<String>, rusqlite::Error> {
    let db = Connection::open_in_memory()?;
    for migration in schema.migrations {
        db.execute_batch(migration)?;
    }
    schema_of(&db)
}

const SCHEMA_OF: &str = "SELECT type || name || tbl_name || coalesce(sql, '') FROM sqlite_schema
     ORDER BY type, name";

fn is_damage_of_open(failure: &Failure) -> bool {
    match failure {
        Failure::Corrupt { .. } => true,
        Failure::Other { source } => is_damage_of(source),
        Failure::Full
        | Failure::Busy
        | Failure::Closed
        | Failure::Replaced
        | Failure::Interrupted
        | Failure::DeadlinePassed
        | Failure::Panicked
        | _ => false,
    }
}

/// Moves a damaged file aside with its log. One is kept for whoever looks into the damage; more of
/// them would fill the disk.
pub(crate) fn set_aside(path: &Path, stamp: &Stamp) -> Result<PathBuf, StoreError> {
    let held = Held::take(path)?;
    let aside = held
        .set_aside(stamp.now)
        .map_err(|source| StoreError::Other {
            source: Arc::new(source),
        })?;
    if let Err(error) = remove_set_aside(path, Some(&aside)) {
        tracing::warn!(%error, "older damaged files stay");
    }
    Ok(aside)
}

/// Removes the damaged files of a database that were set aside, except one with its log. Gives whether
/// there were any.
pub(super) fn remove_set_aside(path: &Path, except: Option<&Path>) -> io::Result<bool> {
    let kept = except.and_then(file_name);
    let is_kept = |name: &str| kept.is_some_and(|kept| name.starts_with(kept));
    let mut removed = false;
    for found in all_set_aside(path)? {
        if !file_name(&found).is_some_and(is_kept) {
            remove_if_present(&found)?;
            removed = true;
        }
    }
    Ok(removed)
}

/// The damaged file of a database that was set aside last.
pub(super) fn last_set_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let is_database = |path: &PathBuf| {
        let number = path.extension().and_then(|text| text.to_str());
        number.is_some_and(|text| {
            text.starts_with("corrupt-") && !text.contains("-wal") && !text.contains("-shm")
        })
    };
    let all = all_set_aside(path)?.into_iter();
    Ok(all
        .filter(is_database)
        .max_by_key(|path| (path.as_os_str().len(), path.clone())))
}

/// Whether a damaged file of a database was set aside. If nobody can tell, it is as if one was.
pub(crate) fn was_set_aside(path: &Path) -> bool {
    all_set_aside(path).map_or(true, |all| !all.is_empty())
}

/// The damaged files of a database that were set aside, and what belongs to them.
fn all_set_aside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), file_name(path)) else {
        return Ok(Vec::new());
    };
    let mark = format!("{name}.corrupt-");
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let (found, kind) = (entry.path(), entry.file_type()?);
        if !kind.is_dir() && file_name(&found).is_some_and(|name| name.starts_with(&mark)) {
            all.push(found);
        }
    }
    Ok(all)
}

pub(super) fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

pub(super) fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a file that cannot be opened is damaged. In the app's own folder a file that says that it
/// belongs to somebody else is one whose header is damaged.
pub(crate) fn is_damage(path: &Path, error: &OpenError) -> bool {
    match error {
        OpenError::Corrupt { .. } | OpenError::Foreign { .. } => true,
        OpenError::TooNew { known, .. } => is_not_newer(path, *known),
        OpenError::Sqlite { source, .. } | OpenError::Migrate { source, .. } => {
            is_damage_of(source) || has_bad_header(path)
        }
        OpenError::Io { .. } => has_bad_header(path),
        OpenError::Path { .. } | OpenError::Locked { .. } | _ => false,
    }
}

/// Whether a file that says that it is newer is not: its schema's version stands in a table, too.
fn is_not_newer(path: &Path, known: u32) -> bool {
    let Ok(connection) = open_read_only(path) else {
        return false;
    };
    let version = meta::schema_version(&connection);
    version.is_ok_and(|version| version.is_some_and(|version| version <= known))
}

/// Whether SQLite refuses because of what the file holds, and not because of the system around it.
fn is_damage_of(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::Unknown
                | ErrorCode::SchemaChanged
                | ErrorCode::TypeMismatch
                | ErrorCode::ConstraintViolation
                | ErrorCode::TooBig
        ) | None
    )
}

/// Whether the file asks for a version of the file format that there is not, which SQLite takes for a
/// file that is read-only (<https://sqlite.org/fileformat.html>, section 1.3.3).
fn has_bad_header(path: &Path) -> bool {
    let mut header = [0; 20];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && (header[18] > 2 || header[19] > 2)
}

/// What was done while opening that is worth a line in the log.
pub(crate) fn log_notes(notes: &[Note]) {
    for note in notes {
        tracing::warn!(%note, "a database was opened");
    }
}
