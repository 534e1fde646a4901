//! The extension's side.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use vestnik_model::{NotificationId, limits::ENTRY_BYTES};
use vestnik_sqlite::{create_private_folder, make_private_file};

use super::{
    MAX_BYTES, MAX_DROPPED, MAX_FILES, MAX_WITHDRAWN,
    file::{Blocked, SpoolFile, State, list, moved, path, ticket as ticket_of},
    seen::is_seen,
    withdrawn::is_withdrawn,
};
use crate::{Payload, planted::Plant};

/// Why a payload is not in the spool. Leave the notification to the log, and draw nothing of ours.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There are too many files or bytes: the app has not run for long.
    #[error("the spool is full")]
    Full,
    /// The payload is larger than an entry of a log may be.
    #[error("the payload is too large")]
    TooLarge,
    /// The file system refuses.
    #[error("the spool cannot be written")]
    Io(#[from] io::Error),
}

/// The right to draw one notification, which is a file of the spool.
#[derive(Debug)]
#[must_use = "a ticket that is not settled is drawn again by the app"]
pub struct Ticket {
    taken: PathBuf,
    identifier: String,
}

impl Ticket {
    /// Under which identifier to draw. The app uses the same, so that one replaces the other.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The notification was handed to the system.
    ///
    /// # Errors
    /// If the file system refuses. The app then draws once more under the same identifier.
    pub fn shown(self) -> io::Result<()> {
        self.settle(State::Shown)
    }

    /// The notification is not shown, now or later: the app reports why.
    ///
    /// # Errors
    /// If the file system refuses. The app then draws it.
    pub fn suppressed(self, by: Blocked) -> io::Result<()> {
        self.settle(State::Blocked(by))
    }

    fn settle(self, state: State) -> io::Result<()> {
        match fs::rename(&self.taken, moved(&self.taken, state)) {
            // The app did not wait: it has the ticket now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed,
        }
    }

    /// The file of the ticket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.taken
    }
}

/// Writes a payload into the spool, whole or not at all, and makes it durable. `None` if it is there
/// already, or the app has seen to it: it was or is being drawn, or is not to be. Nor is an earlier revision
/// than one that is there, which a slow push brings. Of several that write the same at once, one has the
/// ticket.
///
/// # Errors
/// [`SpoolError`].
pub fn write(folder: &Path, payload: &Payload) -> Result<Option<Ticket>, SpoolError> {
    let notification = &payload.notification;
    let (id, revision) = (notification.id, notification.revision);
    let ticket = Ticket {
        taken: path(folder, id, revision, State::Taken),
        identifier: id.to_string(),
    };
    let is_repeated = Plant::TicketIsRepeated.is_on();
    // These names tell without a look at the whole folder.
    let is_named = || {
        let mut states = State::TICKETS.into_iter();
        states.any(|state| moved(&ticket.taken, state).exists()) || is_withdrawn(folder, id)
    };
    if is_named() && !is_repeated {
        return Ok(None);
    }
    let json = serde_json::to_vec(payload).map_err(io::Error::other)?;
    if json.len() > ENTRY_BYTES {
        return Err(SpoolError::TooLarge);
    }
    create_private_folder(folder)?;
    let mut fits = Ok(());
    let is_ours = make_private_file(&ticket.taken, &json, || {
        let files = match list(folder) {
            Ok(listed) => listed.files,
            Err(error) => {
                fits = Err(error.into());
                return false;
            }
        };
        let is_had =
            is_named() || is_seen(folder, id, revision) || is_replaced(&files, (id, revision));
        if is_had && !is_repeated {
            return false;
        }
        fits = fit(&files, Room::Ticket, json.len() as u64);
        fits.is_ok()
    })?;
    fits?;
    Ok(is_ours.then_some(ticket))
}

/// Whether there is a ticket of a later revision: a slow push must not bring back what was replaced.
fn is_replaced(files: &[SpoolFile], (id, revision): (NotificationId, u32)) -> bool {
    let mut tickets = files.iter().filter_map(|file| ticket_of(&file.path));
    tickets.any(|(of, seen)| of == id && seen > revision)
}

/// What a file of a spool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Ticket,
    Dropped,
    Withdrawn,
}

/// How many files are of what was drawn, is being drawn, or was not let be drawn.
fn tickets(files: &[SpoolFile]) -> usize {
    let is_ticket = |file: &&SpoolFile| match file.state {
        State::Taken | State::Shown | State::Blocked(_) => true,
        State::Dropped | State::Withdrawn => false,
    };
    files.iter().filter(is_ticket).count()
}

/// Whether a spool has room for one more file. What could not be opened, or was withdrawn, never takes the
/// room of what is to be drawn.
pub(super) fn check_room(folder: &Path, room: Room, bytes: u64) -> Result<(), SpoolError> {
    fit(&list(folder)?.files, room, bytes)
}

fn fit(files: &[SpoolFile], room: Room, bytes: u64) -> Result<(), SpoolError> {
    let used: u64 = files.iter().map(|file| file.bytes).sum();
    let of = |state| files.iter().filter(|file| file.state == state).count();
    let is_full = match room {
        Room::Ticket => tickets(files) >= MAX_FILES,
        Room::Dropped => of(State::Dropped) >= MAX_DROPPED,
        Room::Withdrawn => of(State::Withdrawn) >= MAX_WITHDRAWN,
    };
    if is_full || used + bytes > MAX_BYTES {
        return Err(SpoolError::Full);
    }
    Ok(())
}
