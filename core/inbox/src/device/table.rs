//! The tables of `device.sqlite`.

use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Serialize, de::DeserializeOwned};
use vestnik_model::{InstallationId, Open, UserId};
use vestnik_sqlite::{
    Schema,
    value::{millis, time},
};

use super::{
    logout::PendingLogout,
    state::{DeviceState, Registered, Restored},
};
use crate::{
    rule::{
        clock::Moment,
        identity::{InFile, OpeningMark},
    },
    sql::statements,
};

/// The tables of this version, and how older files get them. The mark is `Vstv`.
pub(super) const SCHEMA: Schema = Schema {
    application_id: 0x5673_7476,
    migrations: &[include_str!("../../migrations/device/0001.sql")],
};

statements! {
    READ = "SELECT value FROM meta WHERE name = ?1";
    WRITE = "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    DELETE = "DELETE FROM meta WHERE name = ?1";
    LOGOUTS = "SELECT generation, user, tries, next_at FROM pending_logout ORDER BY generation";
    ADD_LOGOUT = "INSERT INTO pending_logout (generation, user) VALUES (?1, ?2)
         ON CONFLICT (generation) DO UPDATE SET user = coalesce(excluded.user, user)";
    TRIED = "UPDATE pending_logout SET tries = min(tries + 1, 1000000), next_at = ?2 WHERE generation = ?1";
    DELETE_LOGOUT = "DELETE FROM pending_logout WHERE generation = ?1";
}

/// What the file says of the installation; nothing if it does not say all of it.
pub(super) fn in_file(db: &Connection) -> Result<Option<InFile>, rusqlite::Error> {
    let installation = parsed::<InstallationId>(db, "installation")?;
    let mark = parsed::<u128>(db, "mark")?;
    Ok(installation.zip(mark).map(|(installation, mark)| InFile {
        installation,
        mark: mark.to_le_bytes(),
    }))
}

pub(super) fn set_in_file(
    db: &Connection,
    installation: InstallationId,
    mark: OpeningMark,
) -> Result<(), rusqlite::Error> {
    set(db, "installation", Some(&installation))?;
    set(db, "mark", Some(&u128::from_le_bytes(mark)))
}

/// A generation that was stored. One that no device can have reached is damage, and leaves no room for
/// the next.
pub(super) const fn generation(stored: u64) -> u64 {
    if stored < 1 << 53 { stored } else { 0 }
}

/// What cannot be read is absent.
pub(super) fn load(db: &Connection) -> Result<DeviceState, rusqlite::Error> {
    let hash = read(db, "registered_hash")?;
    let at = timestamp(db, "registered_at")?;
    Ok(DeviceState {
        user: parsed::<UserId>(db, "user")?,
        is_logged_in: read(db, "session")?.is_some(),
        generation: parsed(db, "generation")?.map_or(0, generation),
        restored: restored(db)?,
        login: moment(db, ("login_at", "login_by_device"))?,
        offset: parsed(db, "offset")?.map(SignedDuration::from_millis),
        registered: hash.zip(at).map(|(hash, at)| Registered { hash, at }),
        permission: read(db, "permission")?.map(|word| Open::read(&word)),
        is_switched_off: read(db, "switched_off")?.is_some(),
        locale: read(db, "locale")?,
        time_zone: read(db, "time_zone")?,
        wishes: list(db, "wishes")?,
        opt_outs: json(db, "opt_outs")?,
        opt_out_changes: json(db, "opt_out_changes")?.unwrap_or_default(),
        sent_opt_outs: json(db, "sent_opt_outs")?.unwrap_or_default(),
        push_addresses: list(db, "push_addresses")?,
    })
}

