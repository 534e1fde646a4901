//! Hand-overs: notifications were written to devices.

use rusqlite::Connection;
use vestnik_rules::delivery::{Event, advance};
use vestnik_store::ledger::HandOver;

use super::{
    change::{Changes, Told},
    delivery, notification, user,
};
use crate::{
    derived::{delivery_id, notifications_of, user_hash},
    value::Unreadable,
};

/// Notes one hand-over. One of a delivery that is gone changes nothing.
pub(crate) fn note(
    db: &Connection,
    hand_over: &HandOver,
    unreadable: &Unreadable,
    changes: &mut Changes,
) -> Result<(), rusqlite::Error> {
    let HandOver {
        app,
        user,
        delivery: id,
        installation,
        at,
    } = hand_over;
    let hash = user_hash(user);
    let candidates = notification::in_range(db, app, notifications_of(*id))?;
    let found = candidates
        .into_iter()
        .find(|found| delivery_id(found.subject.id, hash) == *id);
    let (Some(found), Some(head)) = (found, user::find(db, app, user)?) else {
        return Ok(());
    };
    let key = delivery::Key {
        notification: found.subject.row,
        user: head.row,
    };
    let delivery = unreadable.pass_over("delivery", delivery::find(db, key))?;
    let Some(delivery) = delivery.flatten() else {
        return Ok(());
    };
    let advanced = advance(delivery.state, Event::HandedOver, *at);
    if advanced.is_changed {
        delivery::update(db, key, &advanced.state)?;
        changes.moved(&found.subject, Told::of(head.row, user, &advanced));
    }
    delivery::attempt(db, key, *installation, *at)
}
