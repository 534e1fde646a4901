//! Which file a name leads to.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::mode::{self, Identity};

/// The resolved path of a database and the file that it led to when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    path: PathBuf,
    identity: Identity,
}

impl Place {
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        let identity = mode::identity(&path.metadata()?).0;
        Ok(Self { path, identity })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to the same file.
    pub(crate) fn is_kept(&self) -> bool {
        let named = self.path.metadata();
        named.is_ok_and(|named| mode::identity(&named).0 == self.identity)
    }
}
