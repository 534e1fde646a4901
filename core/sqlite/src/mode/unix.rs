//! Unix: permission bits and inodes.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::Path,
};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
const OTHERS: u32 = 0o077;

/// What a file is, whatever it is named: device and inode, and how many names it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

pub(crate) fn identity(metadata: &Metadata) -> (Identity, u64) {
    let identity = Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    };
    (identity, metadata.nlink())
}

/// Opens a file for writing, which gets mode 0600 if it is made.
pub(crate) fn create_private_file(path: &Path, must_be_new: bool) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .create_new(must_be_new)
        .truncate(false)
        .write(true)
        .mode(PRIVATE_FILE)
        .open(path)
}

/// Makes the missing folders of a path with mode 0700.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(path)
}

/// Takes every permission of group and others away. Answers the former mode if it was wider.
pub(crate) fn tighten(path: &Path) -> io::Result<Option<u32>> {
    let former = match path.metadata() {
        Ok(metadata) => metadata.mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if former & OTHERS == 0 {
        return Ok(None);
    }
    std::fs::set_permissions(path, Permissions::from_mode(former & !OTHERS))?;
    Ok(Some(former))
}
