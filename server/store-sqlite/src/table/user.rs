//! Users, and the ends of their logs.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, UserId};

/// A user's row, making it when it is not there: unknown users are answered like known ones.
pub(crate) fn ensure(db: &Connection, app: &AppId, id: &UserId) -> Result<i64, rusqlite::Error> {
    if let Some((row, _)) = find(db, app, id)? {
        return Ok(row);
    }
    db.prepare_cached("INSERT INTO user (app, id) VALUES (?1, ?2) RETURNING row")?
        .query_row((app.as_str(), id.as_str()), |row| row.get(0))
}

/// A user's row and the number of his log's last entry.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    id: &UserId,
) -> Result<Option<(i64, u64)>, rusqlite::Error> {
    db.prepare_cached("SELECT row, last_seq FROM user WHERE app = ?1 AND id = ?2")?
        .query_row((app.as_str(), id.as_str()), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

/// Takes the next number of a user's log. Taken under his row in the entry's own transaction, the
/// numbers have no gaps and follow the order of commits.
pub(crate) fn next_seq(db: &Connection, user: i64) -> Result<u64, rusqlite::Error> {
    db.prepare_cached("UPDATE user SET last_seq = last_seq + 1 WHERE row = ?1 RETURNING last_seq")?
        .query_row([user], |row| row.get(0))
}
