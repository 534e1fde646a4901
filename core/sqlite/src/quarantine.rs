//! A damaged file is moved aside.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::file::{beside, shm_of, sync_folder, wal_of};

/// Renames a database and what belongs to it, the database last: its log and index apart from it
/// would damage the next file of that name. The log keeps to its database, so that what lies in both
/// can still be read. Answers the new name of the database.
pub(crate) fn move_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let aside = beside(path, &free_mark(path, now));
    for (part, new) in [
        (wal_of(path), wal_of(&aside)),
        (shm_of(path), shm_of(&aside)),
    ] {
        match fs::rename(&part, new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    fs::rename(path, &aside)?;
    sync_folder(path)?;
    Ok(aside)
}

/// A suffix that no file beside has, so that an earlier quarantine is never overwritten.
fn free_mark(path: &Path, now: Timestamp) -> String {
    let mut number = now.as_millisecond();
    loop {
        let mark = format!(".corrupt-{number}");
        if !beside(path, &mark).exists() {
            return mark;
        }
        number = number.saturating_add(1);
    }
}
