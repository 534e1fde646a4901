//! Identity keys. Their key column is sealed.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, IdentityAlgorithm};
use vestnik_sqlite::value::unreadable;
use vestnik_store::tenants::IdentityKey;

use crate::seal::{Place, Seal};

use crate::sql::statements;

statements! {
    PUT = "INSERT INTO identity_key (app, kid, algorithm, key) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (app, kid) DO UPDATE SET algorithm = excluded.algorithm, key = excluded.key";
    EXISTS = "SELECT 1 FROM identity_key WHERE app = ?1 AND kid = ?2";
    GET = "SELECT algorithm, key FROM identity_key WHERE app = ?1 AND kid = ?2";
    DELETE = "DELETE FROM identity_key WHERE app = ?1 AND kid = ?2";
    SEALED = "SELECT app, kid, algorithm, key FROM identity_key";
    RESEAL = "UPDATE identity_key SET key = ?3 WHERE app = ?1 AND kid = ?2";
}

/// Sets a key, whole.
pub(crate) fn put(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    key: &IdentityKey,
) -> Result<(), rusqlite::Error> {
    let algorithm = algorithm_word(key.algorithm);
    let place = place(app.as_str(), &key.kid, algorithm);
    let place = Place {
        table: TABLE,
        row: &place,
    };
    let sealed = seal.seal_column(&place, &key.key)?;
    db.prepare_cached(PUT)?
        .execute((app.as_str(), &key.kid, algorithm, sealed))
        .map(drop)
}

/// Whether there is such a key.
pub(crate) fn exists(db: &Connection, app: &AppId, kid: &str) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(EXISTS)?.exists((app.as_str(), kid))
}

/// One key.
pub(crate) fn get(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    kid: &str,
) -> Result<Option<IdentityKey>, rusqlite::Error> {
    db.prepare_cached(GET)?
        .query_row((app.as_str(), kid), |row| {
            let algorithm = row.get_ref(0)?.as_str()?;
            let place = place(app.as_str(), kid, algorithm);
            let place = Place {
                table: TABLE,
                row: &place,
            };
            let key = seal.open_column(&place, 1, row.get_ref(1)?.as_blob()?)?;
            Ok(IdentityKey {
                kid: kid.to_owned(),
                algorithm: read_algorithm(algorithm)
                    .ok_or_else(|| unreadable(row, 0, "an algorithm"))?,
                key,
            })
        })
        .optional()
}

/// Deletes a key; tells whether there was one.
pub(crate) fn delete(db: &Connection, app: &AppId, kid: &str) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((app.as_str(), kid))
        .map(|deleted| deleted > 0)
}

/// Seals every key anew.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| {
            Ok(([row.get(0)?, row.get(1)?, row.get(2)?], row.get(3)?))
        })?
        .collect::<Result<Vec<([String; 3], Vec<u8>)>, _>>()?;
    for ([app, kid, algorithm], key) in all {
        let place = place(&app, &kid, &algorithm);
        let place = Place {
            table: TABLE,
            row: &place,
        };
        if let Some(key) = from.resealed(to, &place, &key)? {
            db.prepare_cached(RESEAL)?.execute((&app, &kid, key))?;
        }
    }
    Ok(())
}

const TABLE: &str = "identity_key";

/// The algorithm belongs to the place: a public key must not become a shared secret.
fn place<'a>(app: &'a str, kid: &'a str, algorithm: &'a str) -> [&'a str; 3] {
    [app, kid, algorithm]
}

const ALGORITHMS: [IdentityAlgorithm; 3] = [
    IdentityAlgorithm::Hs256,
    IdentityAlgorithm::Rs256,
    IdentityAlgorithm::Es256,
];

const fn algorithm_word(algorithm: IdentityAlgorithm) -> &'static str {
    match algorithm {
        IdentityAlgorithm::Hs256 => "HS256",
        IdentityAlgorithm::Rs256 => "RS256",
        IdentityAlgorithm::Es256 => "ES256",
    }
}

fn read_algorithm(word: &str) -> Option<IdentityAlgorithm> {
    ALGORITHMS
        .into_iter()
        .find(|algorithm| algorithm_word(*algorithm) == word)
}
