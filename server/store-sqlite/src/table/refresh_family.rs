//! Families of refresh tokens.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, InstallationId};
use vestnik_rules::session::{Family, FamilyId, Session};
use vestnik_sqlite::value::{millis, optional_time, parsed, time, uuid};

use super::installation;

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO refresh_family (id, app, installation, generation, counter, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND = "SELECT f.generation, f.counter, f.exchanged_at, f.is_used, f.expires_at,
               i.app, i.id, i.user, i.secret_hash
        FROM refresh_family f
        JOIN installation i
            ON i.app = f.app AND i.id = f.installation AND i.generation = f.generation
        WHERE f.id = ?1 AND i.user IS NOT NULL";
    SAVE = "UPDATE refresh_family
        SET counter = ?2, exchanged_at = ?3, is_used = ?4, expires_at = ?5 WHERE id = ?1";
    DELETE_OF = "DELETE FROM refresh_family WHERE app = ?1 AND installation = ?2";
    DELETE_EXPIRED = "DELETE FROM refresh_family WHERE id IN
        (SELECT id FROM refresh_family WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
}

/// A family and the present session of its installation.
pub(crate) struct Found {
    pub(crate) family: Family,
    pub(crate) session: Session,
    /// The SHA-256 of the installation's secret.
    pub(crate) secret_hash: [u8; 32],
}

/// Begins a family of a session.
pub(crate) fn insert(
    db: &Connection,
    session: &Session,
    family: &Family,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(INSERT)?
        .execute((
            family.id.0,
            session.app.as_str(),
            installation::key(session.installation),
            family.generation,
            family.counter,
            millis(family.expires_at),
        ))
        .map(drop)
}

/// Finds a family whose session is the present one.
pub(crate) fn find(db: &Connection, id: FamilyId) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row([id.0], |row| {
            let generation = row.get(0)?;
            Ok(Found {
                family: Family {
                    id,
                    generation,
                    counter: row.get(1)?,
                    exchanged_at: optional_time(row, 2)?,
                    is_used: row.get(3)?,
                    expires_at: time(row, 4)?,
                },
                session: Session {
                    app: parsed(row, 5)?,
                    installation: InstallationId::from_uuid(uuid(row, 6)?),
                    user: parsed(row, 7)?,
                    generation,
                },
                secret_hash: row.get(8)?,
            })
        })
        .optional()
}

/// Saves what changed about a family.
pub(crate) fn save(db: &Connection, family: &Family) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SAVE)?
        .execute((
            family.id.0,
            family.counter,
            family.exchanged_at.map(millis),
            family.is_used,
            millis(family.expires_at),
        ))
        .map(drop)
}

/// Deletes the families of an installation.
pub(crate) fn delete_of(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_OF)?
        .execute((app.as_str(), installation::key(installation)))
        .map(drop)
}

/// Deletes families whose newest token has expired; gives how many.
pub(crate) fn delete_expired(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(DELETE_EXPIRED)?
        .execute((millis(before), limit))
}