pub(super) fn save(db: &Connection, state: &DeviceState) -> Result<(), rusqlite::Error> {
    let DeviceState {
        user,
        is_logged_in,
        generation,
        restored,
        login,
        offset,
        registered,
        permission,
        is_switched_off,
        locale,
        time_zone,
        wishes,
        opt_outs,
        opt_out_changes,
        sent_opt_outs,
        push_addresses,
    } = state;
    set(db, "user", user.as_ref())?;
    set(db, "session", is_logged_in.then_some(&1))?;
    set(db, "generation", Some(generation))?;
    let mark = restored.as_ref().map(|restored| restored.mark);
    set(db, "restored", mark.as_ref())?;
    let found = restored.map(|restored| restored.found);
    set_moment(db, ("restored_at", "restored_by_device"), found)?;
    set_moment(db, ("login_at", "login_by_device"), *login)?;
    set(
        db,
        "offset",
        offset.map(|offset| offset.as_millis()).as_ref(),
    )?;
    set(
        db,
        "registered_hash",
        registered.as_ref().map(|told| &told.hash),
    )?;
    set(
        db,
        "registered_at",
        registered.as_ref().map(|told| millis(told.at)).as_ref(),
    )?;
    set(db, "permission", permission.as_ref())?;
    set(db, "switched_off", is_switched_off.then_some(&1))?;
    set(db, "locale", locale.as_ref())?;
    set(db, "time_zone", time_zone.as_ref())?;
    set_list(db, "wishes", wishes)?;
    set_json(db, "opt_outs", opt_outs.as_ref())?;
    let changes = (!opt_out_changes.is_empty()).then_some(opt_out_changes);
    set_json(db, "opt_out_changes", changes)?;
    let sent = (!sent_opt_outs.is_empty()).then_some(sent_opt_outs);
    set_json(db, "sent_opt_outs", sent)?;
    set_list(db, "push_addresses", push_addresses)
}

fn timestamp(db: &Connection, name: &str) -> Result<Option<Timestamp>, rusqlite::Error> {
    let stored = parsed::<i64>(db, name)?;
    Ok(stored.and_then(|at| Timestamp::from_millisecond(at).ok()))
}

fn restored(db: &Connection) -> Result<Option<Restored>, rusqlite::Error> {
    let mark = parsed(db, "restored")?;
    let found = moment(db, ("restored_at", "restored_by_device"))?;
    Ok(mark
        .zip(found)
        .map(|(mark, found)| Restored { mark, found }))
}

fn moment(
    db: &Connection,
    (at, by_device): (&str, &str),
) -> Result<Option<Moment>, rusqlite::Error> {
    let is_by_device = read(db, by_device)?.is_some();
    Ok(timestamp(db, at)?.map(|at| Moment { at, is_by_device }))
}

fn set_moment(
    db: &Connection,
    (at, by_device): (&str, &str),
    moment: Option<Moment>,
) -> Result<(), rusqlite::Error> {
    set(db, at, moment.map(|moment| millis(moment.at)).as_ref())?;
    let is_by_device = moment.is_some_and(|moment| moment.is_by_device);
    set(db, by_device, is_by_device.then_some(&1))
}

/// The elements of a list that can be read.
fn list<T: DeserializeOwned>(db: &Connection, name: &str) -> Result<Vec<T>, rusqlite::Error> {
    let Some(text) = read(db, name)? else {
        return Ok(Vec::new());
    };
    let elements: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
    let read = elements.into_iter().map(serde_json::from_value);
    Ok(read.filter_map(Result::ok).collect())
}

fn set_list<T: Serialize>(db: &Connection, name: &str, list: &[T]) -> Result<(), rusqlite::Error> {
    set_json(db, name, Some(list).filter(|list| !list.is_empty()))
}

/// What cannot be read is absent.
fn json<T: DeserializeOwned>(db: &Connection, name: &str) -> Result<Option<T>, rusqlite::Error> {
    Ok(read(db, name)?.and_then(|text| serde_json::from_str(&text).ok()))
}

fn set_json<T: Serialize + ?Sized>(
    db: &Connection,
    name: &str,
    value: Option<&T>,
) -> Result<(), rusqlite::Error> {
    let text = value.map(serde_json::to_string).transpose();
    let text = text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    set(db, name, text.as_ref())
}

