//! The app's own switch, where pushes are drawn.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use vestnik_sqlite::write_private_file;

/// Leaves in a spool whether the person has switched notifications off in the app: an extension then draws
/// nothing, and what it is given is reported as [`Blocked::App`](super::Blocked::App). Without a spool there is
/// no extension, and nothing is left.
///
/// # Errors
/// If the file system refuses.
pub fn leave_switch(folder: &Path, is_off: bool) -> io::Result<()> {
    let path = path(folder);
    if is_off && folder.is_dir() && !path.exists() {
        return write_private_file(&path, b"");
    }
    if is_off {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the person has switched notifications off in the app.
pub(crate) fn is_switched_off(folder: &Path) -> bool {
    path(folder).exists()
}

fn path(folder: &Path) -> PathBuf {
    folder.join("switched_off")
}
