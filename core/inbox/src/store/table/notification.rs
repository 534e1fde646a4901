//! The notifications of the history: their content and flags.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use uuid::Uuid;
use vestnik_model::{CategoryName, Flag, Notification, NotificationId, fact::MAX_VERSION};
use vestnik_sqlite::value::{millis, optional_time, time, to_json};

use crate::{
    HistoryItem, Place, ShowState, Suppression,
    rule::{admission::FirstShow, flag::Mark},
    sql::statements,
};

/// The columns of a [`HistoryItem`], in the order of [`item`].
macro_rules! item_columns {
    () => {
        "row, content, is_read, read_at, is_archived, received_at, show, show_reason"
    };
}
pub(super) use item_columns;

statements! {
    DELETE_ALL = "DELETE FROM notification";
    REVISION = "SELECT revision, is_ahead FROM notification WHERE id = ?1";
    IS_SAME = "SELECT 1 FROM notification WHERE id = ?1 AND content = ?2";
    STANDING = "SELECT row, is_read, read_version, is_archived, archived_version, is_deleted,
             deleted_version, show
         FROM notification WHERE id = ?1";
    INSERT = "INSERT INTO notification (id, revision, category, accepted_at, received_at, expires_at,
             read_at, is_read, read_version, show, show_reason, show_attempts, taken_by, is_ahead,
             content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    REPLACE = "UPDATE notification SET revision = ?2, category = ?3, expires_at = ?4, content = ?5
         WHERE id = ?1 RETURNING row, show = 'shown'";
    DELETE = "DELETE FROM notification WHERE row = ?1";
    SET_READ = "UPDATE notification SET is_read = ?2, read_version = ?3, read_at = ?4 WHERE row = ?1";
    SET_ARCHIVED = "UPDATE notification SET is_archived = ?2, archived_version = ?3 WHERE row = ?1";
    SET_DELETED = "UPDATE notification SET is_deleted = ?2, deleted_version = ?3 WHERE row = ?1";
    /// Everything that an inbox lists up to a row. The show of what is due ends with it.
    READ_UP_TO = "UPDATE notification INDEXED BY notification_unread SET is_read = 1, read_version = min(max(read_version + 1, ?2), ?4),
             read_at = ?3,
             show_reason = iif(show = 'due', 'read', show_reason),
             show = iif(show = 'due', 'suppressed', show)
         WHERE is_read = 0 AND is_deleted = 0 AND is_archived = 0 AND row <= ?1";
    NEWEST_ROW = "SELECT max(row) FROM notification";
    UNREAD_BETWEEN = "SELECT id FROM notification INDEXED BY notification_unread
         WHERE is_read = 0 AND is_deleted = 0 AND is_archived = 0 AND row > ?1 AND row <= ?2 ORDER BY row";
    UNREAD_BEYOND = "SELECT 1 FROM notification INDEXED BY notification_unread
         WHERE is_read = 0 AND is_deleted = 0 AND is_archived = 0 AND row > ?1 LIMIT 1";
    UNREAD_AHEAD = "SELECT id FROM notification
         WHERE is_ahead = 1 AND is_read = 0 AND is_deleted = 0 AND is_archived = 0 AND row <= ?1
         ORDER BY row";
    NOT_AHEAD = "UPDATE notification SET is_ahead = 0 WHERE id = ?1 AND is_ahead = 1 RETURNING row";
    /// What is being drawn stays, and so does what is due and expires later than that.
    OLDEST = "SELECT row, id, is_read = 0 AND is_deleted = 0 AND is_archived = 0, show = 'due', expires_at
         FROM notification WHERE row > 0 AND show <> 'taken' AND (show <> 'due' OR expires_at <= ?2)
         ORDER BY row LIMIT ?1";
    LONG_DELETED = "SELECT row, id, 0, 0, expires_at FROM notification
         WHERE is_deleted = 1 AND deleted_version < ?1 ORDER BY deleted_version LIMIT ?2";
    /// The index has one entry for each notification; each step passes over those of one category.
    NEXT_CATEGORY = "SELECT category FROM notification
         WHERE category IS NOT NULL AND category > ?1 ORDER BY category LIMIT 1";
    GET = concat!("SELECT ", item_columns!(), " FROM notification WHERE id = ?1 AND is_deleted = 0");
}

/// A notification as it enters the history.
#[derive(Debug)]
pub(in crate::store) struct New<'a> {
    pub(in crate::store) notification: &'a Notification,
    pub(in crate::store) received_at: Timestamp,
    pub(in crate::store) read: Mark,
    pub(in crate::store) read_at: Option<Timestamp>,
    pub(in crate::store) show: FirstShow,
    pub(in crate::store) is_ahead: bool,
}

/// The flags of a row, and how its show stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Standing {
    pub(in crate::store) row: i64,
    pub(in crate::store) read: Mark,
    pub(in crate::store) archived: Mark,
    pub(in crate::store) deleted: Mark,
    pub(in crate::store) is_due: bool,
}

