//! What can be checked about a whole file.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use vestnik_sqlite::Depth;
use vestnik_store::{OpenError, StoreError};

use crate::{SqliteStore, failure::open_error};

/// Looks at the pages, the references and what must hold between tables; nothing found is an empty
/// list. Reads the whole file, on a connection of its own.
pub(crate) async fn check(store: &SqliteStore) -> Result<Vec<String>, StoreError> {
    let path = store.writer().path().to_owned();
    let checking = tokio::task::spawn_blocking(move || check_file(&path));
    match checking.await {
        Ok(found) => found.map_err(|error| StoreError::Failed(Arc::new(error))),
        Err(panicked) => Err(StoreError::Failed(Arc::new(panicked))),
    }
}

fn check_file(path: &Path) -> Result<Vec<String>, OpenError> {
    let mut found = vestnik_sqlite::inspect(path, Depth::Everything)
        .map_err(|error| open_error(path, error))?
        .faults;
    let db = vestnik_sqlite::open_read_only(path).map_err(|error| open_error(path, error))?;
    let faults = contradictions(&db).map_err(|error| OpenError::Corrupt {
        path: path.to_owned(),
        detail: error.to_string(),
    })?;
    found.extend(faults);
    Ok(found)
}

/// In one snapshot.
fn contradictions(db: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let snapshot = db.unchecked_transaction()?;
    let mut found = Vec::new();
    for (query, what) in MUST_BE_EMPTY {
        let count: u64 =
            snapshot.query_row(&format!("SELECT count(*) FROM ({query})"), [], |row| {
                row.get(0)
            })?;
        if count > 0 {
            found.push(format!("{what}: {count}"));
        }
    }
    Ok(found)
}

