//! Asking anew: by whose clock deliveries go, or when their recipients want quiet, has changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryStatus, UserId};
use vestnik_rules::work::{Stage, WorkKind};

use super::{
    dispatch,
    queue::Next,
    release::{set_release, wake},
    row::{DeliveryRow, NotificationKey, Target, UserKey},
    txn::Txn,
    world::World,
};

/// Whose deliveries are asked about, and behind which one the next part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Those of everybody of the App if absent.
    user: Option<UserKey>,
    after: Option<(NotificationKey, UserKey)>,
}

/// Begins to ask anew about what waits for a user.
pub(super) fn of_user(txn: &mut Txn, (app, user): (&AppId, &UserId), now: Timestamp) {
    if let Some(user) = txn.world.user_key(app, user) {
        begin(txn, app, Some(user), now);
    }
}

/// Begins to ask anew about what waits for anybody of an App.
pub(super) fn of_app(txn: &mut Txn, app: &AppId, now: Timestamp) {
    begin(txn, app, None, now);
}

fn begin(txn: &mut Txn, app: &AppId, user: Option<UserKey>, now: Timestamp) {
    let walk = Walk { user, after: None };
    let is_any = meant(&txn.world, app, walk).any(|(_, row)| waits(row, now));
    if !is_any {
        return;
    }
    // A walk that is under way may have passed what is wrong now.
    txn.world.work.retain(|_, row| match row.target {
        Target::Asked(of) => row.app != *app || of.user != user,
        Target::Store
        | Target::Notification(_)
        | Target::Topic(_)
        | Target::Upload(_)
        | Target::User(_)
        | Target::Webhook(_)
        | Target::Provider(_)
        | Target::Mark(..) => true,
    });
    let stage = Stage {
        kind: WorkKind::AskAnew,
        due: now,
    };
    txn.leave_work(app, Target::Asked(walk), stage);
}

/// Does a part of a walk.
pub(super) fn part(
    txn: &mut Txn,
    app: &AppId,
    walk: Walk,
    (rows, now): (usize, Timestamp),
) -> Next {
    let meant = meant(&txn.world, app, walk).take(rows);
    let found: Vec<_> = meant.map(|(key, row)| (key, waits(row, now))).collect();
    let (mut due, mut looked_at) = (BTreeSet::new(), BTreeSet::new());
    for (key, _) in found.iter().filter(|(_, waits)| *waits) {
        let row = txn.world.deliveries.get_mut(key);
        let course = row.as_ref().and_then(|row| row.course?.asked_anew(now));
        if let Some((row, course)) = row.zip(course) {
            row.course = Some(course);
            looked_at.insert(key.0);
        } else {
            set_release(&mut txn.world, *key, Some(now));
            due.insert(key.0);
        }
    }
    for notification in due {
        wake(txn, notification);
    }
    for notification in looked_at {
        dispatch::wake(txn, notification);
    }
    match found.last().filter(|_| found.len() == rows) {
        Some((last, _)) => Next::More {
            target: Target::Asked(Walk {
                after: Some(*last),
                ..walk
            }),
            after: None,
        },
        None => Next::Done,
    }
}

/// The deliveries that a walk has not passed yet.
fn meant<'a>(
    world: &'a World,
    app: &'a AppId,
    walk: Walk,
) -> impl Iterator<Item = ((NotificationKey, UserKey), &'a DeliveryRow)> {
    let all = world.deliveries.iter().map(|(key, row)| (*key, row));
    all.filter(move |((notification, user), _)| {
        let is_theirs = walk.user.is_none_or(|of| of == *user);
        let is_ahead = walk
            .after
            .is_none_or(|after| (*notification, *user) > after);
        let of = world.notifications.get(notification);
        is_theirs && is_ahead && of.is_some_and(|row| row.app == *app)
    })
}

fn waits(row: &DeliveryRow, now: Timestamp) -> bool {
    let is_scheduled = row.state.status == DeliveryStatus::Scheduled;
    let is_put_off = row
        .course
        .is_some_and(|course| course.asked_anew(now).is_some());
    is_put_off || is_scheduled && row.release_at.is_some_and(|at| at > now)
}
