//! Recalls: an entry in the log of every user who may have the notification.

use rusqlite::Connection;
use vestnik_model::{DeliveryStatus, Entry, Recall, UserId};
use vestnik_rules::delivery::cancel;

use super::{change::Changes, delivery, expiry::Pass, log, user};

/// What a part of a recall came to.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    /// The row of the user to go on behind; absent at the end.
    pub(crate) after: Option<i64>,
    /// Whose logs have grown.
    pub(crate) users: Vec<UserId>,
}

/// Recalls the deliveries of a part: those that wait are cancelled, and each log gets an entry.
pub(crate) fn recall(
    db: &Connection,
    pass: &Pass<'_>,
    seed: &[u8; 32],
    changes: &mut Changes,
) -> Result<Recalled, rusqlite::Error> {
    let subject = &pass.found.subject;
    let rows = delivery::part(db, subject.row, pass.after, pass.rows)?;
    let is_end = rows.len() < pass.rows as usize;
    let mut recalled = Recalled::default();
    for (user, found) in rows {
        recalled.after = Some(user);
        let key = delivery::Key {
            notification: subject.row,
            user,
        };
        let Some(found) = pass.unreadable.pass_over("delivery", found)? else {
            continue;
        };
        if can_be_on_a_device(&found) {
            recalled
                .users
                .extend(withdraw(db, pass, key, &found, seed)?);
        }
        let advanced = cancel(found.state, pass.now);
        if advanced.is_changed {
            delivery::update(db, key, &advanced.state)?;
            changes.moved_in_part(subject, advanced.moved);
        }
    }
    recalled.after = recalled.after.filter(|_| !is_end);
    Ok(recalled)
}

/// A delivery that waits, or that was cancelled while it waited, can be on its way to a device: a
/// hand-over is noted after it happened. One that ended in another way without a hand-over is on none.
fn can_be_on_a_device(found: &delivery::Found) -> bool {
    let state = &found.state;
    // What never came into a log is nowhere.
    if found.seq.is_none() {
        return false;
    }
    match state.status {
        DeliveryStatus::Scheduled => false,
        DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Cancelled => true,
        DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired => state.sent_at.is_some() || state.delivered_at.is_some(),
    }
}

fn withdraw(
    db: &Connection,
    pass: &Pass<'_>,
    key: delivery::Key,
    found: &delivery::Found,
    seed: &[u8; 32],
) -> Result<Option<UserId>, rusqlite::Error> {
    let Some((mut head, name)) = user::find_row(db, key.user)? else {
        return Ok(None);
    };
    let subject = &pass.found.subject;
    let entry = Entry::Recall(Recall {
        id: subject.id,
        at: pass.now,
    });
    let new = log::New {
        notification: subject.row,
        at: pass.now,
        only: found.only.as_deref(),
        body: Some(&entry),
    };
    log::append(db, &mut head, seed, &new)?;
    delivery::set_recall_seq(db, key, head.seq)?;
    Ok(Some(name))
}
