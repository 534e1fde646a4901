//! Imported addresses: installations that stand for devices which have not spoken to the server yet.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, ImportOutcome, InstallationId, PushAddress, UserId};
use vestnik_rules::address::{Holder, NO_SECRET, hash, import, imported_installation};
use vestnik_sqlite::value::{millis, optional_parsed, uuid};
use vestnik_store::installations::{Import, TAKEN_OVER};

use super::{
    installation::{self, key},
    push_address, user,
};
use crate::{seal::Seal, sql::statements};

statements! {
    HOLDERS = "SELECT i.user, i.imported_at IS NOT NULL, p.died_at IS NOT NULL, p.installation
         FROM push_address p INDEXED BY push_address_by_hash
             CROSS JOIN installation i ON i.app = p.app AND i.id = p.installation
         WHERE p.app = ?1 AND p.hash = ?2";
    INSERT_IMPORTED = "INSERT INTO installation (app, id, user, secret_hash, generation, last_seen_at,
             created_at, updated_at, imported_at)
         VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?5, ?5)
         ON CONFLICT (app, id) DO UPDATE SET user = excluded.user, generation = generation + 1,
             updated_at = excluded.updated_at, imported_at = excluded.imported_at";
    DELETE_IMPORTED = "DELETE FROM installation WHERE app = ?1 AND id = ?2 AND imported_at IS NOT NULL";
    /// What was sent to the device before it spoke was sent to it.
    MOVE_ATTEMPTS = "UPDATE OR IGNORE attempt SET installation = ?3
         WHERE user = ?1 AND installation = ?2 AND state NOT IN ('begun', 'sending') AND notification IN
             (SELECT notification FROM log WHERE user = ?1 ORDER BY seq DESC LIMIT ?4)";
    /// What was for that device only is for it still.
    MOVE_DELIVERIES = "UPDATE delivery SET only = replace(only, ?2, ?3), among = replace(among, ?2, ?3)
         WHERE user = ?1 AND only IS NOT NULL AND notification IN
             (SELECT notification FROM log WHERE user = ?1 ORDER BY seq DESC LIMIT ?4)";
    MOVE_ENTRIES = "UPDATE log SET only = replace(only, ?2, ?3)
         WHERE user = ?1 AND only IS NOT NULL AND seq IN
             (SELECT seq FROM log WHERE user = ?1 ORDER BY seq DESC LIMIT ?4)";
}

/// Imports addresses.
pub(crate) fn import_all(
    db: &Connection,
    seal: &Seal,
    asked: &Import,
) -> Result<Vec<ImportOutcome>, rusqlite::Error> {
    let addresses = asked.addresses.iter();
    addresses
        .map(|(user, address)| import_one(db, seal, asked, (user, address)))
        .collect()
}

fn import_one(
    db: &Connection,
    seal: &Seal,
    asked: &Import,
    (user, address): (&UserId, &PushAddress),
) -> Result<ImportOutcome, rusqlite::Error> {
    let (app, hash) = (&asked.app, hash(address));
    let (holders, installations): (Vec<_>, Vec<_>) = holders(db, app, &hash)?.into_iter().unzip();
    let outcome = import(&holders, user);
    if outcome != ImportOutcome::Imported {
        return Ok(outcome);
    }
    if installation::of_user(db, app, user)?.len() >= asked.max_installations as usize {
        return Ok(ImportOutcome::TooMany);
    }
    for installation in installations {
        delete_imported(db, app, installation)?;
    }
    user::ensure(db, app, user)?;
    let id = imported_installation(&hash);
    db.prepare_cached(INSERT_IMPORTED)?.execute((
        app.as_str(),
        key(id),
        user.as_str(),
        NO_SECRET,
        millis(asked.now),
    ))?;
    push_address::insert(db, seal, (app, id), address, Timestamp::UNIX_EPOCH)?;
    Ok(outcome)
}

/// Who has an address.
fn holders(
    db: &Connection,
    app: &AppId,
    hash: &[u8; 32],
) -> Result<Vec<(Holder, InstallationId)>, rusqlite::Error> {
    db.prepare_cached(HOLDERS)?
        .query_map((app.as_str(), hash), |row| {
            let holder = Holder {
                user: optional_parsed(row, 0)?,
                is_unproven: row.get(1)?,
                is_dead: row.get(2)?,
            };
            Ok((holder, InstallationId::from_uuid(uuid(row, 3)?)))
        })?
        .collect()
}

fn delete_imported(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<bool, rusqlite::Error> {
    let deleted = db
        .prepare_cached(DELETE_IMPORTED)?
        .execute((app.as_str(), key(installation)))?;
    Ok(deleted == 1)
}

/// A device reports an address as its own: what stood for it until now is gone, and what its user was sent
/// by that address was sent to this device.
pub(crate) fn take_over(
    db: &Connection,
    (app, installation): (&AppId, InstallationId),
    hash: &[u8; 32],
) -> Result<(), rusqlite::Error> {
    for (holder, former) in holders(db, app, hash)? {
        if !holder.is_unproven || former == installation {
            continue;
        }
        delete_imported(db, app, former)?;
        let session = installation::session(db, app, installation)?;
        let Some(session) = session.filter(|session| Some(&session.user) == holder.user.as_ref())
        else {
            continue;
        };
        if let Some(head) = user::find(db, app, &session.user)? {
            move_to(db, head.row, (former, installation))?;
        }
    }
    Ok(())
}

/// Moves what is known of the end of a user's log from one installation to another.
fn move_to(
    db: &Connection,
    user: i64,
    (former, installation): (InstallationId, InstallationId),
) -> Result<(), rusqlite::Error> {
    let keys = (user, key(former), key(installation), TAKEN_OVER);
    db.prepare_cached(MOVE_ATTEMPTS)?.execute(keys)?;
    let (former, installation) = (former.to_string(), installation.to_string());
    let texts = (user, former.as_str(), installation.as_str(), TAKEN_OVER);
    db.prepare_cached(MOVE_DELIVERIES)?.execute(texts)?;
    db.prepare_cached(MOVE_ENTRIES)?.execute(texts).map(drop)
}
