//! What can be read of a damaged history is carried over into the new one.
//!
//! Damage is mostly one page of many. Rows are read in their order; where reading fails, the next
//! attempt begins some rows further on, and further each time it fails again. What is read is checked:
//! a row whose content is no notification is left out. The cursor is not carried over, so that the log
//! gives what is missing; what was accepted before is quiet then.

use std::path::Path;

use rusqlite::{Connection, Row};
use vestnik_model::{Entry, Notification, UserId};
use vestnik_sqlite::{Database, Failure, open_read_only};

use super::table::{
    meta::{self, Counter},
    opaque, search,
};
use crate::{StoreError, sql::statements};

statements! {
    NOTIFICATIONS = "SELECT row, content, received_at, read_at, is_read, read_version, is_archived,
             archived_version, is_deleted, deleted_version, show, show_attempts, show_reason, is_ahead, id
         FROM notification WHERE row > ?1 ORDER BY row LIMIT ?2";
    FACTS = "SELECT row, id, kind, notification, up_to, version, body, at, is_single, batch
         FROM outbox WHERE row > ?1 AND failed IS NULL ORDER BY row LIMIT ?2";
    OPAQUES = "SELECT row, raw, at FROM opaque WHERE row > ?1 ORDER BY row LIMIT ?2";
    KNOWN = "SELECT id, state, at FROM known";
    INSERT = "INSERT INTO notification (row, id, revision, category, accepted_at, received_at,
             expires_at, read_at, is_read, read_version, is_archived, archived_version, is_deleted,
             deleted_version, show, show_attempts, show_reason, is_ahead, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT DO NOTHING";
    INSERT_FACT = "INSERT INTO outbox (id, kind, notification, up_to, version, body, at, is_single, batch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
    INSERT_KNOWN = "INSERT INTO known (id, state, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    COUNT_ROWS = "SELECT count(*) FROM notification";
    COUNT_UNREAD = "SELECT count(*) FROM notification
         WHERE is_read = 0 AND is_deleted = 0 AND is_archived = 0";
    COUNT_FACTS = "SELECT count(*) FROM outbox WHERE failed IS NULL";
}

/// How many rows are read and written at once.
const CHUNK: u32 = 2_000;
/// How often reading a table may fail before the rest of it is given up.
const FAILURES: u32 = 400;
/// Rows have small numbers; a larger one is damage, and would leave none for what comes.
const MAX_ROW: i64 = 1 << 48;

/// What was recovered from a damaged history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Notifications.
    pub notifications: u64,
    /// Facts that waited.
    pub facts: u64,
    /// How often reading failed. With 0 nothing is missing that could be told.
    pub failures: u32,
}

/// Carries over what can be read of the file `aside`, unless it says that it is another user's. What an
/// end of the process has left undone is done when it is called again.
pub(super) fn recover(
    aside: &Path,
    user: &UserId,
    into: &mut Database,
) -> Result<Recovered, StoreError> {
    let (mut recovered, mut restored) = (Recovered::default(), None);
    // A file of which not even the schema can be read has nothing to give.
    let from = open_read_only(aside).ok();
    if let Some(from) = from.filter(|from| !is_anothers(from, user)) {
        recovered.failures += salvage(&from, NOTIFICATIONS, into, |db, row| {
            let added = notification(db, row)?;
            recovered.notifications += u64::from(added);
            Ok(())
        })?;
        recovered.failures += salvage(&from, FACTS, into, |db, row| {
            let added = fact(db, row)?;
            recovered.facts += u64::from(added);
            Ok(())
        })?;
        recovered.failures += salvage(&from, OPAQUES, into, entry)?;
        recovered.failures += u32::from(!known(&from, into)?);
        // If it cannot be read, the history learns again that the files were set back.
        restored = meta::restored(&from).ok().flatten();
    }
    into.write(|db| {
        count(db)?;
        meta::set_restored(db, restored)?;
        meta::set_recovering(db, None)
    })?;
    Ok(recovered)
}

