//! Addresses of installations at push services. Their values are sealed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{AppId, InstallationId, PushAddress};
use vestnik_rules::address::{Stored, Upload, hash, upload};
use vestnik_sqlite::value::{millis, optional_time, time};

use super::{import, installation::key};
use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::Unreadable,
};

statements! {
    STORED = "SELECT hash, died_at FROM push_address
         WHERE app = ?1 AND installation = ?2 AND kind = ?3";
    PUT = "INSERT INTO push_address (app, installation, kind, hash, value, refreshed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (app, installation, kind) DO UPDATE SET hash = excluded.hash,
             value = excluded.value, refreshed_at = excluded.refreshed_at, died_at = NULL";
    REFRESH = "UPDATE push_address SET refreshed_at = ?4
         WHERE app = ?1 AND installation = ?2 AND kind = ?3";
    LIVE_KINDS = "SELECT kind FROM push_address
         WHERE app = ?1 AND installation = ?2 AND died_at IS NULL";
    HASHES = "SELECT kind, hash FROM push_address
         WHERE app = ?1 AND installation = ?2 AND died_at IS NULL";
    DELETE = "DELETE FROM push_address WHERE app = ?1 AND installation = ?2 AND kind = ?3";
    DELETE_OF = "DELETE FROM push_address WHERE app = ?1 AND installation = ?2";
    /// An address has one owner: whoever reported it last.
    DELETE_ELSEWHERE = "DELETE FROM push_address INDEXED BY push_address_by_hash WHERE app = ?1 AND hash = ?2 AND installation <> ?3";
    OF_INSTALLATION = "SELECT kind, value, refreshed_at, died_at, hash FROM push_address
         WHERE app = ?1 AND installation = ?2 ORDER BY kind";
    KILL = "UPDATE push_address SET value = NULL, died_at = ?5
         WHERE app = ?1 AND installation = ?2 AND kind = ?3 AND hash = ?4 AND died_at IS NULL";
    NAMES = "SELECT DISTINCT app, installation FROM push_address WHERE value IS NOT NULL";
    RESEAL = "UPDATE push_address SET value = ?4 WHERE app = ?1 AND installation = ?2 AND kind = ?3";
}

const TABLE: &str = "push_address";

/// An address as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The word of its kind, also one of another version.
    pub(crate) kind: String,
    /// The address; absent when it is dead or cannot be opened.
    pub(crate) address: Option<PushAddress>,
    pub(crate) refreshed_at: Timestamp,
    pub(crate) died_at: Option<Timestamp>,
    pub(crate) hash: [u8; 32],
}

