//! The end of a user: what is theirs is deleted in parts.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Counter, DeliveryStatus, Open, UserId, open::Word as _};
use vestnik_rules::{
    contact::ContactKey,
    delivery::{Marks, Slot},
};

use super::{
    audience_line,
    change::{Changes, uncount},
    chat, chat_link, delivery, email_address, erased_user, installation, log, notification,
    phone_number, retention, topic, user, work,
};
use crate::{
    sql::statements,
    value::{optional_word, words},
};

statements! {
    COUNTED = "SELECT status, reason, double_contact, channel, late, engagement FROM delivery WHERE notification = ?1 AND user = ?2";
    DELETE_DELIVERY = "DELETE FROM delivery WHERE notification = ?1 AND user = ?2";
    DELETE_ATTEMPTS = "DELETE FROM attempt WHERE notification = ?1 AND user = ?2";
    DELETE_FACTS = "DELETE FROM fact WHERE notification = ?1 AND user = ?2";
    DELETE_WITHDRAWALS = "DELETE FROM withdrawal WHERE notification = ?1 AND user = ?2";
    /// Those who were erased in what a restore replaced.
    STILL_NAMED = "SELECT u.row, u.app, u.id FROM work w CROSS JOIN user u ON u.row = w.target
         WHERE w.kind = 'erase_user' AND u.id IS NOT NULL";
    DELETE_FLAGS = "DELETE FROM flag WHERE user = ?1";
}

/// Takes the name of a user, and where they get letters and calls: the name is free at once.
pub(crate) fn forget_name(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    user::unname(db, user)?;
    audience_line::forget_addresses(db, user)?;
    email_address::delete(db, user)?;
    chat::delete_all(db, user)?;
    chat_link::delete_all(db, user)?;
    phone_number::delete(db, user)
}

/// Erases the users whom a restore has brought back and marked, as [`lost`](super::lost) does. What is left of
/// them is work.
pub(crate) fn erase_marked(
    db: &Connection,
    key: &ContactKey,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let marked = db
        .prepare_cached(STILL_NAMED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(i64, String, String)>, _>>()?;
    for (row, app, user) in marked {
        // A name that this version does not take has no session and is in no audience.
        if let (Ok(app), Ok(user)) = (AppId::parse(app), UserId::parse(user)) {
            erased_user::put(db, (&app, &user), key, now)?;
            audience_line::forget_installations(db, (&app, &user))?;
            for (session, _) in installation::of_user(db, &app, &user)? {
                installation::close(db, &session, now)?;
            }
        }
        forget_name(db, row)?;
    }
    Ok(())
}

/// Deletes the next part of what is a user's, and the user after the last. Tells whether more is left.
pub(crate) fn delete_part(
    db: &Connection,
    user: i64,
    rows: u32,
    changes: &mut Changes,
) -> Result<bool, rusqlite::Error> {
    if topic::leave_part(db, user, rows)? == rows as usize {
        return Ok(true);
    }
    if audience_line::leave_part(db, user, rows)? == rows as usize {
        return Ok(true);
    }
    let entries = log::oldest(db, user, rows)?;
    for (seq, notification, is_notification) in &entries {
        if *is_notification {
            delete_delivery(db, *notification, user, changes)?;
        }
        log::delete(db, user, *seq)?;
    }
    if entries.len() == rows as usize {
        return Ok(true);
    }
    let unlogged = delivery::unlogged(db, user, rows)?;
    for notification in &unlogged {
        delete_delivery(db, *notification, user, changes)?;
    }
    if unlogged.len() == rows as usize {
        return Ok(true);
    }
    // Facts that are about no notification.
    db.prepare_cached(DELETE_FACTS)?.execute((0, user))?;
    db.prepare_cached(DELETE_FLAGS)?.execute([user])?;
    work::delete_marks(db, user)?;
    user::delete(db, user)?;
    Ok(false)
}

fn delete_delivery(
    db: &Connection,
    notification: i64,
    user: i64,
    changes: &mut Changes,
) -> Result<(), rusqlite::Error> {
    let counters = db
        .prepare_cached(COUNTED)?
        .query_map((notification, user), |row| {
            let reason: Option<String> = row.get(1)?;
            let status = DeliveryStatus::from_word(row.get_ref(0)?.as_str()?);
            let reason = reason.as_deref().map(Open::read);
            let counter = status.map(|status| Counter::of(status, reason.as_ref()));
            let channel = optional_word(row, 3)?;
            let marks = Marks::new(row.get(2)?, row.get(4)?, &words(row, 5)?);
            Ok(counter.map(|counter| Slot {
                counter,
                channel,
                marks,
            }))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for counter in counters.into_iter().flatten() {
        uncount(db, notification, counter)?;
        if let Some(found) = notification::find_row(db, notification)? {
            changes.touched(&found.subject);
        }
    }
    retention::delete_flags(db, user, notification)?;
    for statement in [
        DELETE_ATTEMPTS,
        DELETE_FACTS,
        DELETE_WITHDRAWALS,
        DELETE_DELIVERY,
    ] {
        db.prepare_cached(statement)?
            .execute((notification, user))?;
    }
    Ok(())
}
