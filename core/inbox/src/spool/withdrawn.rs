//! What was withdrawn while the app did not run.

use std::{io, path::Path};

use vestnik_model::NotificationId;
use vestnik_sqlite::{create_private_folder, write_private_file};

use super::{
    file::{State, path},
    write::{Room, SpoolError, check_room},
};
use crate::{Withdrawal, planted::Plant};

/// Spools a withdrawal, so that its notification is not drawn any more and the app takes it out of the history.
/// There is one file for a notification.
pub(crate) fn write_withdrawal(folder: &Path, withdrawal: &Withdrawal) -> Result<(), SpoolError> {
    if is_withdrawn(folder, withdrawal.withdraws) || Plant::WithdrawalIsForgotten.is_on() {
        return Ok(());
    }
    create_private_folder(folder)?;
    let json = serde_json::to_vec(withdrawal).map_err(io::Error::other)?;
    check_room(folder, Room::Withdrawn, json.len() as u64)?;
    let path = path(folder, withdrawal.withdraws, 0, State::Withdrawn);
    Ok(write_private_file(&path, &json)?)
}

/// Whether a notification was withdrawn, and the app does not know yet.
pub(super) fn is_withdrawn(folder: &Path, notification: NotificationId) -> bool {
    path(folder, notification, 0, State::Withdrawn).exists()
}
