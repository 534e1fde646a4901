//! What there is one of: the epoch, the signing secret, the tenants' list.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, Epoch};

use super::super::value::millis;

const EPOCH: &str = "epoch";
const SIGNING_SECRET: &str = "signing_secret";

pub(crate) fn epoch(db: &Connection) -> Result<Epoch, rusqlite::Error> {
    let bytes: Option<[u8; 4]> = read(db, EPOCH)?;
    Ok(Epoch(bytes.map_or(0, u32::from_be_bytes)))
}

/// Sets the epoch if there is none, or always when a new one begins.
pub(crate) fn put_epoch(
    db: &Connection,
    epoch: Epoch,
    always: bool,
) -> Result<(), rusqlite::Error> {
    put(db, EPOCH, &epoch.0.to_be_bytes(), always)
}

pub(crate) fn signing_secret(
    db: &Connection,
    offered: [u8; 32],
) -> Result<[u8; 32], rusqlite::Error> {
    put(db, SIGNING_SECRET, &offered, false)?;
    Ok(read(db, SIGNING_SECRET)?.unwrap_or(offered))
}

pub(crate) fn create_app(
    db: &Connection,
    app: &AppId,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO app (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
    )?
    .execute((app.as_str(), millis(now)))
    .map(drop)
}

fn read<const N: usize>(db: &Connection, name: &str) -> Result<Option<[u8; N]>, rusqlite::Error> {
    db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn put(db: &Connection, name: &str, value: &[u8], always: bool) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE ?3",
    )?
    .execute((name, value, always))
    .map(drop)
}
