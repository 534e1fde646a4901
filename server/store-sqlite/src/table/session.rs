//! Installations, whose they are, and the refresh tokens that keep them logged in.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, InstallationId, InstallationState, view::InstallationView};
use vestnik_store::{Login, LogoutOutcome, Rotation, RotationOutcome, Session};

use super::{
    super::value::{millis, optional_json, parsed, time, to_json, uuid},
    user,
};

/// How far back a token that comes again is recognised as a theft; an older one is just unknown.
/// Higher keeps more rows of each installation.
const KEPT_GENERATIONS: u64 = 16;

/// Makes an installation its user's. Whoever had it before is logged out of it.
pub(crate) fn login(db: &Connection, login: &Login) -> Result<Session, rusqlite::Error> {
    let Session {
        app,
        user: who,
        installation,
    } = &login.session;
    let (user, id, now) = (
        user::ensure(db, app, who)?,
        installation.uuid().into_bytes(),
        millis(login.now),
    );
    revoke_of(db, app, *installation)?;
    db.prepare_cached(
        "INSERT INTO installation (id, app, user, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (app, id) DO UPDATE SET user = excluded.user, updated_at = excluded.updated_at",
    )?
    .execute((id, app.as_str(), user, now))?;
    db.prepare_cached(
        "INSERT INTO refresh_token (hash, app, installation, family, generation, expires_at)
         VALUES (?1, ?2, ?3, ?1, 0, ?4)",
    )?
    .execute((
        login.refresh_hash,
        app.as_str(),
        id,
        millis(login.refresh_expires),
    ))?;
    Ok(login.session.clone())
}

struct Presented {
    session: Session,
    family: [u8; 32],
    is_used: bool,
    generation: u64,
    expires_at: i64,
}

/// Exchanges a token. One that was used before is taken again only while the token it gave was not:
/// that answer may have been lost. Otherwise somebody else has it too, and nobody keeps it.
pub(crate) fn rotate(
    db: &Connection,
    rotation: &Rotation,
) -> Result<RotationOutcome, rusqlite::Error> {
    let Some(presented) = presented(db, rotation.presented)? else {
        return Ok(RotationOutcome::Unknown);
    };
    if presented.expires_at <= millis(rotation.now) {
        return Ok(RotationOutcome::Expired);
    }
    if presented.is_used && !withdraw_unused_successor(db, rotation.presented)? {
        db.prepare_cached("DELETE FROM refresh_token WHERE family = ?1")?
            .execute([presented.family])?;
        return Ok(RotationOutcome::Reused);
    }
    db.prepare_cached("UPDATE refresh_token SET is_used = 1 WHERE hash = ?1")?
        .execute([rotation.presented])?;
    let generation = presented.generation + 1;
    db.prepare_cached("DELETE FROM refresh_token WHERE family = ?1 AND generation < ?2")?
        .execute((
            presented.family,
            generation.saturating_sub(KEPT_GENERATIONS),
        ))?;
    db.prepare_cached(
        "INSERT INTO refresh_token (hash, app, installation, family, previous, generation, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        rotation.next,
        presented.session.app.as_str(),
        presented.session.installation.uuid().into_bytes(),
        presented.family,
        rotation.presented,
        generation,
        millis(rotation.next_expires),
    ))?;
    Ok(RotationOutcome::Rotated(presented.session))
}

fn presented(db: &Connection, hash: [u8; 32]) -> Result<Option<Presented>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT t.app, u.id, t.installation, t.family, t.is_used, t.generation, t.expires_at
         FROM refresh_token t
         JOIN installation i ON i.app = t.app AND i.id = t.installation
         JOIN user u ON u.row = i.user
         WHERE t.hash = ?1",
    )?
    .query_row([hash], |row| {
        let session = Session {
            app: parsed(row, 0)?,
            user: parsed(row, 1)?,
            installation: InstallationId::from_uuid(uuid(row, 2)?),
        };
        Ok(Presented {
            session,
            family: row.get(3)?,
            is_used: row.get(4)?,
            generation: row.get(5)?,
            expires_at: row.get(6)?,
        })
    })
    .optional()
}

/// The successor counts as used from now on, so that whoever presents it after all gives away that
/// two parties hold the family.
fn withdraw_unused_successor(db: &Connection, hash: [u8; 32]) -> Result<bool, rusqlite::Error> {
    db.prepare_cached("UPDATE refresh_token SET is_used = 1 WHERE previous = ?1 AND NOT is_used")?
        .execute([hash])
        .map(|withdrawn| withdrawn > 0)
}

fn revoke_of(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached("DELETE FROM refresh_token WHERE app = ?1 AND installation = ?2")?
        .execute((app.as_str(), installation.uuid().into_bytes()))
        .map(drop)
}

/// Forgets an installation; its tokens go with it.
pub(crate) fn logout(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<LogoutOutcome, rusqlite::Error> {
    let deleted = db
        .prepare_cached("DELETE FROM installation WHERE app = ?1 AND id = ?2")?
        .execute((app.as_str(), installation.uuid().into_bytes()))?;
    Ok(if deleted > 0 {
        LogoutOutcome::Done
    } else {
        LogoutOutcome::Unknown
    })
}

pub(crate) fn put_state(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
    state: &InstallationState,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(
        "UPDATE installation SET state = ?3, updated_at = ?4 WHERE app = ?1 AND id = ?2",
    )?
    .execute((
        app.as_str(),
        installation.uuid().into_bytes(),
        to_json(state)?,
        millis(now),
    ))
    .map(|updated| updated > 0)
}

pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<InstallationView>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT u.id, i.state, i.created_at, i.updated_at
         FROM installation i JOIN user u ON u.row = i.user
         WHERE i.app = ?1 AND i.id = ?2",
    )?
    .query_row((app.as_str(), installation.uuid().into_bytes()), |row| {
        Ok(InstallationView {
            id: installation,
            user: parsed(row, 0)?,
            state: optional_json(row, 1)?,
            created_at: time(row, 2)?,
            updated_at: time(row, 3)?,
        })
    })
    .optional()
}
