//! Gateways that say that the telephone numbers of users are dead.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::GatewayName;

use crate::{
    sql::statements,
    value::{millis, time},
};

statements! {
    PUT = "INSERT INTO dead_number (user, gateway, died_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    GET = "SELECT died_at FROM dead_number WHERE user = ?1 AND gateway = ?2";
    OF_USER = "SELECT gateway, died_at FROM dead_number WHERE user = ?1";
    DELETE = "DELETE FROM dead_number WHERE user = ?1 AND gateway = ?2";
    DELETE_ALL = "DELETE FROM dead_number WHERE user = ?1";
}

/// Notes that a gateway says that the number of a user is dead.
pub(crate) fn put(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(PUT)?
        .execute((user, gateway.as_str(), millis(now)))
        .map(drop)
}

/// Since when a gateway says that the number of a user is dead, if it does.
pub(crate) fn get(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(GET)?
        .query_row((user, gateway.as_str()), |row| time(row, 0))
        .optional()
}

/// Keeps what is to be kept of what gateways say of the number of a user.
pub(crate) fn retain(
    db: &Connection,
    user: i64,
    stays: impl Fn(Timestamp) -> bool,
) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(OF_USER)?
        .query_map([user], |row| Ok((row.get(0)?, time(row, 1)?)))?
        .collect::<Result<Vec<(String, Timestamp)>, _>>()?;
    for (gateway, died_at) in all {
        if !stays(died_at) {
            db.prepare_cached(DELETE)?.execute((user, gateway))?;
        }
    }
    Ok(())
}

/// Forgets what gateways say of the number of a user.
pub(crate) fn delete(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([user]).map(drop)
}
