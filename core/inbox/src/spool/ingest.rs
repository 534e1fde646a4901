//! The app's side.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use vestnik_model::limits::ENTRY_BYTES;

use super::{
    dropped::{is_about_key, read_dropped},
    file::{Listed, SpoolFile, State, id, list, moved, remove_all},
    seen::{is_put_away, mark_drawn, repeated},
};
use crate::{
    Applied, Inbox, Payload, Withdrawal,
    planted::Plant,
    rule::{admission::Drawn, clock::shifted},
};

/// How long an extension may have a ticket. iOS ends an extension after 30 seconds.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What was ingested.
#[derive(Debug, Default)]
pub struct Ingested {
    /// What the transaction changed, and what it knows besides.
    pub applied: Applied,
    /// How many files were left out: they could not be read, or are for another user.
    pub dropped: u32,
    /// Whether a push could not be opened: the server has to be told of the present key once more.
    pub is_key_in_doubt: bool,
    /// When to ingest again at the latest, by the device's clock: an extension that has a ticket now will
    /// not have it any more.
    pub again_at: Option<Timestamp>,
    done: Vec<PathBuf>,
    repeated: Vec<PathBuf>,
}

impl Ingested {
    /// Removes the files that were ingested, and marks what was drawn, for a push that comes once more. Call it
    /// after the commit.
    ///
    /// # Errors
    /// If the file system refuses; what could be removed is. The others are ingested again, which changes
    /// nothing.
    pub fn remove_files(self) -> io::Result<()> {
        let marked = self.done.iter().try_for_each(|path| mark_drawn(path));
        // A file that goes without a mark is a notification that is drawn once more.
        remove_all(self.done.into_iter().chain(self.repeated)).and(marked)
    }

    fn wait(&mut self, since: Timestamp) {
        let at = shifted(since, PATIENCE);
        self.again_at = Some(self.again_at.map_or(at, |earlier| earlier.min(at)));
    }
}

/// Ingests what lies in a spool, the oldest first. A folder that cannot be read counts as empty: a
/// later call will read it.
///
/// # Errors
/// If a statement fails.
pub fn ingest(inbox: &mut Inbox<'_>, folder: &Path) -> Result<Ingested, rusqlite::Error> {
    let listed = list(folder).unwrap_or_else(|error| {
        tracing::warn!(%error, "the spool cannot be read");
        Listed::default()
    });
    let mut ingested = Ingested::default();
    release_lost(inbox, folder, &listed)?;
    for file in listed.files {
        ingest_file(inbox, file, &mut ingested)?;
    }
    let left = listed.unfinished.into_iter();
    let left = left.filter(|file| is_over(inbox, file));
    ingested.done.extend(left.map(|file| file.path));
    ingest_repeated(inbox, folder, &mut ingested)?;
    ingested.applied = inbox.completed(std::mem::take(&mut ingested.applied))?;
    Ok(ingested)
}

/// Takes back the tickets whose files are gone, as when the system has emptied the folder: nobody will
/// settle them. A file that is renamed while its folder is listed may be missed once.
fn release_lost(
    inbox: &mut Inbox<'_>,
    folder: &Path,
    listed: &Listed,
) -> Result<(), rusqlite::Error> {
    let mut lost = inbox.lent()?;
    lost.retain(|id| listed.has_no_ticket_of(*id));
    if lost.is_empty() || Plant::KilledIsForgotten.is_on() {
        return Ok(());
    }
    let again = list(folder).unwrap_or_default();
    for id in lost.into_iter().filter(|id| again.has_no_ticket_of(*id)) {
        inbox.release_extension(id)?;
    }
    Ok(())
}

fn ingest_file(
    inbox: &mut Inbox<'_>,
    mut file: SpoolFile,
    ingested: &mut Ingested,
) -> Result<(), rusqlite::Error> {
    match file.state {
        State::Dropped => return ingest_dropped(inbox, file, ingested),
        State::Withdrawn => return ingest_withdrawn(inbox, file, ingested),
        State::Taken | State::Shown | State::Blocked(_) => {}
    }
    let payload = match read(&mut file) {
        Read::Payload(payload) => payload,
        Read::Nothing => {
            ingested.dropped += 1;
            ingested.done.push(file.path);
            return Ok(());
        }
        Read::Later => {
            ingested.wait(inbox.device_now());
            return Ok(());
        }
    };
    let is_over = is_over(inbox, &file);
    let drawn = match file.state {
        State::Taken if is_over && Plant::KilledCountsAsDrawn.is_on() => Drawn::Yes,
        State::Taken if is_over => Drawn::Unsettled,
        State::Taken => Drawn::Perhaps,
        State::Shown if Plant::DrawnIsForgotten.is_on() => Drawn::No,
        State::Shown => Drawn::Yes,
        State::Blocked(by) => Drawn::Blocked(by.reason()),
        State::Dropped | State::Withdrawn => Drawn::No,
    };
    let is_ours = inbox.ingest(&payload, drawn, &mut ingested.applied)?;
    ingested.dropped += u32::from(!is_ours && drawn != Drawn::Perhaps);
    if is_ours && drawn == Drawn::Unsettled && !Plant::KilledIsForgotten.is_on() {
        inbox.release_extension(payload.notification.id)?;
    }
    if drawn == Drawn::Perhaps {
        // Also what is for another user: when it is drawn, it has to be taken off the screen.
        ingested.wait(file.written_at);
    } else {
        ingested.done.push(file.path);
    }
    Ok(())
}

