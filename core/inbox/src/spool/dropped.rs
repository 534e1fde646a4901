//! What an extension could not open.

use std::{io, path::Path};

use vestnik_model::{NotificationId, Open, Reason};
use vestnik_sqlite::{create_private_folder, write_private_file};

use super::{
    file::{State, path},
    write::{Room, SpoolError, check_room},
};

/// Spools why a push of a notification was dropped. There is one file for a notification.
pub(crate) fn write_dropped(
    folder: &Path,
    notification: NotificationId,
    reason: Reason,
) -> Result<(), SpoolError> {
    let path = path(folder, notification, 0, State::Dropped);
    if path.exists() {
        return Ok(());
    }
    create_private_folder(folder)?;
    let text = reason.as_str().as_bytes();
    check_room(folder, Room::Dropped, text.len() as u64)?;
    Ok(write_private_file(&path, text)?)
}

/// Reads why; `None` if it is no reason that this version knows.
pub(super) fn read_dropped(bytes: &[u8]) -> io::Result<Option<Reason>> {
    let text = std::str::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Open::<Reason>::read(text).known())
}

/// Whether a reason says that the server seals for another key than the present one.
pub(super) const fn is_about_key(reason: Reason) -> bool {
    matches!(reason, Reason::DecryptUnknownKey | Reason::DecryptFailed)
}
