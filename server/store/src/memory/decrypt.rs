//! Pushes that devices could not decrypt: which are looked at when a device reports or tells its key.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{Channel, InstallationId, Reason};
use vestnik_rules::{
    attempt::Attempt,
    decrypt::{Case, KeyMark, MAX_ANEW, is_undecrypted, reported, uploaded},
    delivery::Event,
    receipt::Reporter,
    session::Session,
};

use super::{
    attempt::of_delivery,
    collapse::gave_way,
    dispatch::{move_on, wake},
    row::{AttemptKey, NotificationKey, UserKey},
    txn::Txn,
};

type Key = (NotificationKey, UserKey);
type Place = AttemptKey;

/// Takes a report of an installation that a push was of no use to it, for a reason, at a time.
pub(super) fn report(txn: &mut Txn, (key, by): (Key, Reporter), (reason, at): (Reason, Timestamp)) {
    let Reporter { installation, now } = by;
    let rule = |case: &Case<'_>| reported(case, reason, at);
    if let Some(by) = ask(txn, (key, installation), now, rule) {
        // What was of no use was handed over.
        move_on(txn, key, Event::HandedOver(by), now);
        wake(txn, key.0);
    }
}

/// Looks at what an installation could not decrypt, now that it has told its key.
pub(super) fn send_anew(txn: &mut Txn, session: &Session, now: Timestamp) {
    let installation = session.installation;
    let Some(user) = txn.world.user_key(&session.app, &session.user) else {
        return;
    };
    let attempts = txn.world.attempts.iter();
    let its = attempts.filter(|((_, of, target), row)| {
        let is_its = *of == user && target.installation() == Some(installation);
        is_its && is_undecrypted(&row.attempt)
    });
    let found: BTreeSet<_> = its.map(|((notification, ..), _)| *notification).collect();
    for notification in found.into_iter().rev().take(MAX_ANEW as usize) {
        let asked = ask(txn, ((notification, user), installation), now, uploaded);
        if asked.is_some() {
            wake(txn, notification);
        }
    }
}

/// Asks a rule about each attempt of a delivery at an installation, saves what follows, and has the delivery
/// looked at if something does. Gives the channel of what was pushed then.
fn ask(
    txn: &mut Txn,
    (key, installation): (Key, InstallationId),
    now: Timestamp,
    rule: impl Fn(&Case<'_>) -> Option<Attempt>,
) -> Option<Channel> {
    let changed = changed(txn, (key, installation), now, rule).unwrap_or_default();
    let follows = changed.last().map(|((_, _, target), _)| target.channel());
    for (place, attempt) in changed {
        if let Some(row) = txn.world.attempts.get_mut(&place) {
            row.attempt = attempt;
        }
    }
    let course = txn.world.deliveries.get_mut(&key);
    if let Some(course) = course.and_then(|row| row.course.as_mut())
        && follows.is_some()
    {
        course.due_at = Some(now);
    }
    follows
}

fn changed(
    txn: &Txn,
    (key, installation): (Key, InstallationId),
    now: Timestamp,
    rule: impl Fn(&Case<'_>) -> Option<Attempt>,
) -> Option<Vec<(Place, Attempt)>> {
    let world = &txn.world;
    let row = world.notifications.get(&key.0)?;
    let delivery = world.deliveries.get(&key)?;
    let course = delivery.course.filter(|_| !row.is_forgotten)?;
    let present = world.installations.get(&(row.app.clone(), installation));
    let state = present.and_then(|row| row.state.as_ref());
    let envelope_key = state.and_then(|state| state.envelope_key.as_deref());
    let attempts = of_delivery(world, key);
    let its = attempts.filter(|((_, _, target), _)| target.installation() == Some(installation));
    let its: Vec<_> = its.collect();
    let is_delivered = its.iter().any(|(_, known)| known.delivered_at.is_some());
    let changed = its.into_iter().filter_map(|(place, known)| {
        let changed = rule(&Case {
            state: &delivery.state,
            is_stopped: row.is_cancelled || gave_way(world, key),
            expires_at: delivery.expires_at.unwrap_or(row.notification.expires_at),
            step: row.steps.get(course.step).map(|step| step.channel),
            attempt: &known.attempt,
            is_delivered,
            key: envelope_key.map(KeyMark::of),
            now,
        });
        Some((*place, changed?))
    });
    Some(changed.collect())
}
