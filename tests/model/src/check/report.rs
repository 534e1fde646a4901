//! The server knows what the device did, and nothing that it did not do.

use vestnik_inbox::{HistoryItem, ShowState};
use vestnik_model::{FactKind, NotificationId};

use super::history::was_read;
use crate::{
    device::Number,
    time::{At, SECOND},
    world::World,
};

/// For so long a call may be on its way, and the second that an age in seconds leaves out.
const ON_THE_WAY: At = 21 * SECOND;

pub(super) fn check(world: &World, number: Number, items: &[HistoryItem], wrong: &mut Vec<String>) {
    nothing_false(world, number, wrong);
    let device = &world.devices[number];
    let Some(installation) = device.installation() else {
        return;
    };
    // What was reported before a backup was restored is known no more, and is not reported again.
    let is_certain = device.diary.losses.is_empty() && world.server.ever.restores.is_empty();
    if !is_certain {
        return;
    }
    let facts = &world.server.ever.facts;
    let is_refused = |kind| world.server.refuses.contains(&kind);
    for item in items {
        let id = item.notification.id;
        let is_told = |kind| is_refused(kind) || facts.contains(&(installation, kind, id));
        if !is_told(FactKind::Delivered) {
            wrong.push(format!(
                "device {number}: {id} is not reported as delivered"
            ));
        }
        let is_shown = item.show == ShowState::Shown;
        if is_shown && !is_told(FactKind::Displayed) {
            wrong.push(format!(
                "device {number}: {id} is not reported as displayed"
            ));
        }
    }
    unopened(world, number, wrong);
    for owed in &device.diary.owed {
        let found = unreported(world, number, *owed);
        wrong.extend(found.map(|found| format!("device {number}: {} {found}", owed.1)));
    }
}

/// What a person did here and the server does not know.
fn unreported(
    world: &World,
    number: Number,
    (kind, id): (FactKind, NotificationId),
) -> Option<String> {
    let (_, accepted) = world.server.accepted().find(|(one, _)| *one == id)?;
    if Some(&accepted.user) != world.devices[number].wanted.as_ref() {
        return None;
    }
    if kind == FactKind::Read {
        let is_unknown = accepted.read_at.is_none() && !accepted.is_recalled;
        return is_unknown.then(|| "was read here and the server does not know".to_owned());
    }
    let is_told = is_told_by_any(world, number, (kind, id));
    (!is_told).then(|| format!("was {} here and that is not reported", kind.as_str()))
}

/// Pushes that did not open are reported.
fn unopened(world: &World, number: Number, wrong: &mut Vec<String>) {
    let device = &world.devices[number];
    for id in &device.diary.unopened {
        let accepted = world.server.accepted().find(|(one, _)| one == id);
        let is_ours = accepted.is_some_and(|(_, accepted)| {
            Some(&accepted.user) == device.wanted.as_ref() && !accepted.is_recalled
        });
        // It may be in the history all the same, and was reported as delivered.
        let is_deleted = world.server.is_deleted(*id) || world.was_deleted(*id);
        let is_told = is_told_by_any(world, number, (FactKind::NotShown, *id));
        if is_ours && !is_deleted && !is_told {
            wrong.push(format!(
                "device {number}: a push of {id} did not open and is not reported"
            ));
        }
    }
}

/// Whether any installation that the device was has reported something, if the server takes it.
fn is_told_by_any(world: &World, number: Number, (kind, id): (FactKind, NotificationId)) -> bool {
    let facts = &world.server.ever.facts;
    let mut own = world.devices[number].diary.installations.iter();
    world.server.refuses.contains(&kind)
        || own.any(|installation| facts.contains(&(*installation, kind, id)))
}

/// The server knows when the app was opened last, on each device. What a process has not told when it ends
/// is not told.
pub(super) fn opened(world: &World, number: Number, wrong: &mut Vec<String>) {
    let device = &world.devices[number];
    let Some((life, opened)) = device.diary.opened else {
        return;
    };
    let known = device
        .installation()
        .and_then(|installation| world.server.opened_at(installation));
    let is_known = known.is_some_and(|known| (opened..opened + ON_THE_WAY).contains(&known));
    if device.is_living(life) && world.server.ever.restores.is_empty() && !is_known {
        wrong.push(format!(
            "device {number}: the app was opened at {opened} and the server knows of {known:?}"
        ));
    }
}

fn nothing_false(world: &World, number: Number, wrong: &mut Vec<String>) {
    let diary = &world.devices[number].diary;
    for (installation, kind, id) in &world.server.ever.facts {
        if !diary.installations.contains(installation) {
            continue;
        }
        let is_true = match kind {
            FactKind::Displayed | FactKind::Dismissed => diary.was_drawn(*id),
            FactKind::Read | FactKind::Clicked | FactKind::Actioned | FactKind::Reply => {
                diary.done.contains(&(*kind, *id))
            }
            FactKind::Delivered | FactKind::ReadUpTo | FactKind::Flag | FactKind::NotShown => true,
        };
        if !is_true {
            wrong.push(format!(
                "device {number}: {id} is reported as {} and was not",
                kind.as_str()
            ));
        }
    }
    if number > 0 {
        return;
    }
    for id in world.server.ever.read.keys() {
        if !was_read(world, *id) {
            wrong.push(format!("{id} is read at the server and nobody read it"));
        }
    }
}
