//! The names of the files of a spool.

use std::{
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use vestnik_model::NotificationId;

use crate::Suppression;

/// The most files that are looked at in one call. There are fewer, unless somebody else writes there.
const LOOKED_AT: usize = 1_024;

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// An extension was about to draw.
    Taken,
    /// It has drawn.
    Shown,
    /// It was not let draw.
    Blocked(Blocked),
    /// It could not open what it was given.
    Dropped,
    /// The notification was withdrawn.
    Withdrawn,
}

/// Who does not let a notification be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// The system shows nothing of the app, or nothing of this kind.
    Os,
    /// The app, by a setting of the user.
    App,
}

impl Blocked {
    pub(super) const fn reason(self) -> Suppression {
        match self {
            Self::Os => Suppression::BlockedOs,
            Self::App => Suppression::BlockedApp,
        }
    }
}

impl State {
    /// The states of a ticket.
    pub(super) const TICKETS: [Self; 4] = [
        Self::Taken,
        Self::Shown,
        Self::Blocked(Blocked::Os),
        Self::Blocked(Blocked::App),
    ];

    const fn extension(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Shown => "shown",
            Self::Blocked(Blocked::Os) => "blocked_os",
            Self::Blocked(Blocked::App) => "blocked_app",
            Self::Dropped => "dropped",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A file of a spool.
#[derive(Debug)]
pub(super) struct SpoolFile {
    pub(super) path: PathBuf,
    pub(super) state: State,
    pub(super) bytes: u64,
    pub(super) written_at: Timestamp,
}

/// The files of a spool.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Those that are whole, the oldest first.
    pub(super) files: Vec<SpoolFile>,
    /// Those that are being written, or that a process that was ended has left.
    pub(super) unfinished: Vec<SpoolFile>,
    /// Whether all files were looked at.
    pub(super) is_whole: bool,
}

impl Listed {
    /// Whether no file is a ticket of a notification, as far as that is certain.
    pub(super) fn has_no_ticket_of(&self, notification: NotificationId) -> bool {
        let is_ticket = |file: &SpoolFile| match file.state {
            State::Taken | State::Shown | State::Blocked(_) => id(&file.path) == Some(notification),
            State::Dropped | State::Withdrawn => false,
        };
        self.is_whole && !self.files.iter().any(is_ticket)
    }
}

/// The path of a notification's file. The name says nothing of its content.
pub(super) fn path(folder: &Path, id: NotificationId, revision: u32, state: State) -> PathBuf {
    let name = format!("{}.{revision}.{}", id.uuid().simple(), state.extension());
    folder.join(name)
}

/// The notification of a file.
pub(super) fn id(path: &Path) -> Option<NotificationId> {
    let name = path.file_name()?.to_str()?;
    let (id, _) = name.split_once('.')?;
    Some(NotificationId::from_uuid(id.parse().ok()?))
}

/// The notification and the revision that a file's ticket is for.
pub(super) fn ticket(path: &Path) -> Option<(NotificationId, u32)> {
    match state(path)? {
        State::Taken | State::Shown | State::Blocked(_) => {
            let revision = path.file_stem()?.to_str()?.split_once('.')?.1;
            Some((id(path)?, revision.parse().ok()?))
        }
        State::Dropped | State::Withdrawn => None,
    }
}

/// The notification that a file says was withdrawn.
pub(super) fn withdrawn(path: &Path) -> Option<NotificationId> {
    match state(path)? {
        State::Withdrawn => id(path),
        State::Taken | State::Shown | State::Blocked(_) | State::Dropped => None,
    }
}

/// The path of the same ticket in another state.
pub(super) fn moved(path: &Path, state: State) -> PathBuf {
    path.with_extension(state.extension())
}

/// The files of a spool. What has another name, or is no plain file, is none of its; there need not be a
/// folder.
pub(super) fn list(folder: &Path) -> io::Result<Listed> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Listed {
                is_whole: true,
                ..Listed::default()
            });
        }
        entries => entries?,
    };
    let mut listed = Listed {
        is_whole: true,
        ..Listed::default()
    };
    for entry in entries {
        if listed.files.len() + listed.unfinished.len() == LOOKED_AT {
            listed.is_whole = false;
            break;
        }
        let entry = entry?;
        let path = entry.path();
        if let Some(state) = state(&path) {
            listed.files.extend(file(&entry, path, state));
        } else if path.extension().is_some_and(|extension| extension == "new")
            && let Some(state) = state(&path.with_extension(""))
        {
            listed.unfinished.extend(file(&entry, path, state));
        }
    }
    listed
        .files
        .sort_by(|a, b| (a.written_at, &a.path).cmp(&(b.written_at, &b.path)));
    Ok(listed)
}

/// Nothing if it was renamed or removed meanwhile, or is a folder, a link or a pipe: reading one of
/// those may never end.
fn file(entry: &DirEntry, path: PathBuf, state: State) -> Option<SpoolFile> {
    let metadata = entry.metadata().ok()?;
    metadata.is_file().then(|| SpoolFile {
        path,
        state,
        bytes: metadata.len(),
        written_at: written_at(metadata.modified()),
    })
}

/// Removes files, each whatever becomes of the others; gives the first error.
pub(super) fn remove_all(paths: impl Iterator<Item = PathBuf>) -> io::Result<()> {
    let mut removed = Ok(());
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                removed = removed.and(Err(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    removed
}

fn state(path: &Path) -> Option<State> {
    let extension = path.extension()?;
    State::TICKETS
        .into_iter()
        .chain([State::Dropped, State::Withdrawn])
        .find(|state| extension == state.extension())
}

fn written_at(modified: io::Result<SystemTime>) -> Timestamp {
    let modified = modified
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    modified.unwrap_or(Timestamp::UNIX_EPOCH)
}
