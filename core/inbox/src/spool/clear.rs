//! A user goes.

use std::{collections::BTreeSet, io, path::Path};

use vestnik_model::NotificationId;

use super::{
    file::{State, id, list, remove_all},
    seen::take_all_announced,
};
use crate::planted::Plant;

/// Removes what lies in a spool; gives the notifications that an extension may have drawn, to be taken off
/// the screen. Call it when a user has logged out and when another one logs in: a payload need not say
/// whom it is for. The log has all of it.
///
/// # Errors
/// If the file system refuses; what could be removed is.
pub fn clear(folder: &Path) -> io::Result<BTreeSet<NotificationId>> {
    if Plant::SpoolOutlivesLogout.is_on() {
        return Ok(BTreeSet::new());
    }
    let listed = list(folder)?;
    let files = listed.files.iter();
    let drawn = files.filter(|file| matches!(file.state, State::Taken | State::Shown));
    let drawn = drawn.filter_map(|file| id(&file.path));
    let announced = take_all_announced(folder);
    let drawn = drawn.chain(announced).collect();
    let files = listed.files.into_iter().chain(listed.unfinished);
    remove_all(files.map(|file| file.path))?;
    Ok(drawn)
}
