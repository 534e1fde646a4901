//! Installations.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, InstallationId, InstallationState, UserId, contract::UpdateState, open::Open,
    view::InstallationView,
};
use vestnik_rules::{
    app_version::Build,
    device::{Candidate, primary},
    session::{Known, Session},
};
use vestnik_sqlite::value::{millis, optional_parsed, optional_time, parsed, time, to_json, uuid};

use super::{presence, push_address, refresh_family};
use crate::{sql::statements, value::optional_word};

statements! {
    KNOWN = "SELECT secret_hash, generation, user FROM installation WHERE app = ?1 AND id = ?2";
    BEGIN_SESSION = "INSERT INTO installation
            (app, id, user, secret_hash, generation, last_seen_at, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6)
        ON CONFLICT (app, id) DO UPDATE SET
            confirmed_epoch = CASE WHEN user IS excluded.user THEN confirmed_epoch END,
            confirmed_seq = CASE WHEN user IS excluded.user THEN confirmed_seq END,
            confirmed_tag = CASE WHEN user IS excluded.user THEN confirmed_tag END,
            opened_at = CASE WHEN user IS excluded.user THEN opened_at END,
            former = CASE WHEN user IS NULL OR user IS excluded.user THEN former
                ELSE (SELECT u.row FROM user u WHERE u.app = installation.app AND u.id = installation.user) END,
            user = excluded.user,
            generation = excluded.generation,
            last_seen_at = excluded.last_seen_at,
            updated_at = excluded.updated_at";
    END_SESSION = "UPDATE installation SET
            former = coalesce((SELECT u.row FROM user u
                WHERE u.app = installation.app AND u.id = installation.user), former),
            user = NULL, generation = ?3, updated_at = ?4,
            state = NULL, platform = NULL, app_version = NULL, locale = NULL, zone = NULL,
            permission = NULL, opened_at = NULL, confirmed_epoch = NULL, confirmed_seq = NULL, confirmed_tag = NULL
        WHERE app = ?1 AND id = ?2";
    FORMER = "SELECT former FROM installation WHERE app = ?1 AND id = ?2";
    /// Without statistics, which the store never makes, every installation of the App would be read.
    OF_USER = "SELECT id, generation, last_seen_at FROM installation INDEXED BY installation_by_user
        WHERE app = ?1 AND user = ?2";
    NOTE_SEEN = "UPDATE installation SET last_seen_at = ?3
        WHERE app = ?1 AND id = ?2 AND last_seen_at < ?3";
    NOTE_OPENED = "UPDATE installation SET opened_at = ?3
        WHERE app = ?1 AND id = ?2 AND (opened_at IS NULL OR opened_at < ?3)";
    /// Without statistics, which the store never makes, every installation of the App would be read.
    CANDIDATES = "SELECT id, opened_at, last_seen_at, platform, app_version
        FROM installation INDEXED BY installation_by_user WHERE app = ?1 AND user = ?2";
    PUT_STATE = "UPDATE installation SET
            state = ?3, platform = ?4, app_version = ?5, locale = ?6, zone = ?7, permission = ?8,
            updated_at = ?9
        WHERE app = ?1 AND id = ?2";
    IS_CHANGED_BY = "SELECT 1 FROM installation WHERE app = ?1 AND id = ?2 AND (
        coalesce(?3, app_version) IS NOT app_version OR coalesce(?4, locale) IS NOT locale
        OR coalesce(?5, zone) IS NOT zone OR coalesce(?6, permission) IS NOT permission)";
    UPDATE_STATE = "UPDATE installation SET
            app_version = coalesce(?3, app_version), locale = coalesce(?4, locale),
            zone = coalesce(?5, zone), permission = coalesce(?6, permission), updated_at = ?7
        WHERE app = ?1 AND id = ?2";
    VIEW = "SELECT user, state, app_version, locale, zone, permission, created_at,
               max(updated_at, last_seen_at), opened_at, imported_at
        FROM installation WHERE app = ?1 AND id = ?2 AND user IS NOT NULL";
    BUILD = "SELECT platform, app_version FROM installation WHERE app = ?1 AND id = ?2";
    STATE = "SELECT state FROM installation WHERE app = ?1 AND id = ?2";
    DELETE_LOGGED_OUT = "DELETE FROM installation WHERE (app, id) IN
            (SELECT app, id FROM installation
             WHERE user IS NULL AND updated_at < ?1 ORDER BY updated_at LIMIT ?2)";
}

