//! API keys.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, KeyView, Scope,
    open::{Open, Word as _},
};
use vestnik_sqlite::value::{millis, optional_time, parsed, time};
use vestnik_store::tenants::{ApiKey, ApiKeyRecord, KeyUse};

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO api_key (app, id, secret_hash, name, scopes, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    BY_HASH = "SELECT app, id, scopes FROM api_key WHERE secret_hash = ?1";
    BY_ID = "SELECT app, id, scopes FROM api_key WHERE app = ?1 AND id = ?2";
    LIST = "SELECT id, name, scopes, created_at, last_used_at FROM api_key
        WHERE app = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    DELETE = "DELETE FROM api_key WHERE app = ?1 AND id = ?2";
    DELETE_OF_APP = "DELETE FROM api_key WHERE app = ?1 AND id IS NOT ?2 RETURNING id";
    NAMES = "SELECT app, id FROM api_key";
    NOTE_USE = "UPDATE api_key SET last_used_at = ?3
        WHERE app = ?1 AND id = ?2 AND (last_used_at IS NULL OR last_used_at < ?3)";
}

/// Makes a key.
pub(crate) fn insert(
    db: &Connection,
    record: &ApiKeyRecord,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let ApiKeyRecord {
        app,
        id,
        name,
        scopes,
        secret_hash,
    } = record;
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    db.prepare_cached(INSERT)?
        .execute((
            app.as_str(),
            id,
            secret_hash,
            name,
            scopes.join(" "),
            millis(now),
        ))
        .map(drop)
}

/// Finds a key by the hash of its text.
pub(crate) fn by_hash(
    db: &Connection,
    secret_hash: [u8; 32],
) -> Result<Option<ApiKey>, rusqlite::Error> {
    db.prepare_cached(BY_HASH)?
        .query_row([secret_hash], key)
        .optional()
}

/// One key.
pub(crate) fn by_id(
    db: &Connection,
    app: &AppId,
    id: &str,
) -> Result<Option<ApiKey>, rusqlite::Error> {
    db.prepare_cached(BY_ID)?
        .query_row((app.as_str(), id), key)
        .optional()
}

/// A scope that another version added allows nothing here.
fn key(row: &Row<'_>) -> Result<ApiKey, rusqlite::Error> {
    let scopes = row.get_ref(2)?.as_str()?.split_whitespace();
    Ok(ApiKey {
        app: parsed(row, 0)?,
        id: row.get(1)?,
        scopes: scopes.filter_map(Scope::from_word).collect(),
    })
}

/// The keys of an App behind an id, in order.
pub(crate) fn list(
    db: &Connection,
    app: &AppId,
    after: &str,
    limit: u32,
) -> Result<Vec<KeyView>, rusqlite::Error> {
    db.prepare_cached(LIST)?
        .query_map((app.as_str(), after, limit), |row| {
            let scopes = row.get_ref(2)?.as_str()?.split_whitespace();
            Ok(KeyView {
                id: row.get(0)?,
                name: row.get(1)?,
                scopes: scopes.map(Open::read).collect(),
                created_at: time(row, 3)?,
                last_used_at: optional_time(row, 4)?,
            })
        })?
        .collect()
}

/// Deletes a key; tells whether there was one.
pub(crate) fn delete(db: &Connection, app: &AppId, id: &str) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((app.as_str(), id))
        .map(|deleted| deleted > 0)
}

/// Deletes the keys of an App but one; gives their ids.
pub(crate) fn delete_of_app(
    db: &Connection,
    app: &AppId,
    except: Option<&str>,
) -> Result<Vec<String>, rusqlite::Error> {
    db.prepare_cached(DELETE_OF_APP)?
        .query_map((app.as_str(), except), |row| row.get(0))?
        .collect()
}

/// Notes when a key was used; never goes back.
pub(crate) fn note_use(db: &Connection, key_use: &KeyUse) -> Result<(), rusqlite::Error> {
    let KeyUse { app, id, at } = key_use;
    db.prepare_cached(NOTE_USE)?
        .execute((app.as_str(), id, millis(*at)))
        .map(drop)
}

/// The names of all keys, for a comparison of two databases.
pub(crate) fn names(db: &Connection) -> Result<BTreeSet<(AppId, String)>, rusqlite::Error> {
    db.prepare_cached(NAMES)?
        .query_map([], |row| Ok((parsed(row, 0)?, row.get(1)?)))?
        .collect()
}
