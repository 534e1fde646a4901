//! Apps.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::AppId;
use vestnik_sqlite::value::{millis, parsed};

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO app (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    EXISTS = "SELECT 1 FROM app WHERE id = ?1";
    ALL_APPS = "SELECT id FROM app ORDER BY id";
}

/// Makes an App; tells whether it was not there.
pub(crate) fn insert(
    db: &Connection,
    app: &AppId,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(INSERT)?
        .execute((app.as_str(), millis(now)))
        .map(|inserted| inserted > 0)
}

/// Whether there is such an App.
pub(crate) fn exists(db: &Connection, app: &AppId) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(EXISTS)?.exists([app.as_str()])
}

/// Every App, in order.
pub(crate) fn all(db: &Connection) -> Result<Vec<AppId>, rusqlite::Error> {
    db.prepare_cached(ALL_APPS)?
        .query_map([], |row| parsed(row, 0))?
        .collect()
}
