//! What there is one of.

use rusqlite::{Connection, OptionalExtension as _, types::FromSql};

use crate::life::{Beginning, Life, Lineage};

use crate::sql::statements;

statements! {
    GET = "SELECT value FROM meta WHERE name = ?1";
    PUT = "INSERT INTO meta (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    LAST_USER = "SELECT seq FROM sqlite_sequence WHERE name = 'user'";
    REMOVE = "DELETE FROM meta WHERE name = ?1";
}

const EPOCH: &str = "life.epoch";
const GENERATION: &str = "life.generation";
/// The epoch of each life and the last row of a user before it, in 4 and 8 bytes, the oldest first.
const LIVES: &str = "life.lives";
/// The most lives that are known: of two databases that parted longer ago, nobody knows which rows are one user's.
const MOST_LIVES: usize = 256;
/// Signs access tokens.
pub(crate) const ACCESS: &str = "secret.access";
/// Derives refresh tokens.
pub(crate) const REFRESH: &str = "secret.refresh";
/// Hashes addresses that are found by it.
pub(crate) const CONTACT: &str = "secret.contact";
/// A known text, sealed: shows whether a key is the right one.
pub(crate) const SEAL_CHECK: &str = "seal.check";
/// Present while the file may hold plain secrets in places that are not in use.
pub(crate) const SEAL_REMNANTS: &str = "seal.remnants";
/// When the last backup was taken, in milliseconds.
pub(crate) const BACKUP_AT: &str = "backup.at";

/// The random number from which the epochs of all logs are mixed.
pub(crate) fn epoch(db: &Connection) -> Result<u32, rusqlite::Error> {
    let epoch: Option<[u8; 4]> = get(db, EPOCH)?;
    Ok(epoch.map_or(0, u32::from_be_bytes))
}

/// The life; absent in a database that was made just now.
pub(crate) fn life(db: &Connection) -> Result<Option<Life>, rusqlite::Error> {
    let generation: Option<[u8; 8]> = get(db, GENERATION)?;
    let Some(generation) = generation.map(u64::from_be_bytes) else {
        return Ok(None);
    };
    let epoch = epoch(db)?;
    Ok(Some(Life { epoch, generation }))
}

/// Sets the life. One of another epoch begins.
pub(crate) fn put_life(db: &Connection, life: Life) -> Result<(), rusqlite::Error> {
    let Life { epoch, generation } = life;
    let known = self::life(db)?;
    if known.is_none_or(|known| known.epoch != epoch) {
        begin_life(db, epoch)?;
    }
    put(db, EPOCH, &epoch.to_be_bytes())?;
    put(db, GENERATION, &generation.to_be_bytes())
}

fn begin_life(db: &Connection, epoch: u32) -> Result<(), rusqlite::Error> {
    let known: Option<Vec<u8>> = get(db, LIVES)?;
    let mut lives = known.as_deref().map(parse_lives).unwrap_or_default();
    lives.push(Beginning {
        epoch,
        last_user: last_user(db)?,
    });
    let latest = lives.iter().skip(lives.len().saturating_sub(MOST_LIVES));
    let bytes = latest.flat_map(|life| {
        let epoch = life.epoch.to_be_bytes().into_iter();
        epoch.chain(life.last_user.to_be_bytes())
    });
    put(db, LIVES, &bytes.collect::<Vec<_>>())
}

/// The lives that the database has had.
///
/// # Errors
/// [`rusqlite::Error::QueryReturnedNoRows`] if it does not say.
pub(crate) fn lineage(db: &Connection) -> Result<Lineage, rusqlite::Error> {
    let lives: Option<Vec<u8>> = get(db, LIVES)?;
    let lives = lives.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(Lineage {
        lives: parse_lives(&lives),
        last_user: last_user(db)?,
    })
}

fn parse_lives(bytes: &[u8]) -> Vec<Beginning> {
    let lives = bytes.as_chunks::<12>().0.iter();
    lives
        .map(|&[a, b, c, d, ref last_user @ ..]| Beginning {
            epoch: u32::from_be_bytes([a, b, c, d]),
            last_user: i64::from_be_bytes(*last_user),
        })
        .collect()
}

/// The last row of a user that was given; they are never given again.
fn last_user(db: &Connection) -> Result<i64, rusqlite::Error> {
    let last = db
        .prepare_cached(LAST_USER)?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// Reads a value.
pub(crate) fn get<T: FromSql>(db: &Connection, name: &str) -> Result<Option<T>, rusqlite::Error> {
    db.prepare_cached(GET)?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Sets a value.
pub(crate) fn put(db: &Connection, name: &str, value: &[u8]) -> Result<(), rusqlite::Error> {
    db.prepare_cached(PUT)?.execute((name, value)).map(drop)
}

/// Removes a value.
pub(crate) fn remove(db: &Connection, name: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(REMOVE)?.execute([name]).map(drop)
}
