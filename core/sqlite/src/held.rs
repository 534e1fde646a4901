//! Replaces the file of a database that nobody has open.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::Connection;

use crate::{
    OpenError,
    file::{beside, remove_if_present, shm_of, sync_file, sync_folder, wal_of},
    lock::Lock,
    open::{FLAGS, keep_log_on_close},
    path::resolve,
    quarantine::move_aside,
};

/// The lock of a database without the database: while it is held, nobody opens the file, and it can be
/// replaced. The file need not exist.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    _lock: Lock,
}

impl Held {
    /// Takes the lock of a database.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if the database is open, [`OpenError::Path`] or [`OpenError::Io`].
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        let path = resolve(path)?;
        let lock = Lock::take(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The file, with all links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file whose name is that of the database followed by `suffix`.
    #[must_use]
    pub fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.path, suffix)
    }

    /// Gives `new`, a database without a log in the same folder, the place of the file. The file stays
    /// under its name followed by `suffix`, with its log if that cannot be moved into it; that name is
    /// the answer if there was a file. At no moment is there no file.
    ///
    /// # Errors
    /// If the file system refuses. Either the old or the new file is in place then.
    pub fn replace(&self, new: &Path, suffix: &str) -> io::Result<Option<PathBuf>> {
        let aside = match self.path.symlink_metadata() {
            Ok(_) => Some(self.keep_aside(suffix)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A log without its database would be taken for that of the new file.
        remove_if_present(&wal_of(&self.path))?;
        remove_if_present(&shm_of(&self.path))?;
        sync_file(new)?;
        fs::rename(new, &self.path)?;
        sync_folder(&self.path)?;
        Ok(aside)
    }

    /// Moves a damaged file aside with its log, as [`OnDamage::Quarantine`](crate::OnDamage::Quarantine)
    /// does. Answers its new name.
    ///
    /// # Errors
    /// If the file system refuses, also because there is no file.
    pub fn set_aside(&self, now: Timestamp) -> io::Result<PathBuf> {
        move_aside(&self.path, now)
    }

    /// Writes the file anew (`VACUUM`), so that nothing is left of what was deleted or changed in it.
    /// Takes as much room again as the file has, and time in proportion.
    ///
    /// # Errors
    /// As [`OpenOptions::open`](crate::OpenOptions::open). The file has its former content then.
    pub fn rewrite(&self) -> Result<(), OpenError> {
        let refuse = |error| OpenError::from_sqlite(&self.path, error);
        let connection = Connection::open_with_flags(&self.path, FLAGS).map_err(refuse)?;
        connection.execute_batch("VACUUM").map_err(refuse)?;
        // Closing moves the log into the file and removes it.
        connection.close().map_err(|(_, error)| refuse(error))
    }

    fn keep_aside(&self, suffix: &str) -> io::Result<PathBuf> {
        // The log of a file that is damaged stays a file of its own.
        drop(merge_log(&self.path));
        let aside = self.beside(suffix);
        match fs::hard_link(&self.path, &aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // A file system without links.
            Err(_) => fs::copy(&self.path, &aside).and_then(|_| sync_file(&aside))?,
        }
        match fs::rename(wal_of(&self.path), wal_of(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(aside),
        }
    }
}

/// SQLite removes the log of an empty file when it opens it, and that of a damaged file when it closes
/// it: neither happens here.
fn merge_log(path: &Path) -> Result<(), rusqlite::Error> {
    if path.metadata().is_ok_and(|file| file.len() == 0) {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, FLAGS)?;
    keep_log_on_close(&connection, true)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    keep_log_on_close(&connection, false)?;
    connection.close().map_err(|(_, error)| error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(path: &Path, text: &str) {
        let connection = Connection::open(path).unwrap();
        let mode = connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        mode.unwrap();
        let sql = format!("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('{text}')");
        connection.execute_batch(&sql).unwrap();
    }

    fn text(path: &Path) -> String {
        let connection = Connection::open(path).unwrap();
        let text = connection.query_row("SELECT x FROM t", [], |row| row.get(0));
        text.unwrap()
    }

    #[test]
    fn a_replaced_file_is_kept_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("db"), folder.path().join("new"));
        database(&path, "old");
        // As a process that was killed leaves it: with a log.
        let left = folder.path().join("left");
        let open = Connection::open(&path).unwrap();
        open.execute("UPDATE t SET x = 'older'", []).unwrap();
        fs::copy(&path, &left).unwrap();
        fs::copy(wal_of(&path), wal_of(&left)).unwrap();
        database(&new, "new");

        let held = Held::take(&left).unwrap();
        let aside = held.replace(&new, ".aside").unwrap().unwrap();
        assert_eq!(text(&left), "new");
        assert_eq!(text(&aside), "older");
        assert!(!new.exists());
    }

    #[test]
    fn a_damaged_file_is_kept_with_its_log() {
        for content in ["this is no database", ""] {
            let folder = tempfile::tempdir().unwrap();
            let (path, new) = (folder.path().join("db"), folder.path().join("new"));
            fs::write(&path, content).unwrap();
            fs::write(wal_of(&path), "this is no log").unwrap();
            database(&new, "new");

            let held = Held::take(&path).unwrap();
            let aside = held.replace(&new, ".aside").unwrap().unwrap();
            assert_eq!(text(&path), "new");
            assert_eq!(fs::read(&aside).unwrap(), content.as_bytes());
            assert_eq!(fs::read(wal_of(&aside)).unwrap(), b"this is no log");
        }
    }

    #[test]
    fn an_earlier_file_aside_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("db"), folder.path().join("new"));
        database(&path, "old");
        database(&new, "new");
        fs::write(folder.path().join("db.aside"), "earlier").unwrap();
        let held = Held::take(&path).unwrap();
        assert!(held.replace(&new, ".aside").is_err());
        assert_eq!(text(&path), "old");
    }

    #[test]
    fn without_a_file_there_is_nothing_to_keep() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("db"), folder.path().join("new"));
        database(&new, "new");
        let held = Held::take(&path).unwrap();
        assert_eq!(held.replace(&new, ".aside").unwrap(), None);
        assert_eq!(text(&path), "new");
        assert!(matches!(Held::take(&path), Err(OpenError::Locked { .. })));
    }
}
