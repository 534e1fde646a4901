//! Examines a database file and changes nothing.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::AppId;
use vestnik_sqlite::Depth;
use vestnik_store::OpenError;

use crate::{
    failure::open_error,
    schema::SCHEMA,
    table::{
        meta::{self, BACKUP_AT, SEAL_CHECK},
        numbering,
    },
};

/// What a database file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its schema version.
    pub schema: u32,
    /// How many bytes it has, with its log.
    pub bytes: u64,
    /// Whether its secrets are encrypted.
    pub is_encrypted: bool,
    /// Whether it is a copy that `backup` made and no server was started on.
    pub is_copy: bool,
    /// When the last backup of it was taken; of a copy, when it was taken itself.
    pub backup_at: Option<Timestamp>,
    /// The last thing that was committed and has a number.
    pub last: Option<Mark>,
    /// The Apps.
    pub apps: Vec<AppId>,
    /// What is wrong with its structure: nothing, when it is empty.
    pub faults: Vec<String>,
}

/// A moment in what a store committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The number of the event.
    pub event: u64,
    /// When it was committed.
    pub at: Timestamp,
}

/// Examines a file, also one that a server has open. Reads the whole file.
///
/// # Errors
/// [`OpenError::Path`], [`OpenError::Io`], [`OpenError::Corrupt`] if not even the header can be read,
/// [`OpenError::TooNew`] if a newer version wrote it.
pub fn inspect(path: &Path) -> Result<Inspection, OpenError> {
    let file =
        vestnik_sqlite::inspect(path, Depth::Structure).map_err(|error| open_error(path, error))?;
    let schema = u32::try_from(file.schema_version).unwrap_or_default();
    if file.application_id != SCHEMA.application_id || schema == 0 {
        return Err(OpenError::Path {
            path: path.to_owned(),
            detail: "it is not a store of Vestnik".to_owned(),
        });
    }
    if schema > SCHEMA.version() {
        return Err(OpenError::TooNew {
            path: path.to_owned(),
            found: schema,
            known: SCHEMA.version(),
        });
    }
    let connection =
        vestnik_sqlite::open_read_only(path).map_err(|error| open_error(path, error))?;
    let found = Inspection {
        schema,
        bytes: file.bytes.saturating_add(file.log_bytes),
        faults: file.faults,
        ..read(&connection).map_err(|error| OpenError::Corrupt {
            path: path.to_owned(),
            detail: error.to_string(),
        })?
    };
    Ok(found)
}

fn read(db: &Connection) -> Result<Inspection, rusqlite::Error> {
    let check: Option<Vec<u8>> = meta::get(db, SEAL_CHECK)?;
    Ok(Inspection {
        schema: 0,
        bytes: 0,
        is_encrypted: check.is_some(),
        is_copy: meta::life(db)?.is_some_and(|life| life.generation == crate::life::COPY),
        backup_at: backup_at(db)?,
        last: last(db)?,
        apps: crate::table::app::all(db)?,
        faults: Vec::new(),
    })
}

/// When the last backup was taken.
pub(crate) fn backup_at(db: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    let at: Option<[u8; 8]> = meta::get(db, BACKUP_AT)?;
    Ok(at.and_then(|at| Timestamp::from_millisecond(i64::from_be_bytes(at)).ok()))
}

/// The last event.
pub(crate) fn last(db: &Connection) -> Result<Option<Mark>, rusqlite::Error> {
    let last = numbering::last(db)?;
    Ok(last.map(|(event, at)| Mark { event, at }))
}
