//! What there is one of.

use rusqlite::{Connection, OptionalExtension as _};

/// The names in use.
pub(super) const INSTALLATION: &str = "installation";
pub(super) const INSTALLATION_SECRET: &str = "installation_secret";
pub(super) const USER: &str = "user";
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
pub(super) const PENDING_LOGOUT: &str = "pending_logout";
pub(super) const CURSOR: &str = "cursor";
pub(super) const REGISTERED_STATE: &str = "registered_state";
pub(super) const REGISTERED_AT: &str = "registered_at";
const UNREAD: &str = "unread";

pub(super) fn read(db: &Connection, name: &str) -> Result<Option<String>, rusqlite::Error> {
    db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

pub(super) fn write(db: &Connection, name: &str, value: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute((name, value))
    .map(drop)
}

pub(super) fn delete(db: &Connection, name: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached("DELETE FROM meta WHERE name = ?1")?
        .execute([name])
        .map(drop)
}

/// How many are unread, without counting them.
pub(super) fn unread(db: &Connection) -> Result<u64, rusqlite::Error> {
    let text = read(db, UNREAD)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Moves the counter in the transaction that changes what it counts.
pub(super) fn add_unread(db: &Connection, change: i64) -> Result<(), rusqlite::Error> {
    if change == 0 {
        return Ok(());
    }
    let count = unread(db)?.saturating_add_signed(change);
    write(db, UNREAD, &count.to_string())
}

/// Forgets everything of a user: history, cursor, facts, tokens. The installation and its secret
/// stay, and so do the ids of what was shown.
pub(super) fn wipe_user(db: &Connection) -> Result<(), rusqlite::Error> {
    db.execute_batch(
        "INSERT INTO seen (id, at) SELECT id, received_at FROM history WHERE true
         ON CONFLICT (id) DO NOTHING;
         DELETE FROM history;
         DELETE FROM opaque_entry;
         DELETE FROM outbox;",
    )?;
    for name in [
        USER,
        REFRESH_TOKEN,
        CURSOR,
        REGISTERED_STATE,
        REGISTERED_AT,
        UNREAD,
    ] {
        delete(db, name)?;
    }
    Ok(())
}