/// The key of a row.
pub(crate) type Key = [u8; 16];

pub(crate) fn key(installation: InstallationId) -> Key {
    installation.uuid().into_bytes()
}

/// What is known of an installation.
pub(crate) fn known(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<Known>, rusqlite::Error> {
    db.prepare_cached(KNOWN)?
        .query_row((app.as_str(), key(installation)), |row| {
            Ok(Known {
                secret_hash: row.get(0)?,
                generation: row.get(1)?,
                user: optional_parsed(row, 2)?,
            })
        })
        .optional()
}

/// Makes an installation its user's. What it reported stays; where it stood in a log stays only if
/// the log is the same.
pub(crate) fn begin_session(
    db: &Connection,
    session: &Session,
    secret_hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(BEGIN_SESSION)?
        .execute((
            session.app.as_str(),
            key(session.installation),
            session.user.as_str(),
            secret_hash,
            session.generation,
            millis(now),
        ))
        .map(drop)
}

/// Makes an installation nobody's. Its secret and its generation stay.
pub(crate) fn end_session(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
    generation: u64,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    push_address::delete_of(db, app, installation)?;
    db.prepare_cached(END_SESSION)?
        .execute((app.as_str(), key(installation), generation, millis(now)))
        .map(drop)
}

/// Ends a session, which is the present one of its installation, with its tokens and connections.
pub(crate) fn close(
    db: &Connection,
    session: &Session,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Session {
        app,
        user,
        installation,
        generation,
    } = session;
    refresh_family::delete_of(db, app, *installation)?;
    presence::delete_of(db, app, user, *installation)?;
    end_session(db, app, *installation, generation.saturating_add(1), now)
}

/// The row of the user who had an installation before. They may be gone.
pub(crate) fn former(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<i64>, rusqlite::Error> {
    let former = db
        .prepare_cached(FORMER)?
        .query_row((app.as_str(), key(installation)), |row| row.get(0));
    former.optional().map(Option::flatten)
}

/// The present session of an installation.
pub(crate) fn session(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<Session>, rusqlite::Error> {
    let known = known(db, app, installation)?;
    Ok(known.and_then(|known| {
        Some(Session {
            app: app.clone(),
            user: known.user?,
            installation,
            generation: known.generation,
        })
    }))
}

/// The sessions of a user, and when each installation was last received from.
pub(crate) fn of_user(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<Vec<(Session, Timestamp)>, rusqlite::Error> {
    db.prepare_cached(OF_USER)?
        .query_map((app.as_str(), user.as_str()), |row| {
            let session = Session {
                app: app.clone(),
                user: user.clone(),
                installation: InstallationId::from_uuid(uuid(row, 0)?),
                generation: row.get(1)?,
            };
            Ok((session, time(row, 2)?))
        })?
        .collect()
}

/// Notes that an installation was received from; never goes back.
pub(crate) fn note_seen(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(NOTE_SEEN)?
        .execute((app.as_str(), key(installation), millis(at)))
        .map(drop)
}

/// Sets the state, whole.
pub(crate) fn put_state(
    db: &Connection,
    session: &Session,
    state: &InstallationState,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    // The addresses have a table of their own, where they are sealed.
    let kept = InstallationState {
        push_addresses: Vec::new(),
        ..state.clone()
    };
    db.prepare_cached(PUT_STATE)?
        .execute((
            session.app.as_str(),
            key(session.installation),
            to_json(&kept)?,
            state.platform.as_str(),
            &state.app_version,
            &state.locale,
            &state.time_zone,
            state.permission.as_str(),
            millis(now),
        ))
        .map(drop)
}

/// Whether an update would change anything.
pub(crate) fn is_changed_by(
    db: &Connection,
    session: &Session,
    update: &UpdateState,
) -> Result<bool, rusqlite::Error> {
    let UpdateState {
        permission,
        time_zone,
        locale,
        app_version,
        opened_seconds_ago: _,
    } = update;
    db.prepare_cached(IS_CHANGED_BY)?.exists((
        session.app.as_str(),
        key(session.installation),
        app_version,
        locale,
        time_zone,
        permission.as_ref().map(|permission| permission.as_str()),
    ))
}

/// Sets the parts that an update has.
pub(crate) fn update_state(
    db: &Connection,
    session: &Session,
    update: &UpdateState,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let UpdateState {
        permission,
        time_zone,
        locale,
        app_version,
        opened_seconds_ago: _,
    } = update;
    db.prepare_cached(UPDATE_STATE)?
        .execute((
            session.app.as_str(),
            key(session.installation),
            app_version,
            locale,
            time_zone,
            permission.as_ref().map(|permission| permission.as_str()),
            millis(now),
        ))
        .map(drop)
}

/// Notes when the app was last brought to the front on an installation; never goes back.
pub(crate) fn note_opened(
    db: &Connection,
    session: &Session,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(NOTE_OPENED)?
        .execute((session.app.as_str(), key(session.installation), millis(at)))
        .map(drop)
}

/// The installations that may be the primary one of a user.
pub(crate) fn candidates(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<Vec<Candidate>, rusqlite::Error> {
    db.prepare_cached(CANDIDATES)?
        .query_map((app.as_str(), user.as_str()), |row| {
            Ok(Candidate {
                installation: InstallationId::from_uuid(uuid(row, 0)?),
                opened_at: optional_time(row, 1)?,
                last_seen_at: time(row, 2)?,
                build: build(row, 3)?,
            })
        })?
        .collect()
}

/// What an installation tells of its app, from the columns of its platform and, behind that, its version.
pub(crate) fn build(row: &Row<'_>, platform: usize) -> Result<Build, rusqlite::Error> {
    let version: Option<String> = row.get(platform + 1)?;
    Ok(Build::of(optional_word(row, platform)?, version.as_deref()))
}

/// What the installation of a session tells of its app.
pub(crate) fn build_of(db: &Connection, session: &Session) -> Result<Build, rusqlite::Error> {
    let known = db
        .prepare_cached(BUILD)?
        .query_row((session.app.as_str(), key(session.installation)), |row| {
            build(row, 0)
        })
        .optional()?;
    Ok(known.unwrap_or_default())
}

/// An installation that somebody is logged in on.
pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<InstallationView>, rusqlite::Error> {
    let view = db
        .prepare_cached(VIEW)?
        .query_row((app.as_str(), key(installation)), |row| {
            Ok(InstallationView {
                id: installation,
                user: parsed(row, 0)?,
                state: state(row)?,
                is_primary: false,
                opened_at: optional_time(row, 8)?,
                imported_at: optional_time(row, 9)?,
                created_at: time(row, 6)?,
                updated_at: time(row, 7)?,
            })
        })
        .optional()?;
    let Some(mut view) = view else {
        return Ok(None);
    };
    view.is_primary = primary(candidates(db, app, &view.user)?) == Some(installation);
    Ok(Some(view))
}

/// What an installation reported: the last whole report, and over it what the columns hold. A report
/// that another version wrote in a form that cannot be read leaves the columns.
fn state(row: &Row<'_>) -> Result<Option<InstallationState>, rusqlite::Error> {
    let [app_version, locale, time_zone, permission]: [Option<String>; 4] =
        [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
    let whole = row.get_ref(1)?.as_str_or_null()?;
    let is_known = [&app_version, &locale, &time_zone, &permission]
        .into_iter()
        .any(Option::is_some);
    if whole.is_none() && !is_known {
        return Ok(None);
    }
    let whole = whole.and_then(|text| serde_json::from_str(text).ok());
    Ok(Some(InstallationState {
        app_version,
        locale,
        time_zone,
        permission: permission.map_or_else(Open::default, |text| Open::read(&text)),
        ..whole.unwrap_or_else(unknown_device)
    }))
}

/// A device that reported parts of its state and never the whole.
fn unknown_device() -> InstallationState {
    InstallationState {
        platform: Open::read("unknown"),
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Open::default(),
        envelope_key: None,
        push_addresses: Vec::new(),
    }
}

/// The key for envelopes that an installation reported, if it reported one.
pub(crate) fn key_of(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<String>, rusqlite::Error> {
    let key = db
        .prepare_cached(STATE)?
        .query_row((app.as_str(), key(installation)), |row| {
            Ok(envelope_key(row.get_ref(0)?.as_str_or_null()?))
        })
        .optional()?;
    Ok(key.flatten())
}

/// The key for envelopes in an installation's last whole report.
pub(crate) fn envelope_key(state: Option<&str>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Reported {
        envelope_key: Option<String>,
    }
    let reported: Reported = serde_json::from_str(state?).ok()?;
    reported.envelope_key
}

/// Deletes installations that nobody has been logged in on for long; gives how many.
pub(crate) fn delete_logged_out(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(DELETE_LOGGED_OUT)?
        .execute((millis(before), limit))
}
