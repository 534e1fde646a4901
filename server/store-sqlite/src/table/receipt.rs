//! Receipts: facts, each stored once.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{DeliveryId, InstallationId, ReceiptKind};

use super::super::value::millis;

/// Stores a fact; tells whether it is new.
pub(crate) fn insert(
    db: &Connection,
    delivery: DeliveryId,
    installation: InstallationId,
    kind: ReceiptKind,
    at: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let (delivery, installation) = (
        delivery.uuid().into_bytes(),
        installation.uuid().into_bytes(),
    );
    let inserted = db
        .prepare_cached(
            "INSERT INTO receipt (delivery, installation, kind, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (delivery, installation, kind) DO NOTHING",
        )?
        .execute((delivery, installation, kind.as_str(), millis(at)))?;
    if inserted == 0 {
        return Ok(false);
    }
    note_on_attempt(db, (delivery, installation), kind, at)?;
    Ok(true)
}

fn note_on_attempt(
    db: &Connection,
    (delivery, installation): ([u8; 16], [u8; 16]),
    kind: ReceiptKind,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let is_read = match kind {
        ReceiptKind::Read => true,
        ReceiptKind::Delivered
        | ReceiptKind::Displayed
        | ReceiptKind::Clicked
        | ReceiptKind::Dismissed => false,
    };
    db.prepare_cached(
        "UPDATE attempt SET delivered_at = min(coalesce(delivered_at, ?3), ?3),
             read_at = CASE WHEN ?4 THEN min(coalesce(read_at, ?3), ?3) ELSE read_at END
         WHERE delivery = ?1 AND installation = ?2",
    )?
    .execute((delivery, installation, millis(at), is_read))
    .map(drop)
}