/// Queries that find what must not be, each with what it means.
const MUST_BE_EMPTY: &[(&str, &str)] = &[
    (
        "SELECT 1 FROM refresh_family f
         LEFT JOIN installation i ON i.app = f.app AND i.id = f.installation
         WHERE i.user IS NULL OR i.generation <> f.generation",
        "refresh families of sessions that have ended",
    ),
    (
        "SELECT 1 FROM presence p
         LEFT JOIN installation i ON i.app = p.app AND i.id = p.installation
         WHERE i.user IS NOT p.user",
        "connections of users who are not logged in there",
    ),
    (
        "SELECT 1 FROM installation i WHERE i.user IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM user u WHERE u.app = i.app AND u.id = i.user)",
        "installations of users who are not known",
    ),
    (
        "SELECT 1 FROM identity_key WHERE (substr(key, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')",
        "identity keys that are not stored as the file says",
    ),
    (
        "SELECT 1 FROM topic t WHERE t.subscribers
         <> (SELECT count(*) FROM subscription s WHERE s.topic = t.row) AND t.name IS NOT NULL",
        "topics whose number of subscribers is not that of a recount",
    ),
    (
        "SELECT 1 FROM subscription s WHERE NOT EXISTS (SELECT 1 FROM topic t WHERE t.row = s.topic)
             OR NOT EXISTS (SELECT 1 FROM user u WHERE u.row = s.user)",
        "subscriptions without their topic or user",
    ),
    (
        "SELECT 1 FROM audience_user a WHERE NOT EXISTS (SELECT 1 FROM audience n WHERE n.row = a.audience)
             OR NOT EXISTS (SELECT 1 FROM user u WHERE u.row = a.user)
         UNION ALL
         SELECT 1 FROM audience_line a WHERE NOT EXISTS (SELECT 1 FROM audience n WHERE n.row = a.audience)
         UNION ALL
         SELECT 1 FROM audience_problem a
         WHERE NOT EXISTS (SELECT 1 FROM audience n WHERE n.row = a.audience)",
        "lines without their uploaded audience or user",
    ),
    (
        // Who was erased has left: the lines can be fewer than were counted.
        "SELECT 1 FROM audience n WHERE n.id IS NOT NULL AND (
             n.good < (SELECT count(*) FROM audience_user a WHERE a.audience = n.row)
                 + (SELECT count(*) FROM audience_line a WHERE a.audience = n.row)
             OR n.bad < (SELECT count(*) FROM audience_problem a WHERE a.audience = n.row)
             OR (n.state = 'ready' AND (n.rest IS NOT NULL OR n.ready_at IS NULL)))",
        "uploaded audiences that are not those of their lines",
    ),
    (
        "SELECT 1 FROM notification n
         LEFT JOIN notification_state s ON s.notification = n.row WHERE s.notification IS NULL",
        "notifications without a state",
    ),
    (
        "WITH recount AS (
             SELECT d.notification, coalesce(d.channel, '') AS channel, CASE WHEN d.status = 'undelivered' AND d.reason IN
                     ('delivery.unconfirmed', 'email.bounced', 'sms.undeliverable')
                 THEN 'unconfirmed' ELSE d.status END AS status, count(*) AS n
             FROM delivery d GROUP BY 1, 2, 3
             UNION ALL
             SELECT d.notification, coalesce(d.channel, ''), 'double_contact', count(*)
             FROM delivery d WHERE d.double_contact GROUP BY 1, 2
             UNION ALL
             SELECT d.notification, coalesce(d.channel, ''), 'late', count(*)
             FROM delivery d WHERE d.late GROUP BY 1, 2
             UNION ALL
             SELECT d.notification, coalesce(d.channel, ''), 'clicked', count(*)
             FROM delivery d WHERE ' ' || d.engagement || ' ' LIKE '% clicked %'
                 OR ' ' || d.engagement || ' ' LIKE '% actioned %' GROUP BY 1, 2),
         kept AS (SELECT notification, channel, status, n FROM notification_count)
         SELECT 1 FROM kept k LEFT JOIN recount r USING (notification, channel, status)
             JOIN notification_state s ON s.notification = k.notification AND NOT s.is_forgotten
             WHERE k.n <> coalesce(r.n, 0)
         UNION ALL
         SELECT 1 FROM recount r LEFT JOIN kept k USING (notification, channel, status)
             JOIN notification_state s ON s.notification = r.notification AND NOT s.is_forgotten
             WHERE k.n IS NULL",
        "counters of notifications that are not those of a recount",
    ),
    (
        "SELECT 1 FROM delivery d LEFT JOIN log l ON l.user = d.user AND l.seq = d.seq
         WHERE d.seq IS NOT NULL AND l.notification IS NOT d.notification",
        "deliveries without their entry in the user's log",
    ),
    (
        "SELECT 1 FROM delivery WHERE (seq IS NULL AND status IN ('pending', 'sent', 'delivered', 'read'))
             OR (seq IS NOT NULL AND status = 'scheduled')",
        "deliveries that are in a log before their time, or not after it",
    ),
    (
        "SELECT 1 FROM delivery d JOIN notification_state s ON s.notification = d.notification
         JOIN user u ON u.row = d.user LEFT JOIN work w ON w.id = s.release
         WHERE NOT s.is_forgotten AND u.id IS NOT NULL
             AND (d.release_at IS NOT NULL OR d.status = 'scheduled')
             AND (d.release_at IS NULL OR w.kind IS NOT 'release' OR w.target IS NOT s.notification)",
        "deliveries that wait for their time without a row of work",
    ),
    (
        "SELECT 1 FROM log l LEFT JOIN delivery d
             ON d.notification = l.notification AND d.user = l.user
         WHERE d.user IS NULL",
        "entries of logs without their delivery",
    ),
    (
        "SELECT 1 FROM attempt a LEFT JOIN delivery d USING (notification, user)
         WHERE d.user IS NULL
         UNION ALL
         SELECT 1 FROM fact f LEFT JOIN delivery d USING (notification, user)
         WHERE d.user IS NULL AND f.notification <> 0
         UNION ALL
         SELECT 1 FROM flag f LEFT JOIN delivery d USING (notification, user)
         WHERE d.user IS NULL",
        "attempts, facts or flags without their delivery",
    ),
    (
        "SELECT 1 FROM user u WHERE u.last_seq < (SELECT max(seq) FROM log l WHERE l.user = u.row)",
        "logs that go on behind their head",
    ),
    (
        "SELECT 1 FROM notification_state s LEFT JOIN work w ON w.id = s.work
         WHERE w.target IS NOT s.notification OR w.kind NOT IN ('expand', 'expire', 'settle', 'retain')",
        "notifications without a row of work",
    ),
    (
        "SELECT 1 FROM delivery d JOIN notification_state s ON s.notification = d.notification
         LEFT JOIN work w ON w.id = s.dispatch
         WHERE d.due_at IS NOT NULL AND NOT s.is_forgotten
             AND (w.kind IS NOT 'dispatch' OR w.target IS NOT s.notification)",
        "deliveries that are due without a row of work",
    ),
    (
        "SELECT 1 FROM provider WHERE (substr(account, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')
         UNION ALL
         SELECT 1 FROM push_address WHERE value IS NOT NULL AND (substr(value, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')
         UNION ALL
         SELECT 1 FROM email_address WHERE (substr(value, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')
         UNION ALL
         SELECT 1 FROM phone_number WHERE (substr(value, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')
         UNION ALL
         SELECT 1 FROM chat WHERE (substr(value, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')
         UNION ALL
         SELECT 1 FROM webhook WHERE (substr(target, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')",
        "credentials or addresses that are not stored as the file says",
    ),
    (
        "SELECT 1 FROM webhook h LEFT JOIN work w ON w.id = h.work
         WHERE (h.disabled IS NULL) <> (w.id IS NOT NULL)
             OR w.kind <> 'webhook' OR w.target <> h.row OR w.app <> h.app
         UNION ALL
         SELECT 1 FROM work w LEFT JOIN webhook h ON h.work = w.id
         WHERE w.kind = 'webhook' AND h.row IS NULL",
        "webhooks that have not the row of work that they should",
    ),
];
