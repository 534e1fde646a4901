//! Links by which users are to open chats at gateways.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, GatewayName};
use vestnik_store::contacts::ChatLink;

use crate::{
    sql::statements,
    value::{Unreadable, millis, time},
};

statements! {
    PUT = "INSERT INTO chat_link (user, gateway, hash, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user, gateway) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at";
    FIND = "SELECT l.user, l.expires_at FROM chat_link l CROSS JOIN user u ON u.row = l.user
         WHERE l.hash = ?1 AND l.gateway = ?2 AND u.app = ?3 AND u.id IS NOT NULL";
    DELETE = "DELETE FROM chat_link WHERE user = ?1 AND gateway = ?2";
    DELETE_ALL = "DELETE FROM chat_link WHERE user = ?1";
}

/// A link that is kept.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) user: i64,
    pub(crate) expires_at: Timestamp,
}

/// Keeps a link, in the place of a former one.
pub(crate) fn put(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
    link: &ChatLink,
) -> Result<(), rusqlite::Error> {
    let expires_at = millis(link.expires_at);
    db.prepare_cached(PUT)?
        .execute((user, gateway.as_str(), link.hash, expires_at))
        .map(drop)
}

/// The link with a hash.
pub(crate) fn find(
    db: &Connection,
    (app, gateway): (&AppId, GatewayName),
    hash: &[u8; 32],
    unreadable: &Unreadable,
) -> Result<Option<Found>, rusqlite::Error> {
    let read = db
        .prepare_cached(FIND)?
        .query_row((hash, gateway.as_str(), app.as_str()), |row| {
            Ok(Found {
                user: row.get(0)?,
                expires_at: time(row, 1)?,
            })
        })
        .optional();
    Ok(unreadable.pass_over("chat_link", read)?.flatten())
}

/// Deletes the link of a user.
pub(crate) fn delete(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((user, gateway.as_str()))
        .map(drop)
}

/// Deletes all links of a user.
pub(crate) fn delete_all(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([user]).map(drop)
}
