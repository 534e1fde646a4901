//! What has to hold once a world has come to rest, by what onlookers wrote down. Nothing here asks the core
//! what it thinks is right.

mod history;
mod key;
mod report;
mod screen;

use vestnik_inbox::HistoryItem;

use crate::world::World;

/// What does not hold.
pub(crate) fn check(world: &mut World) -> Vec<String> {
    let mut wrong = Vec::new();
    for number in 0..world.devices.len() {
        match world.history(number) {
            Ok(items) => {
                history::check(world, number, &items, &mut wrong);
                screen::check(world, number, &items, &mut wrong);
                report::check(world, number, &items, &mut wrong);
                report::opened(world, number, &mut wrong);
                key::check(world, number, &mut wrong);
            }
            Err(error) => wrong.push(format!(
                "device {number}: the history cannot be read: {error}"
            )),
        }
    }
    wrong
}

/// The item of a notification.
fn item_of(items: &[HistoryItem], id: vestnik_model::NotificationId) -> Option<&HistoryItem> {
    items.iter().find(|item| item.notification.id == id)
}
