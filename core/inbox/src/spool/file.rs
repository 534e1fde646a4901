//! The names of the files of a spool.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use vestnik_model::NotificationId;

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// An extension was about to draw.
    Taken,
    /// It has drawn.
    Shown,
}

impl State {
    const fn extension(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Shown => "shown",
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

/// The path of a notification's file. The name says nothing of its content.
pub(super) fn path(folder: &Path, id: NotificationId, revision: u32, state: State) -> PathBuf {
    let name = format!("{}.{revision}.{}", id.uuid().simple(), state.extension());
    folder.join(name)
}

/// The files of a spool, the oldest first. Other files are none of its; there need not be a folder.
pub(super) fn list(folder: &Path) -> io::Result<Vec<SpoolFile>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let Some(state) = state(&path) else { continue };
        // One that is gone was renamed or removed meanwhile.
        if let Ok(metadata) = entry.metadata() {
            files.push(SpoolFile {
                path,
                state,
                bytes: metadata.len(),
                written_at: written_at(metadata.modified()),
            });
        }
    }
    files.sort_by(|a, b| (a.written_at, &a.path).cmp(&(b.written_at, &b.path)));
    Ok(files)
}

fn state(path: &Path) -> Option<State> {
    let extension = path.extension()?;
    [State::Taken, State::Shown]
        .into_iter()
        .find(|state| extension == state.extension())
}

fn written_at(modified: io::Result<SystemTime>) -> Timestamp {
    let modified = modified
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    modified.unwrap_or(Timestamp::UNIX_EPOCH)
}