impl Standing {
    pub(in crate::store) const fn mark(&self, flag: Flag) -> Mark {
        match flag {
            Flag::Read => self.read,
            Flag::Archived => self.archived,
            Flag::Deleted => self.deleted,
        }
    }

    /// Whether it is in the unread count.
    pub(in crate::store) const fn counts(&self) -> bool {
        !self.read.value && !self.archived.value && !self.deleted.value
    }

    pub(in crate::store) const fn with(self, flag: Flag, mark: Mark) -> Self {
        match flag {
            Flag::Read => Self { read: mark, ..self },
            Flag::Archived => Self {
                archived: mark,
                ..self
            },
            Flag::Deleted => Self {
                deleted: mark,
                ..self
            },
        }
    }
}

pub(in crate::store) fn bytes(id: NotificationId) -> [u8; 16] {
    id.uuid().into_bytes()
}

pub(in crate::store) fn id(
    row: &Row<'_>,
    column: usize,
) -> Result<NotificationId, rusqlite::Error> {
    row.get(column)
        .map(|bytes| NotificationId::from_uuid(Uuid::from_bytes(bytes)))
}

/// The revision that the history has, and whether it came ahead of the log.
pub(in crate::store) fn revision(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<(u32, bool)>, rusqlite::Error> {
    db.prepare_cached(REVISION)?
        .query_row([bytes(id)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether the history has exactly this content.
pub(in crate::store) fn is_same(
    db: &Connection,
    notification: &Notification,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IS_SAME)?
        .exists((bytes(notification.id), to_json(notification)?))
}

pub(in crate::store) fn standing(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<Standing>, rusqlite::Error> {
    db.prepare_cached(STANDING)?
        .query_row([bytes(id)], |row| {
            Ok(Standing {
                row: row.get(0)?,
                read: mark(row, 1)?,
                archived: mark(row, 3)?,
                deleted: mark(row, 5)?,
                is_due: row.get_ref(7)?.as_str()? == "due",
            })
        })
        .optional()
}

fn mark(row: &Row<'_>, column: usize) -> Result<Mark, rusqlite::Error> {
    let version: i64 = row.get(column + 1)?;
    Ok(Mark {
        version: u64::try_from(version).ok(),
        value: row.get(column)?,
    })
}

fn version(mark: Mark) -> i64 {
    let version = mark.version.map(|version| version.min(MAX_VERSION));
    version
        .and_then(|version| i64::try_from(version).ok())
        .unwrap_or(-1)
}

/// Inserts a notification that has no row, and gives the row.
pub(in crate::store) fn insert(db: &Connection, new: &New<'_>) -> Result<i64, rusqlite::Error> {
    let notification = new.notification;
    let (show, reason) = match new.show {
        FirstShow::Due => ("due", None),
        FirstShow::Taken => ("taken", None),
        FirstShow::Shown => ("shown", None),
        FirstShow::Suppressed(reason) => ("suppressed", Some(reason.as_str())),
    };
    let by_extension = matches!(new.show, FirstShow::Taken | FirstShow::Shown);
    db.prepare_cached(INSERT)?.insert(rusqlite::params![
        bytes(notification.id),
        notification.revision,
        notification.category.as_ref().map(|name| name.as_str()),
        millis(notification.accepted_at),
        millis(new.received_at),
        millis(notification.expires_at),
        new.read_at.map(millis),
        new.read.value,
        version(new.read),
        show,
        reason,
        i64::from(by_extension),
        by_extension.then_some(0),
        new.is_ahead,
        to_json(notification)?,
    ])
}

/// Replaces the content of a row, and gives the row and whether it was shown.
pub(in crate::store) fn replace(
    db: &Connection,
    notification: &Notification,
) -> Result<(i64, bool), rusqlite::Error> {
    db.prepare_cached(REPLACE)?.query_row(
        (
            bytes(notification.id),
            notification.revision,
            notification.category.as_ref().map(|name| name.as_str()),
            millis(notification.expires_at),
            to_json(notification)?,
        ),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Deletes a row; gives whether it was there.
pub(in crate::store) fn delete(db: &Connection, row: i64) -> Result<bool, rusqlite::Error> {
    let deleted = db.prepare_cached(DELETE)?.execute([row])?;
    Ok(deleted > 0)
}

pub(in crate::store) fn set_read(
    db: &Connection,
    row: i64,
    mark: Mark,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let at = mark.value.then(|| millis(at));
    db.prepare_cached(SET_READ)?
        .execute((row, mark.value, version(mark), at))
        .map(drop)
}

pub(in crate::store) fn set_archived(
    db: &Connection,
    row: i64,
    mark: Mark,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_ARCHIVED)?
        .execute((row, mark.value, version(mark)))
        .map(drop)
}

pub(in crate::store) fn set_deleted(
    db: &Connection,
    row: i64,
    mark: Mark,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_DELETED)?
        .execute((row, mark.value, version(mark)))
        .map(drop)
}

/// Marks everything up to a row as read, and gives how many were not.
pub(in crate::store) fn read_up_to(
    db: &Connection,
    row: i64,
    mark: Mark,
    at: Timestamp,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(READ_UP_TO)?
        .execute((row, version(mark), millis(at), MAX_VERSION))
}

/// What is unread behind a row and up to another.
pub(in crate::store) fn unread_between(
    db: &Connection,
    behind: i64,
    up_to: i64,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    db.prepare_cached(UNREAD_BETWEEN)?
        .query_map([behind, up_to], |row| id(row, 0))?
        .collect()
}

/// What is unread up to a row and came ahead of the log.
pub(in crate::store) fn unread_ahead(
    db: &Connection,
    up_to: i64,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    db.prepare_cached(UNREAD_AHEAD)?
        .query_map([up_to], |row| id(row, 0))?
        .collect()
}

/// Whether anything is unread beyond a row.
pub(in crate::store) fn is_unread_beyond(
    db: &Connection,
    row: i64,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(UNREAD_BEYOND)?.exists([row])
}

/// The log has reached a notification; gives its row if it came ahead of it.
pub(in crate::store) fn reached(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(NOT_AHEAD)?
        .query_row([bytes(id)], |row| row.get(0))
        .optional()
}

pub(in crate::store) fn newest_row(db: &Connection) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(NEWEST_ROW)?
        .query_row([], |row| row.get(0))
}

/// A row that leaves the history.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Leaving {
    pub(in crate::store) row: i64,
    pub(in crate::store) id: NotificationId,
    /// Whether it is in the unread count.
    pub(in crate::store) counts: bool,
    /// Whether it was not shown yet, and ought to be.
    pub(in crate::store) is_due: bool,
    pub(in crate::store) expires_at: Timestamp,
}

/// The oldest rows, except those that are being drawn, and those that are due and expire later than
/// `expired_at`.
pub(in crate::store) fn oldest(
    db: &Connection,
    limit: u64,
    expired_at: i64,
) -> Result<Vec<Leaving>, rusqlite::Error> {
    db.prepare_cached(OLDEST)?
        .query_map((limit, expired_at), leaving)?
        .collect()
}

/// Rows that were deleted before a version, which is a time in milliseconds.
pub(in crate::store) fn long_deleted(
    db: &Connection,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Leaving>, rusqlite::Error> {
    db.prepare_cached(LONG_DELETED)?
        .query_map((millis(before), limit), leaving)?
        .collect()
}

fn leaving(row: &Row<'_>) -> Result<Leaving, rusqlite::Error> {
    Ok(Leaving {
        row: row.get(0)?,
        id: id(row, 1)?,
        counts: row.get(2)?,
        is_due: row.get(3)?,
        expires_at: time(row, 4)?,
    })
}

pub(in crate::store) fn get(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<HistoryItem>, rusqlite::Error> {
    let item = db
        .prepare_cached(GET)?
        .query_row([bytes(id)], item)
        .optional()?;
    Ok(item.flatten())
}

/// The categories of all notifications in their order, at most so many. What is none in this version is passed
/// over.
pub(in crate::store) fn categories(
    db: &Connection,
    most: usize,
) -> Result<Vec<CategoryName>, rusqlite::Error> {
    let mut next = db.prepare_cached(NEXT_CATEGORY)?;
    let (mut last, mut found) = (String::new(), Vec::new());
    while found.len() < most {
        let name = next.query_row([&last], |row| row.get(0)).optional()?;
        let Some(name) = name else { break };
        last = name;
        found.extend(CategoryName::parse(&last));
    }
    Ok(found)
}

/// An item out of the item columns; nothing if this version cannot read its content.
pub(super) fn item(row: &Row<'_>) -> Result<Option<HistoryItem>, rusqlite::Error> {
    let content = row.get_ref(1)?.as_str().unwrap_or_default();
    let Ok(notification) = serde_json::from_str(content) else {
        return Ok(None);
    };
    Ok(Some(HistoryItem {
        place: Place(row.get(0)?),
        notification,
        is_read: row.get(2)?,
        read_at: optional_time(row, 3)?,
        is_archived: row.get(4)?,
        received_at: time(row, 5)?,
        show: show_state(row, 6)?,
    }))
}

fn show_state(row: &Row<'_>, column: usize) -> Result<ShowState, rusqlite::Error> {
    let reason = row.get_ref(column + 1)?.as_str_or_null()?;
    Ok(match row.get_ref(column)?.as_str()? {
        "due" => ShowState::Due,
        "taken" => ShowState::Taken,
        "shown" => ShowState::Shown,
        _ => ShowState::Suppressed(reason.and_then(Suppression::from_code)),
    })
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
