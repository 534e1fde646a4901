//! Which paths may be databases, and the one name under which a file is opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{OpenError, PathFault, file::folder_of, mode};

/// Resolves all links of a path, so that lock, log and index lie beside the file itself. The file
/// need not exist, its folder must.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    refuse_special_names(path)?;
    match path.canonicalize() {
        Ok(real) => check_file(path, &real).map(|()| real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => resolve_new(path),
        Err(error) => Err(OpenError::io(path, error)),
    }
}

fn refuse_special_names(path: &Path) -> Result<(), OpenError> {
    let name = path.as_os_str().as_encoded_bytes();
    if name.is_empty() {
        Err(fault(path, PathFault::Empty))
    } else if name == b":memory:" {
        Err(fault(path, PathFault::Memory))
    } else if name.starts_with(b"file:") {
        Err(fault(path, PathFault::Uri))
    } else {
        Ok(())
    }
}

fn check_file(path: &Path, real: &Path) -> Result<(), OpenError> {
    let metadata = real
        .metadata()
        .map_err(|error| OpenError::io(path, error))?;
    if !metadata.is_file() {
        return Err(fault(path, PathFault::NotAFile));
    }
    match mode::identity(&metadata) {
        (_, 0 | 1) => Ok(()),
        (_, links) => Err(fault(path, PathFault::HardLinks { links })),
    }
}

fn resolve_new(path: &Path) -> Result<PathBuf, OpenError> {
    if path.is_symlink() {
        return Err(fault(path, PathFault::DanglingLink));
    }
    let name = path
        .file_name()
        .ok_or_else(|| fault(path, PathFault::NotAFile))?;
    let folder = folder_of(path);
    let folder = folder
        .canonicalize()
        .map_err(|error| OpenError::io(folder, error))?;
    Ok(folder.join(name))
}

fn fault(path: &Path, fault: PathFault) -> OpenError {
    OpenError::Path {
        path: path.to_owned(),
        fault,
    }
}
