//! Where installations are connected.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_sqlite::value::{millis, time, uuid};
use vestnik_store::installations::{Presence, PresenceNote};

use super::installation;

use crate::sql::statements;

statements! {
    PUT = "INSERT INTO presence
            (app, user, installation, node, connection, lease_until, last_seen_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (app, user, installation, node, connection) DO UPDATE SET
            lease_until = excluded.lease_until, last_seen_at = excluded.last_seen_at";
    DELETE = "DELETE FROM presence WHERE app = ?1 AND user = ?2 AND installation = ?3
        AND node = ?4 AND connection = ?5";
    DELETE_OF = "DELETE FROM presence WHERE app = ?1 AND user = ?2 AND installation = ?3";
    OF_USER = "SELECT installation, node, last_seen_at FROM presence
        WHERE app = ?1 AND user = ?2 AND lease_until > ?3";
    DELETE_NODE = "DELETE FROM presence WHERE node = ?1";
    DELETE_EXPIRED = "DELETE FROM presence WHERE (app, user, installation, node, connection) IN
        (SELECT app, user, installation, node, connection FROM presence
         WHERE lease_until < ?1 LIMIT ?2)";
}

/// Notes that a connection stands.
pub(crate) fn put(
    db: &Connection,
    note: &PresenceNote,
    lease_until: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(PUT)?
        .execute((
            note.session.app.as_str(),
            note.session.user.as_str(),
            installation::key(note.session.installation),
            &note.node,
            &note.connection,
            millis(lease_until),
            millis(note.last_seen),
        ))
        .map(drop)
}

/// Forgets a connection that has ended.
pub(crate) fn delete(db: &Connection, note: &PresenceNote) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((
            note.session.app.as_str(),
            note.session.user.as_str(),
            installation::key(note.session.installation),
            &note.node,
            &note.connection,
        ))
        .map(drop)
}

/// Forgets the connections of a user's session on an installation.
pub(crate) fn delete_of(
    db: &Connection,
    app: &AppId,
    user: &UserId,
    installation: InstallationId,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_OF)?
        .execute((app.as_str(), user.as_str(), installation::key(installation)))
        .map(drop)
}

/// Where a user's installations are connected.
pub(crate) fn of_user(
    db: &Connection,
    app: &AppId,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<Presence>, rusqlite::Error> {
    db.prepare_cached(OF_USER)?
        .query_map((app.as_str(), user.as_str(), millis(now)), |row| {
            Ok(Presence {
                installation: InstallationId::from_uuid(uuid(row, 0)?),
                node: row.get(1)?,
                last_seen: time(row, 2)?,
            })
        })?
        .collect()
}

/// Forgets the connections of a node.
pub(crate) fn delete_node(db: &Connection, node: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_NODE)?.execute([node]).map(drop)
}

/// Forgets connections whose lease has passed; gives how many. Reads the whole table, which has a
/// row for each connection that stands.
pub(crate) fn delete_expired(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(DELETE_EXPIRED)?
        .execute((millis(before), limit))
}
