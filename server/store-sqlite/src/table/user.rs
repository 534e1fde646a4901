//! Users and the heads of their logs.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row};
use vestnik_model::{AppId, UserId};
use vestnik_rules::{
    identity::user_hash,
    log::{Place, Tag, epoch_of},
};

use super::meta;
use crate::{
    sql::statements,
    value::{millis, optional_time},
};

statements! {
    FIND = "SELECT row, last_seq, last_tag, renewal, renewed_at FROM user
         WHERE app = ?1 AND id = ?2";
    INSERT = "INSERT INTO user (app, id, hash) VALUES (?1, ?2, ?3)";
    FIND_ROW = "SELECT row, last_seq, last_tag, renewal, renewed_at, id FROM user WHERE row = ?1";
    NAME = "SELECT id FROM user WHERE row = ?1";
    BY_HASH = "SELECT row, id FROM user WHERE app = ?1 AND hash = ?2 AND id IS NOT NULL";
    ADVANCE = "UPDATE user SET last_seq = ?2, last_tag = ?3 WHERE row = ?1";
    RENEW = "UPDATE user SET renewal = ?2, renewed_at = ?3 WHERE row = ?1";
    UNNAME = "UPDATE user SET id = NULL, zone = NULL, quiet_from = NULL, quiet_to = NULL,
             phone_zone = NULL, opt_out = NULL WHERE row = ?1";
    DELETE = "DELETE FROM user WHERE row = ?1";
}

/// A user and the head of their log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) row: i64,
    pub(crate) seq: u64,
    pub(crate) tag: Tag,
    renewal: u32,
    /// When the log last got a new epoch.
    pub(crate) renewed_at: Option<Timestamp>,
}

impl Head {
    /// The end of the log.
    pub(crate) fn place(&self, database: u32) -> Place {
        Place {
            epoch: epoch_of(database, self.renewal),
            seq: self.seq,
            tag: self.tag,
        }
    }
}

/// A user, if they are known.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<Option<Head>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((app.as_str(), user.as_str()), head)
        .optional()
}

/// A user with their name, by the row; `None` while the user is being erased.
pub(crate) fn find_row(
    db: &Connection,
    row: i64,
) -> Result<Option<(Head, UserId)>, rusqlite::Error> {
    let found = db
        .prepare_cached(FIND_ROW)?
        .query_row([row], |row| Ok((head(row)?, row.get(5)?)))
        .optional()?;
    Ok(found
        .and_then(|(head, name): (Head, Option<String>)| Some((head, UserId::parse(name?).ok()?))))
}

/// A head from the columns `row, last_seq, last_tag, renewal, renewed_at`.
pub(crate) fn head(row: &Row<'_>) -> Result<Head, rusqlite::Error> {
    Ok(Head {
        row: row.get(0)?,
        seq: row.get(1)?,
        tag: Tag(row.get(2)?),
        renewal: row.get(3)?,
        renewed_at: optional_time(row, 4)?,
    })
}

/// A user, made if they are not known.
pub(crate) fn ensure(db: &Connection, app: &AppId, user: &UserId) -> Result<Head, rusqlite::Error> {
    if let Some(head) = find(db, app, user)? {
        return Ok(head);
    }
    db.prepare_cached(INSERT)?
        .execute((app.as_str(), user.as_str(), user_hash(user)))?;
    Ok(Head {
        row: db.last_insert_rowid(),
        seq: 0,
        tag: Tag(0),
        renewal: 0,
        renewed_at: None,
    })
}

/// The place of the head of a user's log; the beginning for a user who is not known.
pub(crate) fn place(db: &Connection, app: &AppId, user: &UserId) -> Result<Place, rusqlite::Error> {
    let database = meta::epoch(db)?;
    let head = find(db, app, user)?;
    Ok(head.map_or_else(
        || Place::start(epoch_of(database, 0)),
        |head| head.place(database),
    ))
}

/// The name of a user; absent while the user is being erased.
pub(crate) fn name(db: &Connection, row: i64) -> Result<Option<UserId>, rusqlite::Error> {
    let name: Option<Option<String>> = db
        .prepare_cached(NAME)?
        .query_row([row], |row| row.get(0))
        .optional()?;
    Ok(name.flatten().and_then(|name| UserId::parse(name).ok()))
}

/// The users whose names have this hash: one, unless somebody looked for a second.
pub(crate) fn by_hash(
    db: &Connection,
    app: &AppId,
    hash: u64,
) -> Result<Vec<(i64, UserId)>, rusqlite::Error> {
    let found = db
        .prepare_cached(BY_HASH)?
        .query_map((app.as_str(), hash), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, String)>, _>>()?;
    let users = found.into_iter();
    Ok(users
        .filter_map(|(row, name)| Some((row, UserId::parse(name).ok()?)))
        .collect())
}

/// The statement that writes the head of a log, for [`advance`].
pub(crate) fn advancing(db: &Connection) -> Result<CachedStatement<'_>, rusqlite::Error> {
    db.prepare_cached(ADVANCE)
}

/// Writes the head of a log, which has moved on.
pub(crate) fn advance(
    advancing: &mut CachedStatement<'_>,
    head: &Head,
) -> Result<(), rusqlite::Error> {
    advancing
        .execute((head.row, head.seq, head.tag.0))
        .map(drop)
}

/// Gives a log a new epoch.
pub(crate) fn renew(
    db: &Connection,
    head: &Head,
    random: u32,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    // The new epoch is another one also when the random number comes again.
    let is_same = head.renewal == random;
    let renewal = random.wrapping_add(u32::from(is_same));
    db.prepare_cached(RENEW)?
        .execute((head.row, renewal, millis(now)))
        .map(drop)
}

/// Takes the name of a user who is being erased, so that it is free at once, and their attributes.
pub(crate) fn unname(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(UNNAME)?.execute([row]).map(drop)
}

/// Deletes a user of whom nothing is left.
pub(crate) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([row]).map(drop)
}
