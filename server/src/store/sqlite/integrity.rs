//! What can be checked about a whole file.

use rusqlite::Connection;

/// Compares counters with recounts and logs with their ends; nothing found is an empty list.
pub(super) fn check(db: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut found = Vec::new();
    let sound: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        found.push(sound);
    }
    found.extend(
        rows(db, WRONG_COUNTERS)?
            .into_iter()
            .map(|id| format!("counters of {id} are off")),
    );
    found.extend(
        rows(db, WRONG_LOGS)?
            .into_iter()
            .map(|id| format!("the log of {id} has a gap")),
    );
    Ok(found)
}

const WRONG_COUNTERS: &str = "SELECT hex(n.id) FROM notification n WHERE
    (n.pending, n.sent, n.delivered, n.read, n.undelivered, n.expired) IS NOT (
        SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'sent'),
               count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'read'),
               count(*) FILTER (WHERE status = 'undelivered'), count(*) FILTER (WHERE status = 'expired')
        FROM delivery d WHERE d.notification = n.id)";

/// Entries are forgotten from the front only, so what is left is one stretch up to the end.
const WRONG_LOGS: &str = "SELECT u.row FROM user u JOIN log l ON l.user = u.row GROUP BY u.row
    HAVING max(l.seq) > u.last_seq";

fn rows(db: &Connection, sql: &str) -> Result<Vec<String>, rusqlite::Error> {
    db.prepare(sql)?
        .query_map([], |row| {
            let value: rusqlite::types::Value = row.get(0)?;
            Ok(format!("{value:?}"))
        })?
        .collect()
}
