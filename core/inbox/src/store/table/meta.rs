//! What there is one of.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{Cursor, UserId};

use crate::{
    rule::{admission::Quiet, identity::RestoreMark, suppression::Suppression},
    sql::statements,
};

statements! {
    READ = "SELECT value FROM meta WHERE name = ?1";
    WRITE = "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    DELETE = "DELETE FROM meta WHERE name = ?1";
}

const SCHEMA: &str = "schema";
const USER: &str = "user";
const CURSOR: &str = "cursor";
const QUIET_BEFORE: &str = "quiet_before";
const QUIET_REASON: &str = "quiet_reason";
const READER: &str = "reader";
const QUIET_BY_DEVICE: &str = "quiet_by_device";
const BEGUN: &str = "begun";
const RESTORED: &str = "restored";
const WIPED: &str = "wiped";
const RECOVERING: &str = "recovering";

fn read(db: &Connection, name: &str) -> Result<Option<String>, rusqlite::Error> {
    db.prepare_cached(READ)?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn write(db: &Connection, name: &str, value: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(WRITE)?.execute((name, value)).map(drop)
}

fn delete(db: &Connection, name: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([name]).map(drop)
}

/// The schema's version as the table says it.
pub(in crate::store) fn schema_version(db: &Connection) -> Result<Option<u32>, rusqlite::Error> {
    Ok(read(db, SCHEMA)?.and_then(|text| text.parse().ok()))
}

/// Whose history this is; a value that cannot be read is nobody's.
pub(in crate::store) fn user(db: &Connection) -> Result<Option<UserId>, rusqlite::Error> {
    Ok(read(db, USER)?.and_then(|text| text.parse().ok()))
}

pub(in crate::store) fn set_user(db: &Connection, user: &UserId) -> Result<(), rusqlite::Error> {
    write(db, USER, user.as_str())
}

/// Where the device stands. A value that cannot be read is the beginning: the log is read anew, and
/// what is known is known by its id.
pub(in crate::store) fn cursor(db: &Connection) -> Result<Option<Cursor>, rusqlite::Error> {
    Ok(read(db, CURSOR)?.and_then(|text| text.parse().ok()))
}

pub(in crate::store) fn set_cursor(
    db: &Connection,
    cursor: &Cursor,
) -> Result<(), rusqlite::Error> {
    write(db, CURSOR, cursor.as_str())
}

/// Forgets everything but whose history it is and when the device's files were set back.
pub(in crate::store) fn clear(db: &Connection) -> Result<(), rusqlite::Error> {
    let counters = [Counter::Rows, Counter::Unread, Counter::FactsWaiting].map(Counter::name);
    let others = [CURSOR, QUIET_BEFORE, QUIET_REASON, QUIET_BY_DEVICE, BEGUN];
    counters
        .into_iter()
        .chain(others)
        .try_for_each(|name| delete(db, name))
}

/// What was accepted before a moment is quiet, and whether that moment is one of the device's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct StoredQuiet {
    pub(in crate::store) quiet: Quiet,
    pub(in crate::store) is_by_device: bool,
}

pub(in crate::store) fn quiet(db: &Connection) -> Result<Option<StoredQuiet>, rusqlite::Error> {
    let before = read(db, QUIET_BEFORE)?.and_then(|text| text.parse().ok());
    let Some(before) = before.and_then(|millis| Timestamp::from_millisecond(millis).ok()) else {
        return Ok(None);
    };
    let reason = read(db, QUIET_REASON)?.and_then(|text| Suppression::from_code(&text));
    Ok(Some(StoredQuiet {
        quiet: Quiet {
            before,
            reason: reason.unwrap_or(Suppression::FirstSync),
        },
        is_by_device: read(db, QUIET_BY_DEVICE)?.is_some(),
    }))
}

pub(in crate::store) fn set_quiet(
    db: &Connection,
    stored: StoredQuiet,
) -> Result<(), rusqlite::Error> {
    let StoredQuiet {
        quiet: Quiet { before, reason },
        is_by_device,
    } = stored;
    write(db, QUIET_BEFORE, &before.as_millisecond().to_string())?;
    write(db, QUIET_REASON, reason.as_str())?;
    if is_by_device {
        write(db, QUIET_BY_DEVICE, "1")
    } else {
        delete(db, QUIET_BY_DEVICE)
    }
}

/// Whether a user has logged in since the history was made or wiped.
pub(in crate::store) fn is_begun(db: &Connection) -> Result<bool, rusqlite::Error> {
    Ok(read(db, BEGUN)?.is_some())
}

pub(in crate::store) fn set_begun(db: &Connection) -> Result<(), rusqlite::Error> {
    write(db, BEGUN, "1")
}

/// The last time that the device's files were set back, as far as the history knows.
pub(in crate::store) fn restored(db: &Connection) -> Result<Option<RestoreMark>, rusqlite::Error> {
    Ok(read(db, RESTORED)?.and_then(|text| text.parse().ok()))
}

pub(in crate::store) fn set_restored(
    db: &Connection,
    mark: Option<RestoreMark>,
) -> Result<(), rusqlite::Error> {
    match mark {
        Some(mark) => write(db, RESTORED, &mark.to_string()),
        None => delete(db, RESTORED),
    }
}

/// Whether the history was wiped, the file with it, and nobody has opened it since.
pub(in crate::store) fn is_wiped(db: &Connection) -> Result<bool, rusqlite::Error> {
    Ok(read(db, WIPED)?.is_some())
}

pub(in crate::store) fn set_wiped(db: &Connection, is_wiped: bool) -> Result<(), rusqlite::Error> {
    if is_wiped {
        write(db, WIPED, "1")
    } else {
        delete(db, WIPED)
    }
}

/// The name of the damaged file that is being carried over.
pub(in crate::store) fn recovering(db: &Connection) -> Result<Option<String>, rusqlite::Error> {
    read(db, RECOVERING)
}

pub(in crate::store) fn set_recovering(
    db: &Connection,
    name: Option<&str>,
) -> Result<(), rusqlite::Error> {
    match name {
        Some(name) => write(db, RECOVERING, name),
        None => delete(db, RECOVERING),
    }
}

/// The version of the app that last tried to read opaque entries.
pub(in crate::store) fn reader(db: &Connection) -> Result<Option<String>, rusqlite::Error> {
    read(db, READER)
}

pub(in crate::store) fn set_reader(db: &Connection, reader: &str) -> Result<(), rusqlite::Error> {
    write(db, READER, reader)
}

/// What is counted in the transactions that change it, so that nothing has to be counted later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Counter {
    /// Rows of the history.
    Rows,
    /// Notifications that are unread, not archived and not deleted.
    Unread,
    /// Facts that wait.
    FactsWaiting,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Unread => "unread",
            Self::FactsWaiting => "facts_waiting",
        }
    }
}

pub(in crate::store) fn count(db: &Connection, counter: Counter) -> Result<u64, rusqlite::Error> {
    let text = read(db, counter.name())?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

pub(in crate::store) fn add(
    db: &Connection,
    counter: Counter,
    by: i64,
) -> Result<(), rusqlite::Error> {
    if by == 0 {
        return Ok(());
    }
    let sum = count(db, counter)?.saturating_add_signed(by);
    set_count(db, counter, sum)
}

pub(in crate::store) fn set_count(
    db: &Connection,
    counter: Counter,
    count: u64,
) -> Result<(), rusqlite::Error> {
    write(db, counter.name(), &count.to_string())
}
