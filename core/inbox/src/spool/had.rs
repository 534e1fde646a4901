//! What the person has had.

use std::path::Path;

use vestnik_model::NotificationId;

use super::{
    file::{State, id, list},
    seen::names,
};

/// Whether any revision of a notification was drawn, is being drawn, was withdrawn, or was decided by the app.
/// What a push without content is about is known by its name only. A folder that cannot be read has nothing.
pub(crate) fn is_had(folder: &Path, notification: NotificationId) -> bool {
    let listed = list(folder).unwrap_or_default();
    let is_ticket = listed.files.iter().any(|file| {
        let is_ticket = match file.state {
            State::Taken | State::Shown | State::Blocked(_) | State::Withdrawn => true,
            State::Dropped => false,
        };
        is_ticket && id(&file.path) == Some(notification)
    });
    is_ticket || is_marked(folder, notification)
}

fn is_marked(folder: &Path, notification: NotificationId) -> bool {
    let notification = notification.uuid().simple().to_string();
    names(folder).any(|name| name.split('.').next() == Some(&notification))
}
