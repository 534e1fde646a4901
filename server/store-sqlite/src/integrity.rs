//! What can be checked about a whole file.

use rusqlite::{Connection, types::Value};

/// Looks at the pages, the references and what must hold between tables; nothing found is an empty
/// list.
pub(super) fn check(db: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut found = Vec::new();
    let sound: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        found.push(sound);
    }
    for (query, what) in MUST_BE_EMPTY {
        let mut statement = db.prepare(query)?;
        let rows = statement.query_map([], |row| row.get::<_, Value>(0))?;
        for row in rows {
            found.push(format!("{what}: {}", spelled(&row?)));
        }
    }
    Ok(found)
}

/// Queries that find what must not be, each with what it means.
const MUST_BE_EMPTY: [(&str, &str); 6] = [
    (
        "SELECT \"table\" FROM pragma_foreign_key_check",
        "a reference leads nowhere",
    ),
    (
        "SELECT n.id FROM notification n WHERE NOT n.is_forgotten
         AND (n.pending, n.sent, n.delivered, n.read, n.undelivered, n.expired) IS NOT (
            SELECT count(*) FILTER (WHERE status = 'pending'),
                   count(*) FILTER (WHERE status = 'sent'),
                   count(*) FILTER (WHERE status = 'delivered'),
                   count(*) FILTER (WHERE status = 'read'),
                   count(*) FILTER (WHERE status = 'undelivered'),
                   count(*) FILTER (WHERE status = 'expired')
            FROM delivery d WHERE d.notification = n.id)",
        "counters differ from a recount",
    ),
    (
        "SELECT u.row FROM user u WHERE
            (SELECT max(l.seq) FROM log l WHERE l.user = u.row) > u.last_seq",
        "a log goes on behind its end",
    ),
    (
        "SELECT d.id FROM delivery d WHERE 1 <>
            (SELECT count(*) FROM log l
             WHERE l.delivery = d.id AND l.user = d.user AND l.kind = 'notification')",
        "a delivery is not in its log once",
    ),
    (
        "SELECT d.id FROM delivery d WHERE (d.read_at IS NOT NULL) <>
            (SELECT count(*) FROM log l
             WHERE l.delivery = d.id AND l.user = d.user AND l.kind = 'read')",
        "a read delivery is not told once",
    ),
    (
        "SELECT r.notification FROM recipient r
         JOIN delivery d ON d.notification = r.notification AND d.user = r.user",
        "a recipient waits who was written out",
    ),
];

fn spelled(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
