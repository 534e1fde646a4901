//! What was drawn, and what is on the screen.

use std::{collections::BTreeMap, fs, path::Path};

use vestnik_inbox::{HistoryItem, ShowState};
use vestnik_model::NotificationId;

use super::item_of;
use crate::{device::Number, world::World};

pub(super) fn check(world: &World, number: Number, items: &[HistoryItem], wrong: &mut Vec<String>) {
    let device = &world.devices[number];
    let mut as_new: BTreeMap<NotificationId, u32> = BTreeMap::new();
    for draw in &device.diary.draws {
        let meant = world.server.ever.meant.get(&draw.id);
        if meant.is_some_and(|meant| meant.is_disjoint(&device.diary.installations)) {
            wrong.push(format!(
                "device {number}: {} is shown and is for other devices",
                draw.id
            ));
        }
        if !draw.again {
            *as_new.entry(draw.id).or_default() += 1;
        }
    }
    for (id, count) in as_new {
        if count > 1 {
            wrong.push(format!(
                "device {number}: {id} is shown as new {count} times"
            ));
        }
    }
    for (id, revision) in &device.screen {
        if item_of(items, *id).is_none() && !device.diary.losses.is_empty() {
            // The history has lost it, and the log does not give what has expired.
            continue;
        }
        if is_waiting(&device.data(), *id) {
            // The app has not looked at what its extension drew.
            continue;
        }
        let found = of_screen(items, *id, *revision);
        wrong.extend(found.map(|found| format!("device {number}: {id} is on the screen {found}")));
    }
}

/// Whether there is a file of a notification in the spool, or the mark of a push that came once more.
fn is_waiting(data: &Path, id: NotificationId) -> bool {
    let name = id.uuid().simple().to_string();
    let files = fs::read_dir(data.join("spool")).into_iter().flatten();
    let mut names = files.flatten().map(|file| file.file_name());
    let repeated = data.join("spool/seen").join(format!("{name}.repeated"));
    repeated.exists() || names.any(|file| file.to_string_lossy().starts_with(&name))
}

fn of_screen(items: &[HistoryItem], id: NotificationId, revision: u32) -> Option<String> {
    let Some(item) = item_of(items, id) else {
        return Some("and not in the history".to_owned());
    };
    if item.is_read {
        return Some("and was read".to_owned());
    }
    let is_shown = item.show == ShowState::Shown;
    (is_shown && item.notification.revision != revision).then(|| {
        let newest = item.notification.revision;
        format!("with revision {revision} and not {newest}")
    })
}
