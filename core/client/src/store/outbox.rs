//! Facts to be reported: stored first, reported second, deleted when the server answered.

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{Fact, FactKind, NotificationId};

use super::{
    inbox,
    value::{bytes, id, time, unreadable},
};
use crate::reporting::{OutboxBatch, WaitingFact};

/// The time of a transaction, and randomness for the ids of its facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The time of day.
    pub(crate) now: Timestamp,
    /// 16 unpredictable bytes, used in one transaction only.
    pub(crate) seed: [u8; 16],
}

/// Writes the facts of one transaction; their ids are the stamp's seed and a number.
#[derive(Debug)]
pub(super) struct Facts {
    stamp: Stamp,
    next: u32,
}

impl Facts {
    pub(super) const fn new(stamp: Stamp) -> Self {
        Self { stamp, next: 0 }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.stamp.now
    }

    /// Adds a fact, unless the same one waits already.
    pub(super) fn add(
        &mut self,
        db: &Connection,
        notification: NotificationId,
        kind: FactKind,
    ) -> Result<(), rusqlite::Error> {
        self.next += 1;
        db.prepare_cached(
            "INSERT INTO outbox (id, notification, kind, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (notification, kind) DO NOTHING",
        )?
        .execute((
            fact_id(self.stamp.seed, self.next),
            bytes(notification),
            kind.as_str(),
            self.stamp.now.as_millisecond(),
        ))
        .map(drop)
    }
}

fn fact_id(seed: [u8; 16], number: u32) -> String {
    let mut id = String::with_capacity(40);
    for byte in seed {
        // Writing to a String never fails.
        let _written = write!(id, "{byte:02x}");
    }
    let _written = write!(id, ".{number}");
    id
}

/// The oldest facts, at most `limit`, and the cursor stored beside them.
pub(super) fn batch(db: &Connection, limit: u32) -> Result<OutboxBatch, rusqlite::Error> {
    let facts = db
        .prepare_cached("SELECT row, id, notification, kind, at FROM outbox ORDER BY row LIMIT ?1")?
        .query_map([limit], |row| {
            let kind = FactKind::from_code(row.get_ref(3)?.as_str()?);
            let fact = Fact {
                id: row.get(1)?,
                kind: kind
                    .ok_or_else(|| unreadable(3, "not a kind of fact"))?
                    .into(),
                notification_id: Some(id(row, 2)?.to_string()),
                up_to: None,
                version: None,
                at: time(row.get(4)?, 4)?,
                body: None,
            };
            Ok(WaitingFact {
                row: row.get(0)?,
                fact,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(OutboxBatch {
        facts,
        cursor: inbox::cursor(db)?,
    })
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
