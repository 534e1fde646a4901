//! Flags of notifications that have not come yet.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{Flag, NotificationId};
use vestnik_sqlite::value::{millis, time};

use super::notification::bytes;
use crate::{rule::flag::Mark, sql::statements};

/// How many are kept; the oldest go first.
const KEPT: u32 = 1_024;

statements! {
    DELETE_ALL = "DELETE FROM early";
    FIND = "SELECT flag, value, version, at FROM early WHERE id = ?1 AND flag = ?2";
    OF = "SELECT flag, value, version, at FROM early WHERE id = ?1";
    KEEP = "INSERT OR REPLACE INTO early (id, flag, value, version, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    BOUND = "DELETE FROM early
         WHERE row <= (SELECT row FROM early ORDER BY row DESC LIMIT 1 OFFSET ?1)";
    DELETE = "DELETE FROM early WHERE id = ?1";
}

/// What is kept of a flag.
pub(in crate::store) fn find(
    db: &Connection,
    id: NotificationId,
    flag: Flag,
) -> Result<Mark, rusqlite::Error> {
    let found = db
        .prepare_cached(FIND)?
        .query_row((bytes(id), flag.as_str()), read)
        .optional()?
        .flatten();
    Ok(found.map_or(Mark::UNSET, |(_, own, _)| own))
}

/// Keeps a flag until its notification comes; the higher version wins.
pub(in crate::store) fn keep(
    db: &Connection,
    id: NotificationId,
    (flag, mark): (Flag, Mark),
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let own = find(db, id, flag)?;
    let merged = own.merged(mark);
    if merged == own {
        return Ok(());
    }
    db.prepare_cached(KEEP)?.execute((
        bytes(id),
        flag.as_str(),
        merged.value,
        merged
            .version
            .and_then(|version| i64::try_from(version).ok()),
        millis(at),
    ))?;
    db.prepare_cached(BOUND)?.execute([KEPT]).map(drop)
}

/// Takes what is kept of a notification.
pub(in crate::store) fn take(
    db: &Connection,
    id: NotificationId,
) -> Result<Vec<(Flag, Mark, Timestamp)>, rusqlite::Error> {
    let found: Vec<_> = db
        .prepare_cached(OF)?
        .query_map([bytes(id)], read)?
        .collect::<Result<_, _>>()?;
    if !found.is_empty() {
        forget(db, id)?;
    }
    Ok(found.into_iter().flatten().collect())
}

/// Forgets what is kept of a notification.
pub(in crate::store) fn forget(db: &Connection, id: NotificationId) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([bytes(id)]).map(drop)
}

/// Nothing if this version does not know the flag.
fn read(row: &Row<'_>) -> Result<Option<(Flag, Mark, Timestamp)>, rusqlite::Error> {
    let Some(flag) = Flag::from_code(row.get_ref(0)?.as_str()?) else {
        return Ok(None);
    };
    let version: i64 = row.get(2)?;
    let mark = Mark {
        version: u64::try_from(version).ok(),
        value: row.get(1)?,
    };
    Ok(Some((flag, mark, time(row, 3)?)))
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
