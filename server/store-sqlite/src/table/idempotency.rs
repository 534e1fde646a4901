//! How the repetition of a publish request is recognised.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, PublishAccepted};
use vestnik_rules::idempotency::Remembered;
use vestnik_store::publishing::IdempotencyRecord;

use crate::{
    sql::statements,
    value::{json, millis, time, to_json},
};

statements! {
    FIND = "SELECT body_hash, answer, expires_at FROM idempotency WHERE app = ?1 AND key = ?2";
    PUT = "INSERT INTO idempotency (app, key, body_hash, answer, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (app, key) DO UPDATE SET body_hash = excluded.body_hash,
             answer = excluded.answer, expires_at = excluded.expires_at";
    DELETE_EXPIRED = "DELETE FROM idempotency WHERE (app, key) IN
         (SELECT app, key FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
}

/// What a key stands for.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    key: &str,
) -> Result<Option<Remembered>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((app.as_str(), key), |row| {
            Ok(Remembered {
                body_hash: row.get(0)?,
                accepted: json(row, 1)?,
                expires: time(row, 2)?,
            })
        })
        .optional()
}

/// Notes what a key stands for from now on.
pub(crate) fn put(
    db: &Connection,
    app: &AppId,
    record: &IdempotencyRecord,
    accepted: &PublishAccepted,
) -> Result<(), rusqlite::Error> {
    let IdempotencyRecord {
        key,
        body_hash,
        expires,
    } = record;
    db.prepare_cached(PUT)?
        .execute((
            app.as_str(),
            key,
            body_hash,
            to_json(accepted)?,
            millis(*expires),
        ))
        .map(drop)
}

/// Deletes keys that stand for nothing any more, at most `rows`; tells how many.
pub(crate) fn sweep(db: &Connection, now: Timestamp, rows: u32) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(DELETE_EXPIRED)?
        .execute((millis(now), rows))
}
