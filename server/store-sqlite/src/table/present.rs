//! Whether a session is still the present one: what every operation of a device asks first.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::session::Session;

use vestnik_store::ledger::Confirmed;

use crate::{sql::statements, value::uuid};

statements! {
    IS_PRESENT = "SELECT 1 FROM installation
         WHERE app = ?1 AND id = ?2 AND user = ?3 AND generation = ?4";
    /// Without statistics, which the store never makes, every installation of the App would be read.
    OF_USER = "SELECT id, generation FROM installation INDEXED BY installation_by_user
         WHERE app = ?1 AND user = ?2";
    OWNER = "SELECT user FROM installation WHERE app = ?1 AND id = ?2";
    CONFIRM = "UPDATE installation
         SET confirmed_epoch = ?5, confirmed_seq = ?6, confirmed_tag = ?7
         WHERE app = ?1 AND id = ?2 AND user = ?3 AND generation = ?4
             AND (confirmed_epoch IS NOT ?5 OR confirmed_seq < ?6)";
    HAS_ANY = "SELECT 1 FROM installation WHERE app = ?1 AND user = ?2 LIMIT 1";
}

/// Whether a session is the present one of its installation.
pub(crate) fn is_present(db: &Connection, session: &Session) -> Result<bool, rusqlite::Error> {
    let Session {
        app,
        user,
        installation,
        generation,
    } = session;
    db.prepare_cached(IS_PRESENT)?.exists((
        app.as_str(),
        installation.uuid().into_bytes(),
        user.as_str(),
        generation,
    ))
}

/// The present sessions of a user: installations with their generations.
pub(crate) fn sessions(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<Vec<(InstallationId, u64)>, rusqlite::Error> {
    db.prepare_cached(OF_USER)?
        .query_map((app.as_str(), user.as_str()), |row| {
            Ok((InstallationId::from_uuid(uuid(row, 0)?), row.get(1)?))
        })?
        .collect()
}

/// The user who is logged in on an installation.
pub(crate) fn owner(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<UserId>, rusqlite::Error> {
    let owner: Option<Option<String>> = db
        .prepare_cached(OWNER)?
        .query_row((app.as_str(), installation.uuid().into_bytes()), |row| {
            row.get(0)
        })
        .optional()?;
    Ok(owner.flatten().and_then(|user| UserId::parse(user).ok()))
}

/// Whether a user is logged in anywhere.
pub(crate) fn has_any(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(HAS_ANY)?
        .exists((app.as_str(), user.as_str()))
}

/// Notes how far an installation has read, if its session is the present one and it is news.
pub(crate) fn confirm(db: &Connection, confirmed: &Confirmed) -> Result<(), rusqlite::Error> {
    let Confirmed { session, place } = confirmed;
    db.prepare_cached(CONFIRM)?
        .execute((
            session.app.as_str(),
            session.installation.uuid().into_bytes(),
            session.user.as_str(),
            session.generation,
            place.epoch.0,
            place.seq,
            place.tag.0,
        ))
        .map(drop)
}
