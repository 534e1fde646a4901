//! Small files beside a database.

use std::{
    fs,
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
}
