//! What there is one of.

use rusqlite::{Connection, OptionalExtension as _, types::FromSql};

use crate::life::Life;

use crate::sql::statements;

statements! {
    GET = "SELECT value FROM meta WHERE name = ?1";
    PUT = "INSERT INTO meta (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    REMOVE = "DELETE FROM meta WHERE name = ?1";
}

const EPOCH: &str = "life.epoch";
const GENERATION: &str = "life.generation";
/// Signs access tokens.
pub(crate) const ACCESS: &str = "secret.access";
/// Derives refresh tokens.
pub(crate) const REFRESH: &str = "secret.refresh";
/// Hashes addresses that are found by it.
pub(crate) const CONTACT: &str = "secret.contact";
/// A known text, sealed: shows whether a key is the right one.
pub(crate) const SEAL_CHECK: &str = "seal.check";
/// Present while the file may hold plain secrets in places that are not in use.
pub(crate) const SEAL_REMNANTS: &str = "seal.remnants";
/// When the last backup was taken, in milliseconds.
pub(crate) const BACKUP_AT: &str = "backup.at";

/// The random number from which the epochs of all logs are mixed.
pub(crate) fn epoch(db: &Connection) -> Result<u32, rusqlite::Error> {
    let epoch: Option<[u8; 4]> = get(db, EPOCH)?;
    Ok(epoch.map_or(0, u32::from_be_bytes))
}

/// The life; absent in a database that was made just now.
pub(crate) fn life(db: &Connection) -> Result<Option<Life>, rusqlite::Error> {
    let generation: Option<[u8; 8]> = get(db, GENERATION)?;
    let Some(generation) = generation.map(u64::from_be_bytes) else {
        return Ok(None);
    };
    let epoch = epoch(db)?;
    Ok(Some(Life { epoch, generation }))
}

/// Sets the life.
pub(crate) fn put_life(db: &Connection, life: Life) -> Result<(), rusqlite::Error> {
    let Life { epoch, generation } = life;
    put(db, EPOCH, &epoch.to_be_bytes())?;
    put(db, GENERATION, &generation.to_be_bytes())
}

/// Reads a value.
pub(crate) fn get<T: FromSql>(db: &Connection, name: &str) -> Result<Option<T>, rusqlite::Error> {
    db.prepare_cached(GET)?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Sets a value.
pub(crate) fn put(db: &Connection, name: &str, value: &[u8]) -> Result<(), rusqlite::Error> {
    db.prepare_cached(PUT)?.execute((name, value)).map(drop)
}

/// Removes a value.
pub(crate) fn remove(db: &Connection, name: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(REMOVE)?.execute([name]).map(drop)
}
