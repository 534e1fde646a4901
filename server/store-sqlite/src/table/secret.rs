//! The server's own secrets, sealed rows of `meta`.

use rusqlite::{Connection, types::Type};
use vestnik_rules::contact::ContactKey;
use vestnik_store::operations::Secrets;

use super::meta::{self, ACCESS, CONTACT, REFRESH, SEAL_CHECK};
use crate::seal::{Place, Seal, is_encrypted};

/// What is sealed to see whether a key is the right one.
const CHECK: &[u8] = b"vestnik";

/// The secrets; the offered ones are kept where there were none.
pub(crate) fn ensure(
    db: &Connection,
    seal: &Seal,
    offered: &Secrets,
) -> Result<Secrets, rusqlite::Error> {
    Ok(Secrets {
        access: ensure_one(db, seal, ACCESS, &offered.access)?,
        refresh: ensure_one(db, seal, REFRESH, &offered.refresh)?,
    })
}

/// The key under which addresses are hashed; the offered one is kept where there was none.
pub(crate) fn ensure_contact_key(
    db: &Connection,
    seal: &Seal,
    offered: &[u8; 32],
) -> Result<ContactKey, rusqlite::Error> {
    ensure_one(db, seal, CONTACT, offered).map(ContactKey::new)
}

fn ensure_one(
    db: &Connection,
    seal: &Seal,
    name: &'static str,
    offered: &[u8; 32],
) -> Result<[u8; 32], rusqlite::Error> {
    let Some(secret) = get(db, seal, name)? else {
        put(db, seal, name, offered)?;
        return Ok(*offered);
    };
    let length = secret.len();
    <[u8; 32]>::try_from(secret)
        .map_err(|_| rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, wrong(length)))
}

fn wrong(length: usize) -> Box<dyn std::error::Error + Send + Sync> {
    format!("a secret has {length} bytes, not 32").into()
}

/// Sets a secret.
pub(crate) fn put(
    db: &Connection,
    seal: &Seal,
    name: &'static str,
    secret: &[u8],
) -> Result<(), rusqlite::Error> {
    let place = Place {
        table: "meta",
        row: &[name],
    };
    let sealed = seal.seal_column(&place, secret)?;
    meta::put(db, name, &sealed)
}

fn get(
    db: &Connection,
    seal: &Seal,
    name: &'static str,
) -> Result<Option<Vec<u8>>, rusqlite::Error> {
    let sealed: Option<Vec<u8>> = meta::get(db, name)?;
    let place = Place {
        table: "meta",
        row: &[name],
    };
    sealed
        .map(|sealed| seal.open_column(&place, 0, &sealed))
        .transpose()
}

/// How the secrets of a database are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtRest {
    /// As they are.
    Plain,
    /// Under the given key.
    Sealed,
    /// Under another key.
    OtherKey,
}

/// Compares the secrets of a database with a key.
pub(crate) fn at_rest(db: &Connection, seal: &Seal) -> Result<AtRest, rusqlite::Error> {
    let check: Option<Vec<u8>> = meta::get(db, SEAL_CHECK)?;
    let place = Place {
        table: "meta",
        row: &[SEAL_CHECK],
    };
    Ok(match check {
        None => AtRest::Plain,
        Some(check) if is_encrypted(&check) && seal.open(&place, &check).is_ok() => AtRest::Sealed,
        Some(_) => AtRest::OtherKey,
    })
}

/// Seals what is stored plainly.
pub(crate) fn encrypt(db: &Connection, seal: &Seal, plain: &Seal) -> Result<(), rusqlite::Error> {
    for name in [ACCESS, REFRESH, CONTACT] {
        if let Some(secret) = get(db, plain, name)? {
            put(db, seal, name, &secret)?;
        }
    }
    put(db, seal, SEAL_CHECK, CHECK)
}
