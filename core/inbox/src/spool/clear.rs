//! A user goes.

use std::{io, path::Path};

use super::file::{list, remove_all};

/// Removes what lies in a spool. Call it when a user has logged out and when another one logs in: a
/// payload need not say whom it is for. The log has all of it.
///
/// # Errors
/// If the file system refuses; what could be removed is.
pub fn clear(folder: &Path) -> io::Result<()> {
    let listed = list(folder)?;
    let files = listed.files.into_iter().map(|file| file.path);
    let left = listed.unfinished.into_iter().map(|file| file.path);
    remove_all(files.chain(left))
}
