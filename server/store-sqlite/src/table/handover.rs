//! Hand-overs: notifications were written to devices.

use rusqlite::Connection;
use vestnik_model::Channel;
use vestnik_rules::{
    delivery::{Event, advance},
    identity::{delivery_id_of, user_hash},
};
use vestnik_store::ledger::HandOver;

use super::{
    attempt,
    change::{Changes, Told},
    delivery, notification, user,
};
use crate::value::Unreadable;

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
    let mut candidates = notification::of_delivery(db, app, *id)?.into_iter();
    let found = candidates.find(|found| delivery_id_of(found.subject.id, hash) == *id);
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
    let advanced = advance(delivery.state, Event::HandedOver(Channel::Hub), *at);
    if advanced.is_changed {
        delivery::update(db, key, &advanced.state)?;
        changes.moved(&found.subject, Told::of(head.row, user, &advanced));
    }
    attempt::note(db, key, *installation, *at)
}
