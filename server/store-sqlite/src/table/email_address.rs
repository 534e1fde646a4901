//! E-mail addresses of users. They are sealed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::email::EmailAddress;
use vestnik_rules::{
    address::{Stored, Upload, hash_email, upload},
    contact::ContactHash,
};
use vestnik_store::contacts::Email;

use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{Unreadable, millis, optional_time, time, unreadable},
};

statements! {
    PUT = "INSERT INTO email_address (user, value, hash, set_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user) DO UPDATE SET value = excluded.value, hash = excluded.hash,
             set_at = excluded.set_at, died_at = NULL";
    GET = "SELECT value, set_at, died_at FROM email_address WHERE user = ?1";
    DEATH = "SELECT died_at FROM email_address WHERE user = ?1";
    KILL = "UPDATE email_address SET died_at = ?2 WHERE user = ?1 AND died_at IS NULL";
    DELETE = "DELETE FROM email_address WHERE user = ?1";
    SEALED = "SELECT user, value FROM email_address";
    RESEAL = "UPDATE email_address SET value = ?2 WHERE user = ?1";
}

const TABLE: &str = "email_address";

/// An address to set, and the hash that it is found by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New<'a> {
    pub(crate) address: &'a EmailAddress,
    pub(crate) hash: ContactHash,
}

/// Sets the address of a user, also in the place of one that cannot be read.
pub(crate) fn put(
    db: &Connection,
    (seal, unreadable): (&Seal, &Unreadable),
    user: i64,
    New { address, hash }: New<'_>,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let stored = get(db, (seal, unreadable), user)?.map(|email| Stored {
        hash: hash_email(&email.address),
        died_at: email.died_at,
    });
    match upload(stored, &hash_email(address), now) {
        Upload::StayDead => Ok(()),
        Upload::Refresh | Upload::Replace => {
            let value = sealed(seal, user, address)?;
            db.prepare_cached(PUT)?
                .execute((user, value, hash.bytes(), millis(now)))
                .map(drop)
        }
    }
}

/// The address of a user. One that cannot be read is passed over.
pub(crate) fn get(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
) -> Result<Option<Email>, rusqlite::Error> {
    let read = db
        .prepare_cached(GET)?
        .query_row([user], |row| {
            let name = user.to_string();
            let value = seal.open_column(&place(&[&name]), 0, row.get_ref(0)?.as_blob()?)?;
            let address = String::from_utf8(value).ok();
            let address = address.and_then(|text| EmailAddress::parse(&text).ok());
            Ok(Email {
                address: address.ok_or_else(|| unreadable(row, 0, "an e-mail address"))?,
                set_at: time(row, 1)?,
                died_at: optional_time(row, 2)?,
            })
        })
        .optional();
    Ok(passing.pass_over(TABLE, read)?.flatten())
}

/// Notes that the address of a user is dead.
pub(crate) fn kill(db: &Connection, user: i64, now: Timestamp) -> Result<(), rusqlite::Error> {
    db.prepare_cached(KILL)?
        .execute((user, millis(now)))
        .map(drop)
}

/// Since when the address of a user is dead, if it is; `None` if there is none.
pub(crate) fn death(
    db: &Connection,
    user: i64,
) -> Result<Option<Option<Timestamp>>, rusqlite::Error> {
    db.prepare_cached(DEATH)?
        .query_row([user], |row| optional_time(row, 0))
        .optional()
}

/// Deletes the address of a user; tells whether there was one.
pub(crate) fn delete(db: &Connection, user: i64) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute([user])
        .map(|deleted| deleted > 0)
}

fn sealed(seal: &Seal, user: i64, address: &EmailAddress) -> Result<Vec<u8>, rusqlite::Error> {
    let name = user.to_string();
    seal.seal_column(&place(&[&name]), address.to_string().as_bytes())
}

const fn place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: TABLE, row }
}

/// Seals every address anew.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, Vec<u8>)>, _>>()?;
    for (user, value) in all {
        let name = user.to_string();
        if let Some(value) = from.resealed(to, &place(&[&name]), &value)? {
            db.prepare_cached(RESEAL)?.execute((user, value))?;
        }
    }
    Ok(())
}