/// Rows under another user's name are not this user's. A name that cannot be read is that of the file.
fn is_anothers(from: &Connection, user: &UserId) -> bool {
    let found = meta::user(from).ok().flatten();
    found.is_some_and(|found| found != *user)
}

/// Reads a table in chunks, past its damage; gives how often reading failed.
fn salvage(
    from: &Connection,
    select: &str,
    into: &mut Database,
    mut keep: impl FnMut(&Connection, &Row<'_>) -> Result<(), Salvage>,
) -> Result<u32, Failure> {
    let (mut at, mut skip, mut failures) = (0_i64, 0_i64, 0);
    while failures < FAILURES && at < MAX_ROW - skip {
        let begin = at + skip;
        let (end, is_sound) = into.write(|db| chunk(from, select, begin, |row| keep(db, row)))?;
        match (end, is_sound) {
            (Some(end), true) => (at, skip) = (end, 0),
            (None, true) => break,
            (end, false) => {
                failures += 1;
                skip = if end.is_some() { 1 } else { (skip * 2).max(1) };
                at = end.unwrap_or(at);
            }
        }
    }
    Ok(failures)
}

/// Why a row is not carried over.
enum Salvage {
    /// It cannot be read.
    Unreadable,
    /// It cannot be written.
    Write(rusqlite::Error),
}

/// What a row does not hold is no error of writing.
impl From<rusqlite::Error> for Salvage {
    fn from(_: rusqlite::Error) -> Self {
        Self::Unreadable
    }
}

/// Reads rows behind `begin`; gives the last one, and whether all could be read. An error of the new
/// file is passed on, one of the damaged file is not.
fn chunk(
    from: &Connection,
    select: &str,
    begin: i64,
    mut keep: impl FnMut(&Row<'_>) -> Result<(), Salvage>,
) -> Result<(Option<i64>, bool), rusqlite::Error> {
    let mut last = None;
    let Ok(mut statement) = from.prepare_cached(select) else {
        return Ok((None, false));
    };
    let Ok(mut rows) = statement.query((begin, CHUNK)) else {
        return Ok((None, false));
    };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok((last, true)),
            Err(_) => return Ok((last, false)),
        };
        match row.get::<_, i64>(0) {
            Ok(MAX_ROW..) => return Ok((last, true)),
            Ok(number) if number > last.unwrap_or(begin) => last = Some(number),
            Ok(_) | Err(_) => return Ok((last, false)),
        }
        match keep(row) {
            Ok(()) | Err(Salvage::Unreadable) => {}
            Err(Salvage::Write(error)) => return Err(error),
        }
    }
}

/// Gives whether the row is new.
fn notification(db: &Connection, row: &Row<'_>) -> Result<bool, Salvage> {
    let number: i64 = row.get(0)?;
    let content = row.get_ref(1)?.as_str().unwrap_or_default();
    let Ok(notification) = serde_json::from_str::<Notification>(content) else {
        return Ok(false);
    };
    // Of two ids that differ one is damaged, and the log gives the notification under its own.
    if row.get::<_, [u8; 16]>(14)? != notification.id.uuid().into_bytes() {
        return Ok(false);
    }
    let (show, reason) = show(row)?;
    let added = insert(db, row, &notification, (number, &show, reason.as_deref()))?;
    if added {
        search::insert(db, number, &notification).map_err(Salvage::Write)?;
    }
    Ok(added)
}

/// A show that was begun, or whose state cannot be read, may be on the screen.
fn show(row: &Row<'_>) -> Result<(String, Option<String>), Salvage> {
    let show = row.get_ref(10)?.as_str().unwrap_or_default().to_owned();
    let attempts: u32 = row.get(11).unwrap_or(1);
    let reason: Option<String> = row.get(12).unwrap_or(None);
    Ok(match show.as_str() {
        "due" if attempts == 0 => (show, reason),
        "shown" | "suppressed" => (show, reason),
        _ => ("suppressed".to_owned(), Some("restored".to_owned())),
    })
}

