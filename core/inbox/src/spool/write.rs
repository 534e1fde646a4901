//! The extension's side.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use vestnik_model::{NotificationId, limits::ENTRY_BYTES};
use vestnik_sqlite::{create_private_folder, make_private_file};

use super::{
    MAX_BYTES, MAX_DROPPED, MAX_FILES, MAX_WITHDRAWN,
    file::{Blocked, SpoolFile, State, list, moved, path, remove_all, ticket as ticket_of},
    ingest::is_in_time,
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
/// It is looked at once more when the file is there: what the app marked meanwhile, or a push withdrew, has no
/// ticket. Whoever marks looks for the file afterwards, so that one of the two notices the other.
///
/// # Errors
/// [`SpoolError`].
pub fn write(folder: &Path, payload: &Payload) -> Result<Option<Ticket>, SpoolError> {
    write_while(folder, payload, || ())
}

/// What happens `meanwhile` happens after the first look and before the second.
fn write_while(
    folder: &Path,
    payload: &Payload,
    meanwhile: impl FnOnce(),
) -> Result<Option<Ticket>, SpoolError> {
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
    if !is_ours {
        return Ok(None);
    }
    meanwhile();
    if is_taken_away(folder, (id, revision)) && !is_repeated {
        remove_all([ticket.taken].into_iter())?;
        return Ok(None);
    }
    Ok(Some(ticket))
}

/// Whether a ticket that was written is not to be used: the app, a withdrawal or a later revision came between.
fn is_taken_away(folder: &Path, (id, revision): (NotificationId, u32)) -> bool {
    is_seen(folder, id, revision)
        || is_withdrawn(folder, id)
        || is_replaced(&list(folder).unwrap_or_default().files, (id, revision))
}

/// The notifications of which extensions have, or had, tickets that the app has not taken in, at a time of the
/// device's clock: whoever has [marked](super::mark_seen) something looks for them afterwards. A ticket that is
/// too old to be anybody's is none.
#[must_use]
pub fn lent(folder: &Path, now: Timestamp) -> BTreeSet<NotificationId> {
    let files = list(folder).unwrap_or_default().files.into_iter();
    let lent = files.filter(|file| file.state != State::Taken || is_in_time(file, now));
    lent.filter_map(|file| Some(ticket_of(&file.path)?.0))
        .collect()
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;
    use uuid::Uuid;

    use super::{super::seen::mark_seen, *};
    use crate::{Withdrawal, spool::write_withdrawal};

    fn id() -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(1))
    }

    fn payload(revision: u32) -> Payload {
        let payload = json!({"user": "anna", "notification": {
            "id": id(), "revision": revision, "title": "Order 1",
            "acceptedAt": "2026-11-30T00:00:00Z", "expiresAt": "2026-12-30T00:00:00Z",
        }});
        Payload::parse(&serde_json::to_vec(&payload).unwrap()).unwrap()
    }

    /// Writing takes as long as the disk does.
    #[test]
    fn what_the_app_or_another_extension_decides_while_a_ticket_is_written_takes_it_away() {
        let decisions: [fn(&Path); 4] = [
            |folder| mark_seen(folder, id(), Some(0)).unwrap(),
            |folder| mark_seen(folder, id(), None).unwrap(),
            |folder| {
                let withdrawal = Withdrawal::new("anna".parse().unwrap(), id());
                write_withdrawal(folder, &withdrawal).unwrap();
            },
            |folder| drop(write(folder, &payload(1)).unwrap().unwrap()),
        ];
        for (number, decide) in decisions.into_iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let written = write_while(folder.path(), &payload(0), || decide(folder.path()));
            assert!(written.unwrap().is_none(), "decision {number}");
            let left = path(folder.path(), id(), 0, State::Taken);
            assert!(!left.exists(), "decision {number}");
        }
        let folder = tempfile::tempdir().unwrap();
        mark_seen(folder.path(), id(), Some(0)).unwrap();
        assert!(write(folder.path(), &payload(1)).unwrap().is_some());
    }

    #[test]
    fn a_ticket_is_lent_while_somebody_may_have_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(lent(folder.path(), Timestamp::UNIX_EPOCH).is_empty());
        let ticket = write(folder.path(), &payload(0)).unwrap().unwrap();
        let file = fs::File::options().write(true).open(ticket.path());
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let is_lent = |second| lent(folder.path(), at(second)).contains(&id());
        assert!(is_lent(0) && is_lent(50) && !is_lent(70) && !is_lent(-3_600));
        ticket.shown().unwrap();
        assert!(is_lent(0) && is_lent(70));
    }
}
