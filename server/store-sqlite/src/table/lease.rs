//! Leases of tries that the process before left.
//!
//! One process has the file open at a time: whoever held these leases has ended, and no answer comes any more.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{attempt, delivery, dispatch, notification, withdrawal};

/// Ends the lease of every try that is on its way, and has what it is a try of looked at now. What a try comes
/// to whose lease has ended is for the look to decide. Takes as long as there are such tries.
pub(crate) fn end_all(db: &Connection, now: Timestamp) -> Result<(), rusqlite::Error> {
    let mut notifications = BTreeSet::new();
    for (key, installation) in attempt::end_leases(db, now)? {
        delivery::bring_forward(db, key, now)?;
        // What withdraws it waits for the end of the try.
        withdrawal::bring_forward(db, (key, &installation), now)?;
        notifications.insert(key.notification);
    }
    notifications.extend(withdrawal::end_leases(db, now)?);
    for row in notifications {
        if let Some(found) = notification::find_row(db, row)? {
            dispatch::make_due(db, &found.subject)?;
        }
    }
    Ok(())
}
