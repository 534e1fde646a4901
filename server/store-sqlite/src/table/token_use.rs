//! Identity tokens that may be used once.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::AppId;
use vestnik_sqlite::value::millis;
use vestnik_store::sessions::TokenUse;

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO token_use (app, jti_hash, expires_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (app, jti_hash) DO NOTHING";
    DELETE_EXPIRED = "DELETE FROM token_use WHERE (app, jti_hash) IN
        (SELECT app, jti_hash FROM token_use
         WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
}

/// Uses a token; tells whether it was unused.
pub(crate) fn insert(
    db: &Connection,
    app: &AppId,
    token: &TokenUse,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(INSERT)?
        .execute((app.as_str(), token.jti_hash, millis(token.expires)))
        .map(|inserted| inserted > 0)
}

/// Deletes the uses of tokens that are not accepted any more; gives how many.
pub(crate) fn delete_expired(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(DELETE_EXPIRED)?
        .execute((millis(before), limit))
}
