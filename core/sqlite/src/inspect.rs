//! Examines a file and changes nothing.

use std::path::Path;

use rusqlite::Connection;

use crate::{Damage, OpenError, PathFault, database::connect_read_only, path, schema::Header};

/// How much of a file is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its header and sizes.
    Header,
    /// Also its structure (`PRAGMA quick_check`). Reads the whole file.
    Structure,
    /// Also whether indexes agree with their tables (`PRAGMA integrity_check`) and whether each
    /// reference has its row (`PRAGMA foreign_key_check`). Takes several times as long.
    Everything,
}

/// What a file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The mark of the program that the file belongs to.
    pub application_id: i32,
    /// Its schema version.
    pub schema_version: i32,
    /// How many bytes it has, without its log.
    pub bytes: u64,
    /// How many bytes of it are unused.
    pub free_bytes: u64,
    /// How many bytes its log has.
    pub log_bytes: u64,
    /// The first faults that were found, at most 100.
    pub faults: Vec<String>,
}

/// The most faults that are collected.
const MAX_FAULTS: usize = 100;

/// Examines a file, also while another process writes it.
///
/// # Errors
/// [`OpenError::Path`], [`OpenError::Io`], or [`OpenError::Corrupt`] if not even the header can be
/// read.
pub fn inspect(path: &Path, depth: Depth) -> Result<Inspection, OpenError> {
    let connection = open_read_only(path)?;
    let real = path::resolve(path)?;
    let log = crate::file::wal_of(&real);
    let refuse = |error| OpenError::from_sqlite(&real, error);
    let mut inspection = read_header(&connection).map_err(refuse)?;
    inspection.log_bytes = log.metadata().map_or(0, |log| log.len());
    let checks: &[&str] = match depth {
        Depth::Header => &[],
        Depth::Structure => &["PRAGMA quick_check"],
        Depth::Everything => &["PRAGMA integrity_check", "PRAGMA foreign_key_check"],
    };
    for check in checks {
        let found = faults(&connection, check).map_err(refuse)?;
        inspection.faults.extend(found);
    }
    inspection.faults.truncate(MAX_FAULTS);
    Ok(inspection)
}

/// Opens a file for reading only, also while another process writes it.
///
/// # Errors
/// [`OpenError::Path`], [`OpenError::Io`], [`OpenError::Sqlite`], or [`OpenError::Corrupt`] if the file
/// is empty.
pub fn open_read_only(path: &Path) -> Result<Connection, OpenError> {
    let real = path::resolve(path)?;
    let metadata = real
        .metadata()
        .map_err(|source| OpenError::io(path, source))?;
    if !metadata.is_file() {
        return Err(OpenError::Path {
            path: path.to_owned(),
            fault: PathFault::NotAFile,
        });
    }
    // SQLite removes the log of an empty file when it opens it; it may be all there is.
    if metadata.len() == 0 {
        return Err(OpenError::Corrupt {
            path: path.to_owned(),
            source: Damage::Empty,
        });
    }
    connect_read_only(&real).map_err(|error| OpenError::from_sqlite(&real, error))
}

fn read_header(connection: &Connection) -> Result<Inspection, rusqlite::Error> {
    let header = Header::read(connection)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let page = number("page_size")?;
    Ok(Inspection {
        application_id: header.application_id,
        schema_version: header.user_version,
        bytes: page * number("page_count")?,
        free_bytes: page * number("freelist_count")?,
        log_bytes: 0,
        faults: Vec::new(),
    })
}

/// A check answers one row for each fault, or the single row `ok`.
fn faults(connection: &Connection, check: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare(check)?;
    let rows = statement.query_map([], |row| {
        let value = row.get_ref(0)?;
        let text = value.as_str().unwrap_or_default();
        Ok(match check {
            "PRAGMA foreign_key_check" => format!("a row of {text} refers to nothing"),
            _ => text.to_owned(),
        })
    })?;
    rows.filter(|row| !matches!(row, Ok(text) if text == "ok"))
        .take(MAX_FAULTS)
        .collect()
}
