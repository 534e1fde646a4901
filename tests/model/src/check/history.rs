//! Each accepted notification is in the history, and was shown or suppressed for a reason that holds.

use vestnik_inbox::{HistoryItem, ShowState, Suppression};
use vestnik_model::{NotificationId, UserId};

use super::item_of;
use crate::{device::Number, server::Accepted, time::At, world::World};

pub(super) fn check(world: &World, number: Number, items: &[HistoryItem], wrong: &mut Vec<String>) {
    let Some(user) = world.devices[number].wanted.clone() else {
        return;
    };
    for (id, accepted) in world.server.accepted() {
        if accepted.user == user {
            let found = of_accepted(world, number, (id, accepted), items);
            wrong.extend(found.map(|found| format!("device {number}: {id} {found}")));
        }
    }
    for item in items {
        let found = of_item(world, number, &user, item);
        wrong.extend(
            found.map(|found| format!("device {number}: {} {found}", item.notification.id)),
        );
    }
}

fn of_accepted(
    world: &World,
    number: Number,
    (id, accepted): (NotificationId, &Accepted),
    items: &[HistoryItem],
) -> Option<String> {
    let item = item_of(items, id);
    if accepted.is_recalled {
        return item.map(|_| "was recalled and is in the history".to_owned());
    }
    // A backup of the server may have lost that somebody deleted it; the devices have not.
    let is_deleted = world.server.is_deleted(id) || world.was_deleted(id);
    // It may have expired on its way here, or before a new installation asked for it.
    let was_recalled = world.server.ever.recalled.contains(&id);
    let installation = world.devices[number].installation();
    let is_meant = installation.is_some_and(|installation| accepted.is_for(installation));
    let may_be_absent = accepted.expires_at <= world.now || is_deleted || was_recalled || !is_meant;
    match item {
        None if may_be_absent => None,
        None => Some("is missing".to_owned()),
        // A backup of the server may have lost a newer one.
        Some(item)
            if item.notification.revision < accepted.notification.revision
                && accepted.expires_at > world.now
                && is_meant =>
        {
            Some(format!(
                "has revision {} and not {}",
                item.notification.revision, accepted.notification.revision
            ))
        }
        Some(_) => None,
    }
}

fn of_item(world: &World, number: Number, user: &UserId, item: &HistoryItem) -> Option<String> {
    let id = item.notification.id;
    if world.server.ever.notifications.get(&id) != Some(user) {
        return Some("is in a history that it does not belong to".to_owned());
    }
    if let Some(found) = of_flag(world, id, item) {
        return Some(found);
    }
    let diary = &world.devices[number].diary;
    match item.show {
        ShowState::Shown if diary.was_drawn(id) => None,
        ShowState::Shown => Some("counts as shown and was not drawn".to_owned()),
        ShowState::Due | ShowState::Taken => Some(format!("was never settled: {:?}", item.show)),
        ShowState::Suppressed(None) => Some("is suppressed without a reason".to_owned()),
        ShowState::Suppressed(Some(reason)) if is_allowed(world, number, reason, item) => None,
        ShowState::Suppressed(Some(reason)) => Some(format!(
            "is suppressed as {} without cause",
            reason.as_str()
        )),
    }
}

/// What was read is what somebody read, and what the server knows to be read is read here.
fn of_flag(world: &World, id: NotificationId, item: &HistoryItem) -> Option<String> {
    let is_known = world
        .server
        .accepted()
        .any(|(one, accepted)| one == id && accepted.read_at.is_some());
    if is_known && !item.is_read {
        return Some("was read elsewhere and is unread".to_owned());
    }
    if item.is_read && !was_read(world, id) {
        return Some("counts as read and nobody read it".to_owned());
    }
    None
}

/// Whether a person read it on any device.
pub(super) fn was_read(world: &World, id: NotificationId) -> bool {
    world
        .devices
        .iter()
        .any(|device| device.diary.was_read(id) || device.diary.covered.contains(&id))
}

/// Whether a notification may be suppressed for a reason on this device, by what happened to it.
fn is_allowed(world: &World, number: Number, reason: Suppression, item: &HistoryItem) -> bool {
    let (id, diary) = (item.notification.id, &world.devices[number].diary);
    let accepted_at = crate::time::moment(item.notification.accepted_at);
    match reason {
        Suppression::FirstSync => is_before_login(world, number, accepted_at),
        // A disk that failed may not have kept that the device knows of it.
        Suppression::Restored => {
            diary.is_before_restore(accepted_at) || is_before_login(world, number, accepted_at)
        }
        Suppression::Read => was_read(world, id),
        Suppression::Deleted => world.was_deleted(id),
        Suppression::Expired => crate::time::moment(item.notification.expires_at) <= world.now,
        Suppression::BlockedOs => diary.blocked.iter().any(|until| accepted_at < *until),
        Suppression::BlockedApp => diary.unwanted.contains(&id),
        Suppression::AlreadyShown => diary.was_drawn(id) || diary.settled.contains(&id),
        Suppression::Failed => diary.failed.contains_key(&id),
        // Also whatever a later version adds.
        Suppression::Unreadable | _ => false,
    }
}

/// Whether the user's session began here, without a history, after a notification was accepted.
fn is_before_login(world: &World, number: Number, accepted_at: At) -> bool {
    let device = &world.devices[number];
    let is_clock_set = !device.diary.clock_steps.is_empty();
    let sessions = device.diary.quiet.iter();
    sessions
        .filter(|quiet| Some(&quiet.user) == device.wanted.as_ref())
        .any(|quiet| accepted_at <= quiet.since.until(is_clock_set))
}
