//! The server knows what the device did, and nothing that it did not do.

use vestnik_inbox::{HistoryItem, ShowState};
use vestnik_model::FactKind;

use super::history::was_read;
use crate::{device::Number, world::World};

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
    for id in &device.diary.unopened {
        let accepted = world.server.accepted().find(|(one, _)| one == id);
        let is_ours = accepted.is_some_and(|(_, accepted)| {
            Some(&accepted.user) == device.wanted.as_ref() && !accepted.is_recalled
        });
        // It may be in the history all the same, and was reported as delivered.
        let mut devices = world.devices.iter();
        let is_deleted =
            world.server.is_deleted(*id) || devices.any(|device| device.diary.deleted.contains(id));
        let mut own = device.diary.installations.iter();
        let is_told = is_refused(FactKind::NotShown)
            || own.any(|installation| facts.contains(&(*installation, FactKind::NotShown, *id)));
        if is_ours && !is_deleted && !is_told {
            wrong.push(format!(
                "device {number}: a push of {id} did not open and is not reported"
            ));
        }
    }
    for id in device.diary.read.keys() {
        let accepted = world.server.accepted().find(|(one, _)| one == id);
        let is_unknown = accepted.is_some_and(|(_, accepted)| {
            accepted.read_at.is_none()
                && !accepted.is_recalled
                && Some(&accepted.user) == device.wanted.as_ref()
        });
        if is_unknown {
            wrong.push(format!(
                "device {number}: {id} was read here and the server does not know"
            ));
        }
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
            FactKind::Read | FactKind::Clicked | FactKind::Reply => diary.read.contains_key(id),
            FactKind::Delivered
            | FactKind::Actioned
            | FactKind::ReadUpTo
            | FactKind::Flag
            | FactKind::NotShown => true,
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