fn read(db: &Connection, name: &str) -> Result<Option<String>, rusqlite::Error> {
    db.prepare_cached(READ)?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn parsed<T: std::str::FromStr>(db: &Connection, name: &str) -> Result<Option<T>, rusqlite::Error> {
    Ok(read(db, name)?.and_then(|text| text.parse().ok()))
}

fn set<T: Display>(db: &Connection, name: &str, value: Option<&T>) -> Result<(), rusqlite::Error> {
    match value {
        Some(value) => db.prepare_cached(WRITE)?.execute((name, value.to_string())),
        None => db.prepare_cached(DELETE)?.execute([name]),
    }
    .map(drop)
}

pub(super) fn logouts(db: &Connection) -> Result<Vec<PendingLogout>, rusqlite::Error> {
    db.prepare_cached(LOGOUTS)?.query_map([], logout)?.collect()
}

fn logout(row: &Row<'_>) -> Result<PendingLogout, rusqlite::Error> {
    let user: Option<String> = row.get(1)?;
    Ok(PendingLogout {
        generation: generation(row.get(0)?),
        user: user.and_then(|text| text.parse().ok()),
        tries: row.get(2)?,
        next_at: time(row, 3)?,
    })
}

pub(super) fn add_logout(
    db: &Connection,
    generation: u64,
    user: Option<&UserId>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(ADD_LOGOUT)?
        .execute((generation, user.map(UserId::as_str)))
        .map(drop)
}

pub(super) fn logout_tried(
    db: &Connection,
    generation: u64,
    next_at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(TRIED)?
        .execute((generation, millis(next_at)))
        .map(drop)
}

pub(super) fn delete_logout(db: &Connection, generation: u64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_LOGOUT)?
        .execute([generation])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use vestnik_model::PushAddress;

    use super::*;
    use crate::rule::identity::RestoreMark;

    #[test]
    fn every_statement_fits_the_schema_and_finds_its_row() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA.migrations[0]).unwrap();
        for (name, statement) in ALL {
            let plan = format!("EXPLAIN QUERY PLAN {statement}");
            let mut plan = db.prepare(&plan).unwrap();
            let parameters = plan.parameter_count();
            let values = rusqlite::params_from_iter(std::iter::repeat_n(1, parameters));
            let lines: Vec<String> = plan
                .query_map(values, |row| row.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let scans = lines.iter().any(|line| line.starts_with("SCAN"));
            assert_eq!(scans, *name == "LOGOUTS", "{name}: {lines:?}");
        }
    }

    #[test]
    fn the_state_reads_back() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA.migrations[0]).unwrap();
        assert_eq!(load(&db).unwrap(), DeviceState::default());
        let state = DeviceState {
            user: Some("anna".parse().unwrap()),
            is_logged_in: true,
            generation: 7,
            restored: Some(Restored {
                mark: RestoreMark::new([7; 16]),
                found: Moment {
                    at: Timestamp::UNIX_EPOCH,
                    is_by_device: true,
                },
            }),
            login: Some(Moment {
                at: Timestamp::UNIX_EPOCH,
                is_by_device: true,
            }),
            offset: Some(SignedDuration::from_millis(-5)),
            registered: Some(Registered {
                hash: "h".to_owned(),
                at: Timestamp::UNIX_EPOCH,
            }),
            permission: Some(Open::read("granted")),
            is_switched_off: true,
            locale: Some("ru".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            wishes: vec![
                ("orders".parse().unwrap(), true),
                ("news".parse().unwrap(), false),
            ],
            opt_outs: Some(serde_json::from_str(r#"{"senders": ["bank"]}"#).unwrap()),
            opt_out_changes: serde_json::from_str(r#"{"all": true, "topics": {"t": false}}"#)
                .unwrap(),
            sent_opt_outs: serde_json::from_str(
                r#"{"first": {"all": false}, "other": {"all": true}}"#,
            )
            .unwrap(),
            push_addresses: vec![PushAddress::new(Open::read("fcm_token"), "f")],
        };
        for state in [state, DeviceState::default()] {
            save(&db, &state).unwrap();
            assert_eq!(load(&db).unwrap(), state);
        }
    }

    #[test]
    fn of_a_list_what_can_be_read_is_read() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA.migrations[0]).unwrap();
        for (text, expected) in [
            (r#"[["orders", true], 7, ["", true], ["news", false]]"#, 2),
            ("[[", 0),
            ("{}", 0),
        ] {
            set(&db, "wishes", Some(&text)).unwrap();
            assert_eq!(load(&db).unwrap().wishes.len(), expected, "{text}");
        }
    }
}