/// The hashes of an installation's addresses that live, by the words of their kinds.
pub(crate) fn hashes(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<BTreeMap<String, [u8; 32]>, rusqlite::Error> {
    db.prepare_cached(HASHES)?
        .query_map((app.as_str(), key(installation)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect()
}

/// Takes the whole set of an installation's addresses.
pub(crate) fn put_all(
    db: &Connection,
    seal: &Seal,
    (app, installation): (&AppId, InstallationId),
    addresses: &[PushAddress],
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let id = key(installation);
    let kinds = db
        .prepare_cached(LIVE_KINDS)?
        .query_map((app.as_str(), id), |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    let is_left = |kind: &String| {
        addresses
            .iter()
            .any(|address| address.kind.as_str() == kind)
    };
    for kind in kinds.iter().filter(|kind| !is_left(kind)) {
        db.prepare_cached(DELETE)?
            .execute((app.as_str(), id, kind))?;
    }
    for address in addresses {
        put(db, seal, (app, installation), address, now)?;
    }
    Ok(())
}

fn put(
    db: &Connection,
    seal: &Seal,
    (app, installation): (&AppId, InstallationId),
    address: &PushAddress,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (id, kind) = (key(installation), address.kind.as_str());
    let hash = hash(address);
    let stored = db
        .prepare_cached(STORED)?
        .query_row((app.as_str(), id, kind), |row| {
            Ok(Stored {
                hash: row.get(0)?,
                died_at: optional_time(row, 1)?,
            })
        })
        .optional()?;
    match upload(stored, &hash, now) {
        Upload::StayDead => return Ok(()),
        Upload::Refresh => {
            db.prepare_cached(REFRESH)?
                .execute((app.as_str(), id, kind, millis(now)))?;
        }
        Upload::Replace => insert(db, seal, (app, installation), address, now)?,
    }
    import::take_over(db, (app, installation), &hash)?;
    db.prepare_cached(DELETE_ELSEWHERE)?
        .execute((app.as_str(), hash, id))
        .map(drop)
}

/// Stores an address of an installation, alive. `refreshed_at` is when that said so.
pub(crate) fn insert(
    db: &Connection,
    seal: &Seal,
    (app, installation): (&AppId, InstallationId),
    address: &PushAddress,
    refreshed_at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (id, kind) = (key(installation), address.kind.as_str());
    let value = sealed(seal, (app, installation), address)?;
    db.prepare_cached(PUT)?
        .execute((
            app.as_str(),
            id,
            kind,
            hash(address),
            value,
            millis(refreshed_at),
        ))
        .map(drop)
}

fn sealed(
    seal: &Seal,
    (app, installation): (&AppId, InstallationId),
    address: &PushAddress,
) -> Result<Vec<u8>, rusqlite::Error> {
    let json = super::super::value::to_json(address)?;
    let installation = installation.to_string();
    let row = [app.as_str(), &installation, address.kind.as_str()];
    let place = Place {
        table: TABLE,
        row: &row,
    };
    seal.seal_column(&place, json.as_bytes())
}

/// Puts an address that an installation has in the place of itself, with what was found out of it. It counts as
/// reported when it was.
pub(crate) fn keep(
    db: &Connection,
    seal: &Seal,
    (app, installation): (&AppId, InstallationId),
    address: &PushAddress,
) -> Result<(), rusqlite::Error> {
    let value = sealed(seal, (app, installation), address)?;
    let kind = address.kind.as_str();
    db.prepare_cached(RESEAL)?
        .execute((app.as_str(), key(installation), kind, value))
        .map(drop)
}

/// The addresses of an installation.
pub(crate) fn of_installation(
    db: &Connection,
    with: (&Seal, &Unreadable),
    app: &AppId,
    installation: InstallationId,
) -> Result<Vec<Found>, rusqlite::Error> {
    db.prepare_cached(OF_INSTALLATION)?
        .query_map((app.as_str(), key(installation)), |row| {
            found(row, with, (app, installation))
        })?
        .collect()
}

fn found(
    row: &Row<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    (app, installation): (&AppId, InstallationId),
) -> Result<Found, rusqlite::Error> {
    let kind: String = row.get(0)?;
    let value: Option<Vec<u8>> = row.get(1)?;
    let id = installation.to_string();
    let place = [app.as_str(), &id, &kind];
    let place = Place {
        table: TABLE,
        row: &place,
    };
    let opened = value.map(|value| seal.open_column(&place, 1, &value));
    let json = unreadable
        .pass_over("push address", opened.transpose())?
        .flatten();
    Ok(Found {
        address: json.and_then(|json| serde_json::from_slice(&json).ok()),
        refreshed_at: time(row, 2)?,
        died_at: optional_time(row, 3)?,
        hash: row.get(4)?,
        kind,
    })
}

/// Notes that an address is dead.
pub(crate) fn kill(
    db: &Connection,
    (app, installation): (&AppId, InstallationId),
    address: &Found,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(KILL)?
        .execute((
            app.as_str(),
            key(installation),
            &address.kind,
            address.hash,
            millis(now),
        ))
        .map(|killed| killed > 0)
}

/// Forgets the addresses of an installation that is nobody's any more.
pub(crate) fn delete_of(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_OF)?
        .execute((app.as_str(), key(installation)))
        .map(drop)
}

/// Seals every address anew.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let names: Vec<(AppId, InstallationId)> = db
        .prepare_cached(NAMES)?
        .query_map([], |row| {
            let id = vestnik_sqlite::value::uuid(row, 1)?;
            Ok((
                vestnik_sqlite::value::parsed(row, 0)?,
                InstallationId::from_uuid(id),
            ))
        })?
        .collect::<Result<_, _>>()?;
    for (app, installation) in names {
        let with = (from, &Unreadable::default());
        for found in of_installation(db, with, &app, installation)? {
            let Some(address) = found.address else {
                continue;
            };
            keep(db, to, (&app, installation), &address)?;
        }
    }
    Ok(())
}
