//! The row of work of a notification, which is due when its next delivery is.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_rules::work::{Stage, WorkKind};

use super::{
    super::{Txn, change::Subject, delivery, event, notification, work},
    withdrawals,
};

/// When the next delivery or withdrawal of a notification is due.
pub(crate) fn next_due(
    db: &Connection,
    notification: i64,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    let delivery = delivery::next_due(db, notification)?;
    let withdrawal = withdrawals::next_due(db, notification)?;
    Ok(delivery.into_iter().chain(withdrawal).min())
}

/// Sees to it that a notification has a row of work that is due when its next delivery is, and none if no
/// delivery or withdrawal waits. A row that somebody holds, or that failed, is left to whoever ends that.
pub(crate) fn wake(
    txn: &mut Txn<'_>,
    subject: &Subject,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    match make_due(txn, subject)? {
        Some(stage) => event::work_due(txn, &subject.app, stage, now),
        None => Ok(()),
    }
}

/// Does what [`wake`] does for somebody who tells no worker. Gives when the row is due, unless none is left.
pub(crate) fn make_due(
    db: &Connection,
    subject: &Subject,
) -> Result<Option<Stage>, rusqlite::Error> {
    let known = notification::dispatch(db, subject.row)?;
    let Some(due) = next_due(db, subject.row)? else {
        if let Some(row) = known
            && work::delete_waiting(db, row)?
        {
            notification::set_dispatch(db, subject.row, None)?;
        }
        return Ok(None);
    };
    let stage = Stage {
        kind: WorkKind::Dispatch,
        due,
    };
    if let Some(row) = known {
        work::set_waiting(db, row, due)?;
    } else {
        let row = work::insert(db, &subject.app, subject.row, stage, None)?;
        notification::set_dispatch(db, subject.row, Some(row))?;
    }
    Ok(Some(stage))
}