fn insert(
    db: &Connection,
    row: &Row<'_>,
    notification: &Notification,
    (number, show, reason): (i64, &str, Option<&str>),
) -> Result<bool, Salvage> {
    let flag = |column| row.get::<_, bool>(column).unwrap_or_default();
    let version = |column| {
        row.get::<_, i64>(column)
            .map_or(-1, |version| version.max(-1))
    };
    let time = |column| row.get::<_, Option<i64>>(column).ok().flatten();
    let time =
        |column| time(column).filter(|millis| jiff::Timestamp::from_millisecond(*millis).is_ok());
    let accepted_at = notification.accepted_at.as_millisecond();
    let values = rusqlite::params![
        number,
        notification.id.uuid().into_bytes(),
        notification.revision,
        notification.category.as_ref().map(|name| name.as_str()),
        accepted_at,
        time(2).unwrap_or(accepted_at),
        notification.expires_at.as_millisecond(),
        time(3),
        flag(4),
        version(5),
        flag(6),
        version(7),
        flag(8),
        version(9),
        show,
        row.get::<_, u32>(11).unwrap_or_default(),
        reason,
        flag(13),
        row.get_ref(1)?.as_str().unwrap_or_default(),
    ];
    let mut statement = db.prepare_cached(INSERT).map_err(Salvage::Write)?;
    let added = statement.execute(values).map_err(Salvage::Write)?;
    Ok(added > 0)
}

/// Gives whether the fact is new.
fn fact(db: &Connection, row: &Row<'_>) -> Result<bool, Salvage> {
    let values = rusqlite::params![
        row.get::<_, String>(1)?,
        row.get::<_, String>(2)?,
        row.get::<_, Option<[u8; 16]>>(3)?,
        row.get::<_, Option<String>>(4)?,
        row.get::<_, Option<i64>>(5)?,
        row.get::<_, Option<String>>(6)?,
        row.get::<_, i64>(7)?,
        row.get::<_, bool>(8)?,
        row.get::<_, u32>(9)?,
    ];
    let mut statement = db.prepare_cached(INSERT_FACT).map_err(Salvage::Write)?;
    let added = statement.execute(values).map_err(Salvage::Write)?;
    Ok(added > 0)
}

fn entry(db: &Connection, row: &Row<'_>) -> Result<(), Salvage> {
    let raw: String = row.get(1)?;
    let at = vestnik_sqlite::value::time(row, 2)?;
    match serde_json::from_str::<Entry>(&raw) {
        Ok(entry) => opaque::keep(db, &entry, at).map_err(Salvage::Write),
        Err(_) => Ok(()),
    }
}

/// Gives whether all of it could be read.
fn known(from: &Connection, into: &mut Database) -> Result<bool, Failure> {
    let (mut found, mut is_sound) = (Vec::new(), false);
    if let Ok(mut statement) = from.prepare(KNOWN)
        && let Ok(rows) = statement.query_map([], |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?, row.get(2)?))
        })
    {
        let rows: Vec<Result<(_, String, i64), _>> = rows.collect();
        is_sound = rows.iter().all(Result::is_ok);
        found.extend(rows.into_iter().flatten());
    }
    into.write(|db| {
        let mut insert = db.prepare_cached(INSERT_KNOWN)?;
        found
            .iter()
            .try_for_each(|(id, state, at)| insert.execute((id, state, at)).map(drop))
    })?;
    Ok(is_sound)
}

/// Counts what is counted elsewhere in the transactions that change it.
fn count(db: &Connection) -> Result<(), rusqlite::Error> {
    for (counter, statement) in [
        (Counter::Rows, COUNT_ROWS),
        (Counter::Unread, COUNT_UNREAD),
        (Counter::FactsWaiting, COUNT_FACTS),
    ] {
        let count: u64 = db.query_row(statement, [], |row| row.get(0))?;
        meta::set_count(db, counter, count)?;
    }
    Ok(())
}
