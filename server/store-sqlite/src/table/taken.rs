//! Attempts by what the reports about them are matched by: messages that gateways took, and pushes.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{Channel, GatewayName, InstallationId};

use super::delivery::Key;
use crate::{
    sql::statements,
    value::{millis, uuid, word},
};

statements! {
    OF_MESSAGE = "SELECT notification, user, channel FROM attempt
         WHERE message = ?1 AND installation = x''";
    OF_PUSH = "SELECT notification, user, installation FROM attempt
         WHERE message = ?1 AND channel = ?2 AND installation <> x''";
    ARRIVED = "UPDATE attempt SET arrived_at = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
}

/// The delivery that a message is of, and the gateway that took it.
pub(crate) fn of_message(
    db: &Connection,
    message: &[u8; 32],
) -> Result<Option<(Key, GatewayName)>, rusqlite::Error> {
    let found = db
        .prepare_cached(OF_MESSAGE)?
        .query_row([message], |row| Ok((key(row)?, word::<Channel>(row, 2)?)))
        .optional()?;
    Ok(found.and_then(|(key, channel)| Some((key, channel.gateway()?))))
}

/// The delivery that a push is of, and the installation that it went to over a channel.
pub(crate) fn of_push(
    db: &Connection,
    push: &[u8; 32],
    channel: Channel,
) -> Result<Option<(Key, InstallationId)>, rusqlite::Error> {
    db.prepare_cached(OF_PUSH)?
        .query_row((push, channel.as_str()), |row| {
            Ok((key(row)?, InstallationId::from_uuid(uuid(row, 2)?)))
        })
        .optional()
}

/// Writes when a push service reported that what an attempt sent reached the device.
pub(crate) fn set_arrived(
    db: &Connection,
    key: Key,
    (installation, channel): (InstallationId, Channel),
    at: Option<Timestamp>,
) -> Result<(), rusqlite::Error> {
    let installation = installation.uuid().into_bytes();
    let at = at.map(millis);
    db.prepare_cached(ARRIVED)?
        .execute((
            key.notification,
            key.user,
            installation,
            channel.as_str(),
            at,
        ))
        .map(drop)
}

fn key(row: &Row<'_>) -> Result<Key, rusqlite::Error> {
    Ok(Key {
        notification: row.get(0)?,
        user: row.get(1)?,
    })
}
