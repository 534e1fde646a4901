//! Hand-overs: notifications were written to devices.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Channel, UserId};
use vestnik_rules::{
    delivery::{Event, advance},
    identity::{delivery_id_of, user_hash},
};
use vestnik_store::ledger::HandOver;

use super::{
    attempt,
    change::{Changes, Subject, Told},
    delivery,
    evidence::Evidence,
    notification, user,
};
use crate::value::Unreadable;

/// What notes of hand-overs are taken with, and what they come to.
pub(crate) struct Noting<'a> {
    pub(crate) seed: &'a [u8; 32],
    pub(crate) now: Timestamp,
    pub(crate) unreadable: &'a Unreadable,
    pub(crate) changes: Changes,
    /// Whose logs have grown.
    pub(crate) grown: BTreeMap<AppId, BTreeSet<UserId>>,
    /// Notifications that are to be withdrawn somewhere.
    pub(crate) due: Vec<Subject>,
}

/// Notes one hand-over. One of a delivery that is gone changes nothing.
pub(crate) fn note(
    db: &Connection,
    hand_over: &HandOver,
    noting: &mut Noting<'_>,
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
    let (Some(found), Some(mut head)) = (found, user::find(db, app, user)?) else {
        return Ok(());
    };
    let key = delivery::Key {
        notification: found.subject.row,
        user: head.row,
    };
    let delivery = noting
        .unreadable
        .pass_over("delivery", delivery::find(db, key))?;
    let Some(delivery) = delivery.flatten() else {
        return Ok(());
    };
    let state = delivery.state.clone();
    let advanced = advance(state, Event::HandedOver(Channel::Hub), *at);
    if advanced.is_changed {
        delivery::update(db, key, &advanced.state)?;
        let told = Told::of(head.row, user, &advanced);
        noting.changes.moved(&found.subject, told);
    }
    let evidence = Evidence {
        notification: &found,
        delivery: &delivery,
        installation: *installation,
        seed: noting.seed,
        now: noting.now,
        unreadable: noting.unreadable,
    };
    let caught_up = evidence.take(db, &mut head, || attempt::note(db, key, *installation, *at))?;
    if caught_up.is_told {
        let grown = noting.grown.entry(app.clone()).or_default();
        grown.insert(user.clone());
    }
    if caught_up.is_begun {
        noting.due.push(found.subject);
    }
    Ok(())
}
