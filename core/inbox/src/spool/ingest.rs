//! The app's side.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::SignedDuration;
use vestnik_model::limits::ENTRY_BYTES;

use super::file::{SpoolFile, State, list};
use crate::{Applied, Inbox, Payload, rule::admission::Drawn};

/// How long an extension may have a ticket. iOS ends an extension after 30 seconds.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What was ingested.
#[derive(Debug, Default)]
pub struct Ingested {
    /// What the transaction changed, and what it knows besides.
    pub applied: Applied,
    /// How many files were left out: they could not be read, or are for another user.
    pub dropped: u32,
    done: Vec<PathBuf>,
}

impl Ingested {
    /// Removes the files that were ingested. Call it after the commit.
    ///
    /// # Errors
    /// If the file system refuses; the files are then ingested again, which changes nothing.
    pub fn remove_files(self) -> io::Result<()> {
        for path in self.done {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Ingests what lies in a spool, the oldest first. A folder that cannot be read counts as empty: a
/// later call will read it.
///
/// # Errors
/// If a statement fails.
pub fn ingest(inbox: &mut Inbox<'_>, folder: &Path) -> Result<Ingested, rusqlite::Error> {
    let files = list(folder).unwrap_or_else(|error| {
        tracing::warn!(%error, "the spool cannot be read");
        Vec::new()
    });
    let mut ingested = Ingested::default();
    for file in files {
        ingest_file(inbox, file, &mut ingested)?;
    }
    ingested.applied = inbox.completed(std::mem::take(&mut ingested.applied))?;
    Ok(ingested)
}

fn ingest_file(
    inbox: &mut Inbox<'_>,
    file: SpoolFile,
    ingested: &mut Ingested,
) -> Result<(), rusqlite::Error> {
    let Some(payload) = read(&file) else {
        ingested.dropped += 1;
        ingested.done.push(file.path);
        return Ok(());
    };
    let drawn = match file.state {
        State::Taken => Drawn::Perhaps,
        State::Shown => Drawn::Yes,
    };
    let is_ours = inbox.ingest(&payload, drawn, &mut ingested.applied)?;
    ingested.dropped += u32::from(!is_ours);
    // Age by the same clock that wrote it; one from the future is as old as can be.
    let age = inbox.device_now().duration_since(file.written_at);
    let is_over = !(SignedDuration::ZERO..PATIENCE).contains(&age);
    match file.state {
        State::Taken if is_ours && !is_over => {}
        State::Taken if is_ours => {
            inbox.release_extension(&payload)?;
            ingested.done.push(file.path);
        }
        State::Taken | State::Shown => ingested.done.push(file.path),
    }
    Ok(())
}

fn read(file: &SpoolFile) -> Option<Payload> {
    if file.bytes > ENTRY_BYTES as u64 {
        return None;
    }
    Payload::parse(&fs::read(&file.path).ok()?).ok()
}
