//! The rows of an expansion, by plain `INSERT … SELECT` statements on a database of the same form, with
//! the same durability.

use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::Connection;

use super::super::{seed, site::APP};
use crate::{clock, say};

/// Deliveries and entries of logs, as the store writes them, and the heads of the logs.
const STATEMENTS: [&str; 3] = [
    "INSERT INTO delivery (notification, user, seq, status)
         SELECT ?4, u.row, u.last_seq + 1, 'pending'
         FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND s.user <= ?3",
    "INSERT INTO log (user, seq, tag, notification, at)
         SELECT u.row, u.last_seq + 1, 4000000000, ?4, 1800000000000
         FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND s.user <= ?3",
    "UPDATE user SET last_seq = last_seq + 1, last_tag = 4000000000
         WHERE ?1 = ?1 AND ?4 = ?4 AND row > ?2 AND row <= ?3",
];

/// Expands once and prints seconds.
pub(super) fn expand(database: &Path, subscribers: usize, rows: usize) -> Result<()> {
    let db = Connection::open(database)?;
    db.execute_batch(
        "PRAGMA synchronous = full; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096",
    )?;
    let topic: i64 = db.query_row(
        "SELECT row FROM topic WHERE app = ?1 AND name = ?2",
        (APP, seed::topic(subscribers)),
        |row| row.get(0),
    )?;
    let last = "SELECT coalesce(max(notification), 1000) + 1 FROM delivery";
    let notification: i64 = db.query_row(last, [], |row| row.get(0))?;
    let begun = clock::now();
    for first in (0..subscribers).step_by(rows) {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for statement in STATEMENTS {
            let last = subscribers.min(first + rows);
            let written =
                db.prepare_cached(statement)?
                    .execute((topic, first, last, notification))?;
            ensure!(written == last - first, "{written} rows were written");
        }
        db.execute_batch("COMMIT")?;
    }
    let seconds = (clock::now() - begun).as_secs_f64();
    say::out(seconds);
    Ok(())
}
