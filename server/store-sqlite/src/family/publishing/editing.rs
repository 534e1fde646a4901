//! Changing, pausing and resuming notifications.

use jiff::Timestamp;
use vestnik_rules::{
    edit::{self as rules, Edited, Standing},
    work::{Stage, WorkKind},
};
use vestnik_store::publishing::{Edit, EditOutcome, Pause};

use super::entry_bytes;
use crate::table::{Txn, asking, change::Changes, edit, event, notification, release, work};

/// Changes a notification: one that is scheduled begins anew, one that is sent goes on.
pub(super) fn change(txn: &mut Txn<'_>, asked: &Edit) -> Result<EditOutcome, rusqlite::Error> {
    let Edit {
        app,
        id,
        patch,
        now,
    } = asked;
    let db = txn.connection();
    let Some(found) = notification::find(db, app, *id)? else {
        return Ok(EditOutcome::Unknown);
    };
    let planned = edit::planned(db, &found)?;
    let edited =
        planned.and_then(|planned| rules::edit(planned, patch.clone(), (standing(&found), *now)));
    let Some(edited) = edited else {
        return Ok(EditOutcome::NotEditable);
    };
    let (Edited::Planned(planned) | Edited::Paced(planned)) = &edited;
    let bytes = entry_bytes(planned.notification.clone());
    edit::replan(db, &found, planned, bytes)?;
    touch(txn, &found, *now)?;
    match &edited {
        Edited::Planned(planned) => {
            let stage = Stage {
                kind: WorkKind::Expand,
                due: planned.opens_at,
            };
            work::set(txn.connection(), found.work, stage, None)?;
            event::work_due(txn, app, stage, *now)?;
        }
        Edited::Paced(_) => release::wake(txn, &found.subject, *now)?,
    }
    Ok(EditOutcome::Edited)
}

/// Pauses a notification, or resumes it.
pub(super) fn pause(txn: &mut Txn<'_>, asked: &Pause) -> Result<EditOutcome, rusqlite::Error> {
    let Pause {
        app,
        id,
        is_paused,
        now,
    } = asked;
    let db = txn.connection();
    let Some(found) = notification::find(db, app, *id)? else {
        return Ok(EditOutcome::Unknown);
    };
    if standing(&found).is_over(*now) {
        return Ok(EditOutcome::NotEditable);
    }
    if found.paused_at.is_some() == *is_paused {
        return Ok(EditOutcome::Edited);
    }
    notification::set_paused(db, found.subject.row, is_paused.then_some(*now))?;
    touch(txn, &found, *now)?;
    release::wake(txn, &found.subject, *now)?;
    if !is_paused {
        // Among them are those that the pause put off.
        asking::of_app(txn, app, *now)?;
    }
    Ok(EditOutcome::Edited)
}

/// How far a notification is, for its sender to change it.
fn standing(found: &notification::Found) -> Standing {
    Standing {
        expansion: found.expansion(),
        is_cancelled: found.is_cancelled,
        expires_at: found.expires_at,
    }
}

/// Tells that a notification was changed.
fn touch(
    txn: &mut Txn<'_>,
    found: &notification::Found,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let mut changes = Changes::default();
    changes.touched(&found.subject);
    changes.write(txn, now)
}
