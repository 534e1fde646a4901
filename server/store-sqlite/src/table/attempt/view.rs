//! Attempts as their sender sees them.

use rusqlite::Connection;
use vestnik_model::{DeliveryId, DeliveryStatus, Open, view::AttemptView};
use vestnik_rules::{
    attempt::Attempt, cascade::Target, gateway::PassedOver, identity::attempt_id, push_receipt,
};

use super::{
    super::{delivery::Key, fact},
    Found, of_delivery,
};
use crate::value::Unreadable;

/// The attempts of a delivery as its sender sees them, in the order in which they were made.
pub(crate) fn views(
    db: &Connection,
    key: Key,
    (delivery, status): (DeliveryId, DeliveryStatus),
    unreadable: &Unreadable,
) -> Result<Vec<AttemptView>, rusqlite::Error> {
    let attempts = of_delivery(db, key, unreadable)?.into_iter();
    let seen = |found: Found| Found {
        attempt: found.attempt.clone().seen_of(status),
        ..found
    };
    let not_shown = fact::not_shown(db, key)?;
    let unshown = |target: Target| {
        let said = not_shown.get(&target.installation()?)?;
        Some(Open::read(&said.reason))
    };
    let views = attempts.map(|found| AttemptView {
        not_shown: unshown(found.target),
        ..view(delivery, seen(found))
    });
    let mut views: Vec<_> = views.collect();
    views.sort_by_key(|view| (view.started_at, view.id));
    Ok(views)
}

fn view(delivery: DeliveryId, found: Found) -> AttemptView {
    let Found {
        target,
        attempt:
            Attempt {
                state,
                reason,
                tries,
                unproven,
                unanswered: _,
                undecrypted: _,
                seals: _,
                until,
            },
        delivered_at,
        read_at,
        started_at,
        said,
        tried_at: _,
        returned_at: _,
        arrived_at,
        provider,
        passed_over,
        cost,
    } = found;
    let delivered_at = push_receipt::delivered_at(state, delivered_at, arrived_at);
    AttemptView {
        id: attempt_id(delivery, target),
        delivery_id: delivery,
        installation_id: target.installation(),
        channel: target.channel().into(),
        status: state.seen(delivered_at, read_at).into(),
        reason: reason.map(Open::Known),
        tries,
        unproven,
        said,
        provider: provider.map(|name| name.to_string()),
        passed_over: passed_over.iter().map(PassedOver::view).collect(),
        until,
        started_at,
        delivered_at,
        read_at,
        not_shown: None,
        cost,
    }
}
