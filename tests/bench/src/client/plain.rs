//! The plain statements that the inbox is compared with: the same rows of the same tables, without any
//! decision.

use anyhow::Result;
use rusqlite::Connection;
use vestnik_model::Notification;

use super::content;

const PAGE: &str =
    "SELECT row, content, is_read, read_at, is_archived, received_at, show, show_reason
     FROM notification WHERE row < ?1 AND is_deleted = 0 AND is_archived = 0
     ORDER BY row DESC LIMIT ?2";
const UNREAD: &str = "SELECT value FROM meta WHERE name = 'unread'";
const SEARCH: &str = "SELECT row, content FROM search JOIN notification ON row = search.rowid
     WHERE search MATCH ?1 AND is_deleted = 0 ORDER BY search.rowid DESC LIMIT ?2";
const READ: &str =
    "UPDATE notification SET is_read = 1, read_version = ?2, read_at = ?2 WHERE id = ?1";
const READ_ALL: &str = "UPDATE notification SET is_read = 1, read_version = ?1, read_at = ?1
     WHERE is_read = 0 AND is_deleted = 0 AND is_archived = 0";
const COUNT: &str = "UPDATE meta SET value = value + ?2 WHERE name = ?1";
const FACT: &str = "INSERT INTO outbox (id, kind, notification, at, is_single, batch)
     VALUES (?1, ?2, ?3, ?4, 1, 500)";
const INSERT: &str = "INSERT INTO notification (id, revision, category, accepted_at, received_at,
         expires_at, show, content)
     VALUES (?1, 0, ?2, ?3, ?3, ?4, 'due', ?5)";
const WORDS: &str = "INSERT INTO search (rowid, words) VALUES (?1, ?2)";
const CURSOR: &str = "UPDATE meta SET value = ?1 WHERE name = 'cursor'";

/// Reads a page; gives how many rows it has.
pub(super) fn page(db: &Connection, limit: u32) -> Result<usize, rusqlite::Error> {
    let mut statement = db.prepare_cached(PAGE)?;
    let mut rows = statement.query((i64::MAX, limit))?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, String>(1)?.len();
    }
    Ok(bytes)
}

pub(super) fn unread(db: &Connection) -> Result<u64, rusqlite::Error> {
    let text: String = db.prepare_cached(UNREAD)?.query_row([], |row| row.get(0))?;
    Ok(text.parse().unwrap_or_default())
}

/// Gives how many rows match one term, at most so many.
pub(super) fn search(db: &Connection, term: &str, limit: u32) -> Result<usize, rusqlite::Error> {
    let mut statement = db.prepare_cached(SEARCH)?;
    let rows = statement.query_map((format!("\"{term}\""), limit), |row| {
        row.get::<_, String>(1)
    })?;
    rows.collect::<Result<Vec<_>, _>>().map(|rows| rows.len())
}

/// Marks one notification as read and notes the receipt.
pub(super) fn read(db: &Connection, number: u64, fact: &str) -> Result<(), rusqlite::Error> {
    let id = content::id(number).uuid().into_bytes();
    db.prepare_cached(READ)?
        .execute((id, 1_800_000_000_000_i64))?;
    db.prepare_cached(FACT)?
        .execute((fact, "read", id, 1_800_000_000_000_i64))?;
    count(db, "unread", -1)?;
    count(db, "facts_waiting", 1)
}

/// Marks everything as read and notes one fact; gives how many were not.
pub(super) fn read_all(db: &Connection, fact: &str) -> Result<usize, rusqlite::Error> {
    let changed = db
        .prepare_cached(READ_ALL)?
        .execute([1_800_000_000_000_i64])?;
    db.prepare_cached(FACT)?.execute((
        fact,
        "read_up_to",
        None::<[u8; 16]>,
        1_800_000_000_000_i64,
    ))?;
    count(db, "unread", -i64::try_from(changed).unwrap_or_default())?;
    count(db, "facts_waiting", 1)?;
    Ok(changed)
}

fn count(db: &Connection, counter: &str, by: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(COUNT)?.execute((counter, by)).map(drop)
}

/// A notification as plain values.
#[derive(Debug)]
pub(super) struct Row {
    id: [u8; 16],
    category: Option<String>,
    accepted_at: i64,
    expires_at: i64,
    content: String,
    words: String,
}

impl Row {
    pub(super) fn new(notification: &Notification) -> Result<Self> {
        Ok(Self {
            id: notification.id.uuid().into_bytes(),
            category: notification.category.as_ref().map(ToString::to_string),
            accepted_at: notification.accepted_at.as_millisecond(),
            expires_at: notification.expires_at.as_millisecond(),
            content: serde_json::to_string(notification)?,
            words: content::terms(notification),
        })
    }
}

/// Inserts notifications with their words and receipts, and moves cursor and counters.
pub(super) fn insert(db: &Connection, rows: &[Row], cursor: &str) -> Result<(), rusqlite::Error> {
    for row in rows {
        let number = db.prepare_cached(INSERT)?.insert((
            row.id,
            &row.category,
            row.accepted_at,
            row.expires_at,
            &row.content,
        ))?;
        db.prepare_cached(WORDS)?.execute((number, &row.words))?;
        let fact = format!("00112233445566778899aabbccddeeff.{number}");
        db.prepare_cached(FACT)?
            .execute((fact, "delivered", row.id, row.accepted_at))?;
    }
    let rows = i64::try_from(rows.len()).unwrap_or_default();
    for counter in ["rows", "unread", "facts_waiting"] {
        count(db, counter, rows)?;
    }
    db.prepare_cached(CURSOR)?.execute([cursor]).map(drop)
}
