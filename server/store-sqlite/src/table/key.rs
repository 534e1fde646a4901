//! API keys and identity keys.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{AppId, IdentityAlgorithm, KeyView, Scope};
use vestnik_store::{ApiKey, ApiKeyRecord, IdentityKey};

use super::super::value::{millis, optional_time, parsed, time, unreadable};

/// A use is noted once an hour: about when is enough to see which keys are dead.
const HOUR_MILLIS: i64 = 60 * 60 * 1_000;

pub(crate) fn insert(
    db: &Connection,
    record: &ApiKeyRecord,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO api_key (id, app, secret_hash, name, scopes, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        &record.id,
        record.app.as_str(),
        record.secret_hash,
        &record.name,
        scope_words(&record.scopes),
        millis(now),
    ))
    .map(drop)
}

/// A key, and whether its use should be noted.
pub(crate) fn find(
    db: &Connection,
    secret_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<(ApiKey, bool)>, rusqlite::Error> {
    db.prepare_cached("SELECT app, id, scopes, last_used_at FROM api_key WHERE secret_hash = ?1")?
        .query_row([secret_hash], |row| {
            let key = ApiKey {
                app: parsed(row, 0)?,
                id: row.get(1)?,
                scopes: scopes(row, 2)?,
            };
            let noted: Option<i64> = row.get(3)?;
            Ok((key, noted.is_none_or(|noted| noted < hour(now))))
        })
        .optional()
}

pub(crate) fn note_use(db: &Connection, id: &str, now: Timestamp) -> Result<(), rusqlite::Error> {
    db.prepare_cached("UPDATE api_key SET last_used_at = ?2 WHERE id = ?1")?
        .execute((id, hour(now)))
        .map(drop)
}

pub(crate) fn list(db: &Connection, app: &AppId) -> Result<Vec<KeyView>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT id, name, scopes, created_at, last_used_at FROM api_key
         WHERE app = ?1 ORDER BY created_at, id",
    )?
    .query_map([app.as_str()], |row| {
        Ok(KeyView {
            id: row.get(0)?,
            name: row.get(1)?,
            scopes: scopes(row, 2)?,
            created_at: time(row, 3)?,
            last_used_at: optional_time(row, 4)?,
        })
    })?
    .collect()
}

pub(crate) fn delete(db: &Connection, app: &AppId, id: &str) -> Result<bool, rusqlite::Error> {
    db.prepare_cached("DELETE FROM api_key WHERE app = ?1 AND id = ?2")?
        .execute((app.as_str(), id))
        .map(|deleted| deleted > 0)
}

pub(crate) fn put_identity(
    db: &Connection,
    app: &AppId,
    key: &IdentityKey,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO identity_key (app, kid, algorithm, key) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (app, kid) DO UPDATE SET algorithm = excluded.algorithm, key = excluded.key",
    )?
    .execute((
        app.as_str(),
        &key.kid,
        algorithm_word(key.algorithm),
        &key.key,
    ))
    .map(drop)
}

pub(crate) fn identity(
    db: &Connection,
    app: &AppId,
    kid: &str,
) -> Result<Option<IdentityKey>, rusqlite::Error> {
    db.prepare_cached("SELECT kid, algorithm, key FROM identity_key WHERE app = ?1 AND kid = ?2")?
        .query_row((app.as_str(), kid), |row| {
            Ok(IdentityKey {
                kid: row.get(0)?,
                algorithm: algorithm(row, 1)?,
                key: row.get(2)?,
            })
        })
        .optional()
}

pub(crate) fn delete_identity(
    db: &Connection,
    app: &AppId,
    kid: &str,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached("DELETE FROM identity_key WHERE app = ?1 AND kid = ?2")?
        .execute((app.as_str(), kid))
        .map(|deleted| deleted > 0)
}

fn hour(now: Timestamp) -> i64 {
    let millis = millis(now);
    millis - millis.rem_euclid(HOUR_MILLIS)
}

fn scope_words(scopes: &[Scope]) -> String {
    scopes
        .iter()
        .map(|scope| scope.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn scopes(row: &Row<'_>, column: usize) -> Result<Vec<Scope>, rusqlite::Error> {
    let words = row.get_ref(column)?.as_str()?.split_whitespace();
    words
        .map(|word| Scope::from_code(word).ok_or_else(|| unreadable(column, "no scope")))
        .collect()
}

const fn algorithm_word(algorithm: IdentityAlgorithm) -> &'static str {
    match algorithm {
        IdentityAlgorithm::Hs256 => "HS256",
        IdentityAlgorithm::Rs256 => "RS256",
        IdentityAlgorithm::Es256 => "ES256",
    }
}

fn algorithm(row: &Row<'_>, column: usize) -> Result<IdentityAlgorithm, rusqlite::Error> {
    match row.get_ref(column)?.as_str()? {
        "HS256" => Ok(IdentityAlgorithm::Hs256),
        "RS256" => Ok(IdentityAlgorithm::Rs256),
        "ES256" => Ok(IdentityAlgorithm::Es256),
        _ => Err(unreadable(column, "no algorithm")),
    }
}