/// What an extension could not open is reported.
fn ingest_dropped(
    inbox: &mut Inbox<'_>,
    file: SpoolFile,
    ingested: &mut Ingested,
) -> Result<(), rusqlite::Error> {
    let reason = read_bytes(&file.path).and_then(|bytes| read_dropped(&bytes));
    if let (Some(id), Ok(Some(reason))) = (id(&file.path), reason) {
        inbox.report_dropped(id, reason)?;
        ingested.is_key_in_doubt |= is_about_key(reason);
    }
    ingested.done.push(file.path);
    Ok(())
}

/// What was withdrawn leaves the history.
fn ingest_withdrawn(
    inbox: &mut Inbox<'_>,
    file: SpoolFile,
    ingested: &mut Ingested,
) -> Result<(), rusqlite::Error> {
    let withdrawal = match read_bytes(&file.path).map(|bytes| Withdrawal::parse(&bytes)) {
        Ok(Ok(withdrawal)) => withdrawal,
        Ok(Err(_)) => {
            ingested.dropped += 1;
            ingested.done.push(file.path);
            return Ok(());
        }
        Err(error) => {
            tracing::warn!(%error, "a file of the spool cannot be read");
            ingested.wait(inbox.device_now());
            return Ok(());
        }
    };
    let is_ours = inbox.withdraw(&withdrawal, &mut ingested.applied)?;
    ingested.dropped += u32::from(!is_ours);
    ingested.done.push(file.path);
    Ok(())
}

/// What was given to an extension once more is on the screen, as it was drawn before or as a text without
/// content. What was put away before goes off it.
fn ingest_repeated(
    inbox: &Inbox<'_>,
    folder: &Path,
    ingested: &mut Ingested,
) -> Result<(), rusqlite::Error> {
    if Plant::PutAwayComesBack.is_on() {
        return Ok(());
    }
    for (id, path) in repeated(folder) {
        if is_put_away(folder, id) || inbox.history().is_put_away(id)? {
            ingested.applied.withdrawn.push(id);
        }
        ingested.repeated.push(path);
    }
    Ok(())
}

/// Whether an extension cannot have a file any more. Its age is by the clock that wrote it. One that was written
/// after the transaction began is a little younger than nothing; one from farther in the future is as old as
/// can be.
fn is_over(inbox: &Inbox<'_>, file: &SpoolFile) -> bool {
    !is_in_time(file, inbox.device_now())
}

/// Whether an extension may have a file at a time of the device's clock.
pub(super) fn is_in_time(file: &SpoolFile, now: Timestamp) -> bool {
    let age = now.duration_since(file.written_at);
    (-PATIENCE..PATIENCE).contains(&age)
}

/// What a file holds.
enum Read {
    Payload(Box<Payload>),
    /// No payload, and never one.
    Nothing,
    /// It cannot be read now, as before a phone is unlocked for the first time.
    Later,
}

fn read(file: &mut SpoolFile) -> Read {
    let mut bytes = read_bytes(&file.path);
    if file.state == State::Taken
        && matches!(&bytes, Err(error) if error.kind() == io::ErrorKind::NotFound)
    {
        // It was settled meanwhile.
        let now = State::TICKETS.into_iter().find_map(|state| {
            let path = moved(&file.path, state);
            path.exists().then_some((state, path))
        });
        if let Some((state, path)) = now {
            *file = SpoolFile {
                path,
                state,
                ..*file
            };
            bytes = read_bytes(&file.path);
        }
    }
    match bytes.map(|bytes| Payload::parse(&bytes)) {
        Ok(Ok(payload)) => Read::Payload(Box::new(payload)),
        Ok(Err(_)) => Read::Nothing,
        Err(error) => {
            tracing::warn!(%error, "a file of the spool cannot be read");
            Read::Later
        }
    }
}

/// One byte more than a payload may have, at most.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(ENTRY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_now_stays_and_one_that_was_drawn_meanwhile_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, state| SpoolFile {
            path: folder.path().join(name),
            state,
            bytes: 0,
            written_at: Timestamp::UNIX_EPOCH,
        };
        let mut absent = file("1.0.taken", State::Taken);
        assert!(matches!(read(&mut absent), Read::Later));
        // Reading a folder fails as reading a locked file does.
        std::fs::create_dir(folder.path().join("2.0.shown")).unwrap();
        assert!(matches!(
            read(&mut file("2.0.shown", State::Shown)),
            Read::Later
        ));
        std::fs::write(folder.path().join("3.0.shown"), "no payload").unwrap();
        let mut drawn = file("3.0.taken", State::Taken);
        assert!(matches!(read(&mut drawn), Read::Nothing));
        assert_eq!(drawn.state, State::Shown);
        assert!(drawn.path.ends_with("3.0.shown"));
    }
}
