//! Forgetting what is old, in parts: one notification may have a million deliveries.
//!
//! A notification is first hidden, then loses its deliveries, and goes when it has none. Log
//! entries, tries and receipts go with their delivery.

use rusqlite::Connection;

/// The steps, in order; each takes a time and the most rows. A later one takes away what an earlier
/// one left bare.
const STEPS: [&str; 5] = [
    "UPDATE notification SET is_forgotten = 1 WHERE id IN
     (SELECT id FROM notification WHERE expires_at < ?1 AND NOT is_forgotten
      ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM recipient WHERE (notification, user) IN
     (SELECT r.notification, r.user
      FROM notification n JOIN recipient r ON r.notification = n.id
      WHERE n.is_forgotten AND n.expires_at < ?1 LIMIT ?2)",
    "DELETE FROM delivery WHERE id IN
     (SELECT d.id FROM notification n JOIN delivery d ON d.notification = n.id
      WHERE n.is_forgotten AND n.expires_at < ?1 LIMIT ?2)",
    "DELETE FROM notification WHERE id IN
     (SELECT id FROM notification n WHERE n.is_forgotten AND n.expires_at < ?1
          AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.notification = n.id)
          AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notification = n.id)
      LIMIT ?2)",
    "DELETE FROM refresh_token WHERE hash IN
     (SELECT hash FROM refresh_token WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
];

/// Takes the next part of what expired before a time; tells how many rows it touched.
pub(crate) fn forget(db: &Connection, before: i64, limit: u32) -> Result<u64, rusqlite::Error> {
    let mut touched = 0;
    for step in STEPS {
        touched += db.prepare_cached(step)?.execute((before, limit))? as u64;
    }
    Ok(touched)
}
