//! Claims and leases that the process before left: whoever held them has ended.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_rules::attempt::Attempt;

use super::{
    dispatch::make_due,
    row::{NotificationKey, WorkRow},
    world::World,
};

/// Makes void every claim, ends the lease of every try that is on its way, and has what it is a try of looked
/// at now.
pub(super) fn end_all(world: &mut World, now: Timestamp) {
    for row in world.work.values_mut().filter(|row| row.is_claimed) {
        release(row);
    }
    let mut notifications = BTreeSet::new();
    end_attempts(world, now, &mut notifications);
    end_withdrawals(world, now, &mut notifications);
    for notification in notifications {
        make_due(world, notification);
    }
}

/// A row whose part may have ended the process before waits for the end of its lease.
fn release(row: &mut WorkRow) {
    if row.tries == 0 {
        row.ready = row.due;
    }
    row.is_claimed = false;
    row.fence += 1;
    row.tries = row.tries.saturating_add(1);
}

fn end_attempts(world: &mut World, now: Timestamp, notifications: &mut BTreeSet<NotificationKey>) {
    let mut ended = Vec::new();
    for (key, row) in world.attempts.iter_mut() {
        if end(&mut row.attempt, now) {
            ended.push(*key);
        }
    }
    for (notification, user, target) in ended {
        notifications.insert(notification);
        let delivery = world.deliveries.get_mut(&(notification, user));
        if let Some(due) = delivery
            .and_then(|row| row.course.as_mut())
            .and_then(|course| course.due_at.as_mut())
        {
            *due = now.min(*due);
        }
        // What withdraws it waits for the end of the try.
        let installation = target.installation();
        let withdrawal = installation.and_then(|installation| {
            world
                .withdrawals
                .get_mut(&(notification, user, installation))
        });
        if let Some(row) = withdrawal {
            row.due_at = now.min(row.due_at);
        }
    }
}

fn end_withdrawals(
    world: &mut World,
    now: Timestamp,
    notifications: &mut BTreeSet<NotificationKey>,
) {
    for ((notification, _, _), row) in world.withdrawals.iter_mut() {
        if end(&mut row.attempt, now) {
            row.due_at = now;
            notifications.insert(*notification);
        }
    }
}

/// Ends the lease of a try that is on its way; tells whether there was one.
fn end(attempt: &mut Attempt, now: Timestamp) -> bool {
    let is_leased = attempt.until.is_some_and(|until| until > now);
    let is_ended = attempt.is_under_way() && is_leased;
    if is_ended {
        attempt.until = Some(now);
    }
    is_ended
}
