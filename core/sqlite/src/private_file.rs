//! Small files beside a database.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::Path,
};

use crate::{
    file::{beside, remove_if_present, sync_folder},
    mode,
};

/// Replaces a small file with mode 0600, whole or not at all, and makes it durable.
///
/// # Errors
/// If the file system refuses. The former file stays then.
pub fn write_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    // What a process that was killed while it wrote has left.
    remove_if_present(&new)?;
    let mut file = mode::create_private_file(&new, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// Makes a small file with mode 0600, whole or not at all, and makes it durable, if it `is_wanted`. Of
/// several threads and processes that make the same at once one makes it. Gives whether that is this one.
///
/// # Errors
/// If the file system refuses. There is no file then.
pub fn make_private_file(
    path: &Path,
    bytes: &[u8],
    is_wanted: impl FnOnce() -> bool,
) -> io::Result<bool> {
    let new = beside(path, ".new");
    let file = mode::create_private_file(&new, false)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        // A file system without locks cannot tell; the name is looked at all the same.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let made = make_locked((&file, &new), path, bytes, is_wanted);
    // Closing is not enough: a child process may hold the file, too. A failure leaves the lock to its end.
    file.unlock().ok();
    made
}

/// Whoever had the lock before may have made the file: the one that is locked is that file then, or gone.
fn make_locked(
    (mut file, new): (&File, &Path),
    path: &Path,
    bytes: &[u8],
    is_wanted: impl FnOnce() -> bool,
) -> io::Result<bool> {
    let own = mode::identity(&file.metadata()?).0;
    let is_named = new
        .metadata()
        .is_ok_and(|named| mode::identity(&named).0 == own);
    match (is_wanted(), is_named) {
        (true, true) => {}
        (true, false) => return Err(io::ErrorKind::NotFound.into()),
        (false, true) => {
            remove_if_present(new)?;
            return Ok(false);
        }
        (false, false) => return Ok(false),
    }
    // What a process that was killed while it wrote has left.
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    sync_folder(path)?;
    Ok(true)
}

/// Makes the missing folders of a path with mode 0700.
///
/// # Errors
/// If the file system refuses.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    mode::create_private_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(beside(&path, ".new"), "left by a killed process").unwrap();
        write_private_file(&path, b"a longer text").unwrap();
        write_private_file(&path, b"short").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert!(!beside(&path, ".new").exists());
    }

    #[test]
    fn one_of_many_makes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let path = folder.path().join(round.to_string());
            let barrier = std::sync::Barrier::new(4);
            let make = || {
                barrier.wait();
                make_private_file(&path, b"a text", || !path.exists()).unwrap()
            };
            let made = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                let made = threads.into_iter().map(|thread| thread.join().unwrap());
                made.filter(|is_made| *is_made).count()
            });
            assert_eq!(made, 1);
            assert_eq!(fs::read(&path).unwrap(), b"a text");
            assert!(!beside(&path, ".new").exists());
        }
    }

    #[test]
    fn what_a_killed_process_left_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(beside(&path, ".new"), "left by a killed process").unwrap();
        assert!(make_private_file(&path, b"short", || true).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
