//! One process per database.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::{OpenError, file::lock_of, mode};

/// The lock that keeps other processes out while it is held. It is a file beside the database, and
/// stays there: removing it would let two processes lock two files of the same name.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// Gives the lock back at once. Closing the file is not enough: the lock belongs to what was opened, and
/// a child process of this program holds that too between its fork and its exec, whoever starts it.
impl Drop for Lock {
    fn drop(&mut self) {
        // A failure leaves the lock to the file's end.
        self.file.unlock().ok();
    }
}

impl Lock {
    /// Takes the lock of a database, whose path is resolved.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let beside = lock_of(path);
        let io_error = |source| OpenError::io(&beside, source);
        let file = mode::create_private_file(&beside, false).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = path.to_owned();
                return Err(OpenError::Locked { path });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        let own = file.metadata().map_err(io_error)?;
        let named = beside.metadata().map_err(io_error)?;
        // Somebody removed the file between its opening and its locking.
        if mode::identity(&own).0 != mode::identity(&named).0 {
            let path = path.to_owned();
            return Err(OpenError::Locked { path });
        }
        Ok(Self { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_with_its_holder_while_a_child_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("database");
        let lock = Lock::take(&database).unwrap();
        // What a child process has before it runs another program.
        let inherited = lock.file.try_clone().unwrap();
        assert!(matches!(
            Lock::take(&database),
            Err(OpenError::Locked { .. })
        ));
        drop(lock);
        Lock::take(&database).unwrap();
        drop(inherited);
    }
}
