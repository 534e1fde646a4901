//! Chats of users at gateways. They are sealed; what they are found by is a hash under a key.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{GatewayName, chat::ChatId};
use vestnik_rules::{
    chat::{Own, Standing, bound},
    contact::ContactHash,
    gateway::{Recipient, stays_dead},
};
use vestnik_store::contacts::Chat;

use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{Unreadable, millis, optional_time, time, unreadable},
};

statements! {
    PUT = "INSERT INTO chat (user, gateway, value, hash, set_at, died_at, is_undated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (user, gateway) DO UPDATE SET value = excluded.value, hash = excluded.hash,
             set_at = excluded.set_at, died_at = excluded.died_at, is_undated = excluded.is_undated";
    GET = "SELECT value, set_at, died_at, is_undated FROM chat WHERE user = ?1 AND gateway = ?2";
    DEATH = "SELECT died_at FROM chat WHERE user = ?1 AND gateway = ?2";
    KILL = "UPDATE chat SET died_at = ?3, is_undated = 0 WHERE user = ?1 AND gateway = ?2 AND died_at IS NULL";
    /// The hash is over the App and the gateway: one user has it.
    STANDING = "SELECT set_at, died_at, is_undated, user FROM chat WHERE hash = ?1";
    SET_STANDING = "UPDATE chat SET set_at = ?2, died_at = ?3, is_undated = ?4 WHERE hash = ?1";
    /// The hash is over the App and the gateway.
    LEAVE = "DELETE FROM chat WHERE hash = ?1 AND user <> ?2";
    DELETE = "DELETE FROM chat WHERE user = ?1 AND gateway = ?2";
    DELETE_ALL = "DELETE FROM chat WHERE user = ?1";
    SEALED = "SELECT user, gateway, value FROM chat";
    RESEAL = "UPDATE chat SET value = ?3 WHERE user = ?1 AND gateway = ?2";
}

const TABLE: &str = "chat";

/// A chat to set, and the hash that it is found by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New<'a> {
    pub(crate) gateway: GatewayName,
    pub(crate) id: &'a ChatId,
    pub(crate) hash: ContactHash,
}

/// Sets the chat of a user, also in the place of one that cannot be read.
pub(crate) fn put(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
    new: New<'_>,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let is = Recipient::Chat(new.id.clone());
    let former = get(db, (seal, passing), user, new.gateway)?;
    let died_at = former.and_then(|former| {
        let was = Recipient::Chat(former.id);
        let stays = |died_at: &Timestamp| stays_dead((&was, *died_at), &is, now);
        former.died_at.filter(stays)
    });
    let standing = Standing {
        died_at,
        ..Standing::open(now)
    };
    set(db, seal, user, new, standing)
}

/// Sets the chat that a user opened by a link at a time, unless something else happened since.
pub(crate) fn bind(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
    new: New<'_>,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let known = standing(db, new.hash)?;
    let another = known.filter(|(owner, _)| *owner != user);
    let own = get(db, (seal, passing), user, new.gateway)?.map(|own| Own {
        is_same: own.id == *new.id,
        standing: own.standing(),
    });
    match bound(own, another.map(|(_, standing)| standing), at) {
        Some(standing) => set(db, seal, user, new, standing),
        None => Ok(()),
    }
}

/// Sets the chat of a user. Nobody else has it then.
fn set(
    db: &Connection,
    seal: &Seal,
    user: i64,
    new: New<'_>,
    standing: Standing,
) -> Result<(), rusqlite::Error> {
    let Standing {
        set_at,
        died_at,
        is_undated,
    } = standing;
    db.prepare_cached(LEAVE)?
        .execute((new.hash.bytes(), user))?;
    let name = user.to_string();
    let row = [name.as_str(), new.gateway.as_str()];
    let value = seal.seal_column(&place(&row), new.id.as_str().as_bytes())?;
    db.prepare_cached(PUT)?
        .execute((
            user,
            new.gateway.as_str(),
            value,
            new.hash.bytes(),
            millis(set_at),
            died_at.map(millis),
            is_undated,
        ))
        .map(drop)
}

/// The chat of a user at a gateway. One that cannot be read is passed over.
pub(crate) fn get(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
    gateway: GatewayName,
) -> Result<Option<Chat>, rusqlite::Error> {
    let name = user.to_string();
    let place_of = [name.as_str(), gateway.as_str()];
    let read = db
        .prepare_cached(GET)?
        .query_row((user, gateway.as_str()), |row| {
            found(row, seal, &place(&place_of))
        })
        .optional();
    Ok(passing.pass_over(TABLE, read)?.flatten())
}

fn found(row: &Row<'_>, seal: &Seal, place: &Place<'_>) -> Result<Chat, rusqlite::Error> {
    let value = seal.open_column(place, 0, row.get_ref(0)?.as_blob()?)?;
    let id = String::from_utf8(value).ok();
    let id = id.and_then(|text| ChatId::parse(&text).ok());
    Ok(Chat {
        id: id.ok_or_else(|| unreadable(row, 0, "the id of a chat"))?,
        set_at: time(row, 1)?,
        died_at: optional_time(row, 2)?,
        is_undated: row.get(3)?,
    })
}

/// Who has a chat, and how it stands.
fn standing(
    db: &Connection,
    hash: ContactHash,
) -> Result<Option<(i64, Standing)>, rusqlite::Error> {
    db.prepare_cached(STANDING)?
        .query_row([hash.bytes()], |row| {
            let standing = Standing {
                set_at: time(row, 0)?,
                died_at: optional_time(row, 1)?,
                is_undated: row.get(2)?,
            };
            Ok((row.get(3)?, standing))
        })
        .optional()
}

/// Since when the chat of a user is dead, if it is; `None` if there is none.
pub(crate) fn death(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
) -> Result<Option<Option<Timestamp>>, rusqlite::Error> {
    db.prepare_cached(DEATH)?
        .query_row((user, gateway.as_str()), |row| optional_time(row, 0))
        .optional()
}

/// Notes that the chat of a user is dead.
pub(crate) fn kill(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(KILL)?
        .execute((user, gateway.as_str(), millis(now)))
        .map(drop)
}

/// Notes that a chat was blocked, or opened again; tells whether anybody has it.
pub(crate) fn note(
    db: &Connection,
    hash: ContactHash,
    noted: impl FnOnce(Standing) -> Option<Standing>,
) -> Result<bool, rusqlite::Error> {
    let known = standing(db, hash)?;
    let after = known.and_then(|(_, known)| noted(known));
    if let Some(after) = after {
        let Standing {
            set_at,
            died_at,
            is_undated,
        } = after;
        let died_at = died_at.map(millis);
        let values = (hash.bytes(), millis(set_at), died_at, is_undated);
        db.prepare_cached(SET_STANDING)?.execute(values)?;
    }
    Ok(known.is_some())
}

/// Deletes the chat of a user at a gateway; tells whether there was one.
pub(crate) fn delete(
    db: &Connection,
    user: i64,
    gateway: GatewayName,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((user, gateway.as_str()))
        .map(|deleted| deleted > 0)
}

/// Deletes all chats of a user.
pub(crate) fn delete_all(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([user]).map(drop)
}

const fn place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: TABLE, row }
}

/// Seals every chat anew.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(i64, String, Vec<u8>)>, _>>()?;
    for (user, gateway, value) in all {
        let name = user.to_string();
        let row = [name.as_str(), gateway.as_str()];
        if let Some(value) = from.resealed(to, &place(&row), &value)? {
            db.prepare_cached(RESEAL)?
                .execute((user, &gateway, value))?;
        }
    }
    Ok(())
}
