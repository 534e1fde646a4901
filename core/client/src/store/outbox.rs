//! Receipts still to be told to the server: stored first, told second, deleted when confirmed.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{NotificationId, Receipt, ReceiptKind};

use super::{
    types::OutboxReceipt,
    value::{bytes, id, time, unreadable},
};

pub(super) fn insert(
    db: &Connection,
    id: NotificationId,
    kind: ReceiptKind,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO outbox (notification, kind, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (notification, kind) DO NOTHING",
    )?
    .execute((bytes(id), kind.as_str(), at.as_millisecond()))
    .map(drop)
}

pub(super) fn list(db: &Connection, limit: u32) -> Result<Vec<OutboxReceipt>, rusqlite::Error> {
    db.prepare_cached("SELECT row, notification, kind, at FROM outbox ORDER BY row LIMIT ?1")?
        .query_map([limit], |row| {
            let kind = ReceiptKind::from_code(row.get_ref(2)?.as_str()?);
            let receipt = Receipt {
                notification_id: id(row, 1)?,
                kind: kind.ok_or_else(|| unreadable(2, "no kind of receipt"))?,
                at: time(row.get(3)?, 3)?,
            };
            Ok(OutboxReceipt {
                row: row.get(0)?,
                receipt,
            })
        })?
        .collect()
}

pub(super) fn confirm(db: &Connection, rows: &[i64]) -> Result<u64, rusqlite::Error> {
    let mut delete = db.prepare_cached("DELETE FROM outbox WHERE row = ?1")?;
    for row in rows {
        delete.execute([row])?;
    }
    len(db)
}

pub(super) fn len(db: &Connection) -> Result<u64, rusqlite::Error> {
    db.prepare_cached("SELECT count(*) FROM outbox")?
        .query_row([], |row| row.get(0))
}
