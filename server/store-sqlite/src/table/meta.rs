//! What there is one of.

use rusqlite::{Connection, OptionalExtension as _};

/// The random number from which the epochs of all logs are mixed.
pub(crate) fn epoch(db: &Connection) -> Result<u32, rusqlite::Error> {
    let epoch: Option<[u8; 4]> = db
        .prepare_cached("SELECT value FROM meta WHERE name = 'life.epoch'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(epoch.map_or(0, u32::from_be_bytes))
}
