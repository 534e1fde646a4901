//! Telephone numbers of users. They are sealed; what they are found by is a hash under a key.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::phone::PhoneNumber;
use vestnik_rules::{
    contact::ContactHash,
    gateway::{Recipient, stays_dead},
};

use super::dead_number;
use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{Unreadable, millis, time, unreadable},
};

statements! {
    PUT = "INSERT INTO phone_number (user, value, hash, set_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user) DO UPDATE SET value = excluded.value, hash = excluded.hash,
             set_at = excluded.set_at";
    GET = "SELECT value, set_at FROM phone_number WHERE user = ?1";
    EXISTS = "SELECT 1 FROM phone_number WHERE user = ?1";
    DELETE = "DELETE FROM phone_number WHERE user = ?1";
    SEALED = "SELECT user, value FROM phone_number";
    RESEAL = "UPDATE phone_number SET value = ?2 WHERE user = ?1";
}

const TABLE: &str = "phone_number";

/// The number of a user.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) number: PhoneNumber,
    pub(crate) set_at: Timestamp,
}

/// A number to set, and the hash that it is found by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New<'a> {
    pub(crate) number: &'a PhoneNumber,
    pub(crate) hash: ContactHash,
}

/// Sets the number of a user, also in the place of one that cannot be read. What gateways say of another one is
/// forgotten.
pub(crate) fn put(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
    New { number, hash }: New<'_>,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let is = Recipient::Phone(number.clone());
    let was = get(db, (seal, passing), user)?.map(|former| Recipient::Phone(former.number));
    dead_number::retain(db, user, |died_at| {
        let was = was.as_ref();
        was.is_some_and(|was| stays_dead((was, died_at), &is, now))
    })?;
    let value = sealed(seal, user, number)?;
    db.prepare_cached(PUT)?
        .execute((user, value, hash.bytes(), millis(now)))
        .map(drop)
}

/// Whether a user has a number.
pub(crate) fn exists(db: &Connection, user: i64) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(EXISTS)?.exists([user])
}

/// The number of a user. One that cannot be read is passed over.
pub(crate) fn get(
    db: &Connection,
    (seal, passing): (&Seal, &Unreadable),
    user: i64,
) -> Result<Option<Found>, rusqlite::Error> {
    let read = db
        .prepare_cached(GET)?
        .query_row([user], |row| {
            let name = user.to_string();
            let value = seal.open_column(&place(&[&name]), 0, row.get_ref(0)?.as_blob()?)?;
            let number = String::from_utf8(value).ok();
            let number = number.and_then(|text| PhoneNumber::parse(&text).ok());
            Ok(Found {
                number: number.ok_or_else(|| unreadable(row, 0, "a telephone number"))?,
                set_at: time(row, 1)?,
            })
        })
        .optional();
    Ok(passing.pass_over(TABLE, read)?.flatten())
}

/// Deletes the number of a user, and what gateways say of it.
pub(crate) fn delete(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    dead_number::delete(db, user)?;
    db.prepare_cached(DELETE)?.execute([user]).map(drop)
}

fn sealed(seal: &Seal, user: i64, number: &PhoneNumber) -> Result<Vec<u8>, rusqlite::Error> {
    let name = user.to_string();
    seal.seal_column(&place(&[&name]), number.as_str().as_bytes())
}

const fn place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: TABLE, row }
}

/// Seals every number anew.
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
