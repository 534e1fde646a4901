//! Copies a database that is in use.

use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection,
    backup::{self, StepResult},
};

use crate::{
    OpenError,
    file::{beside, folder_of, remove_if_present, sync_file, sync_folder},
    inspect::open_read_only,
    mode,
    open::FLAGS,
};

/// How many pages are copied between two reports.
const PAGES: i32 = 256;

/// A copy of a database, which may be in use by this process or another.
///
/// The copy is one consistent snapshot: what was committed when it began, however much is written
/// meanwhile. Writers do not wait for it. It is written beside the target with mode 0600, checked,
/// made durable, and only then given its name. It is one file without a log.
#[derive(Debug, Clone, Copy)]
pub struct Backup<'a> {
    /// The database.
    pub source: &'a Path,
    /// The copy. Its folder must exist.
    pub target: &'a Path,
    /// Whether a file that has the name of the target is replaced.
    pub replace: bool,
    /// Whether the copy is written anew from what is in it (`VACUUM INTO`), so that nothing comes along of
    /// what was deleted. Progress is then told once, at the end. Otherwise pages are copied as they are.
    pub rewrite: bool,
    /// Changes the copy before it is checked, for example marks it as a copy, so that a server that
    /// is started on it knows that it was restored.
    pub prepare: fn(&Connection) -> Result<(), rusqlite::Error>,
}

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupProgress {
    /// How many pages were copied.
    pub done: u64,
    /// How many pages there are.
    pub total: u64,
}

/// Why there is no copy. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file of that name.
    #[error("{} exists", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The source cannot be opened.
    #[error("the source of the backup cannot be opened")]
    Source {
        /// The reason.
        source: OpenError,
    },
    /// The copy cannot be written.
    #[error("{} cannot be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// SQLite refuses to copy.
    #[error("copying failed")]
    Sqlite {
        /// The reason.
        #[from]
        source: rusqlite::Error,
    },
    /// The source is damaged, and so was its copy.
    #[error("the copy is damaged: {found}")]
    Damaged {
        /// The first fault.
        found: String,
    },
    /// The progress function ended it.
    #[error("the backup was cancelled")]
    Cancelled,
}

impl<'a> Backup<'a> {
    /// A copy that replaces nothing and is not changed.
    #[must_use]
    pub fn new(source: &'a Path, target: &'a Path) -> Self {
        Self {
            source,
            target,
            replace: false,
            rewrite: false,
            prepare: |_| Ok(()),
        }
    }

    /// Makes the copy. Blocks until it is durable. `progress` is called about once per MiB and ends
    /// the backup with [`ControlFlow::Break`].
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn run(
        &self,
        progress: &mut dyn FnMut(BackupProgress) -> ControlFlow<()>,
    ) -> Result<BackupProgress, BackupError> {
        if !self.replace && self.target.symlink_metadata().is_ok() {
            return Err(self.exists());
        }
        // SQLite follows no links here.
        let folder = folder_of(self.target).canonicalize();
        let folder = folder.map_err(|source| self.io(source))?;
        let name = self.target.file_name().unwrap_or_default();
        let part = beside(&folder.join(name), ".part");
        let made = self
            .write(&part, progress)
            .and_then(|copied| self.publish(&part).map(|()| copied));
        if made.is_err() {
            // The error that led here says more than one of cleaning up.
            drop(remove_if_present(&part));
            drop(remove_if_present(&beside(&part, "-journal")));
        }
        made
    }

    fn write(
        &self,
        part: &Path,
        progress: &mut dyn FnMut(BackupProgress) -> ControlFlow<()>,
    ) -> Result<BackupProgress, BackupError> {
        let io_error = |source| self.io(source);
        // What an interrupted backup has left.
        remove_if_present(part).map_err(io_error)?;
        drop(mode::create_private_file(part, true).map_err(io_error)?);
        let copied = if self.rewrite {
            rewrite(self.source, part, progress)?
        } else {
            copy(self.source, part, progress)?
        };
        finish(part, self.prepare)?;
        sync_file(part).map_err(io_error)?;
        Ok(copied)
    }

    /// Gives the copy its name.
    fn publish(&self, part: &Path) -> Result<(), BackupError> {
        let io_error = |source| self.io(source);
        if self.replace {
            fs::rename(part, self.target).map_err(io_error)?;
        } else {
            self.rename_to_new(part)?;
        }
        sync_folder(self.target).map_err(io_error)
    }

    /// A link never replaces a file; a rename does.
    fn rename_to_new(&self, part: &Path) -> Result<(), BackupError> {
        match fs::hard_link(part, self.target) {
            Ok(()) => remove_if_present(part).map_err(|source| self.io(source)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.exists()),
            // A file system without links.
            Err(_) if self.target.symlink_metadata().is_ok() => Err(self.exists()),
            Err(_) => fs::rename(part, self.target).map_err(|source| self.io(source)),
        }
    }

    fn exists(&self) -> BackupError {
        BackupError::Exists {
            path: self.target.to_owned(),
        }
    }

    fn io(&self, source: io::Error) -> BackupError {
        BackupError::Io {
            path: self.target.to_owned(),
            source,
        }
    }
}

/// Copies the pages of one snapshot. Without the open transaction SQLite would begin anew after
/// each commit of another connection.
fn copy(
    source: &Path,
    part: &Path,
    progress: &mut dyn FnMut(BackupProgress) -> ControlFlow<()>,
) -> Result<BackupProgress, BackupError> {
    let source = open_read_only(source).map_err(|source| BackupError::Source { source })?;
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open_with_flags(part, FLAGS)?;
    // Nobody has the name of the file yet, and it is made durable as a whole.
    target.pragma_update(None, "synchronous", "off")?;
    let backup = backup::Backup::new(&snapshot, &mut target)?;
    loop {
        let step = backup.step(PAGES)?;
        let reached = reached(&backup);
        match step {
            StepResult::Done => return Ok(reached),
            StepResult::More if progress(reached).is_continue() => {}
            StepResult::More => return Err(BackupError::Cancelled),
            StepResult::Busy | StepResult::Locked | _ => return Err(locked()),
        }
    }
}

/// Writes what is in one snapshot into an empty file.
fn rewrite(
    source: &Path,
    part: &Path,
    progress: &mut dyn FnMut(BackupProgress) -> ControlFlow<()>,
) -> Result<BackupProgress, BackupError> {
    let source = open_read_only(source).map_err(|source| BackupError::Source { source })?;
    let target = part.to_str().ok_or_else(|| BackupError::Io {
        path: part.to_owned(),
        source: io::ErrorKind::InvalidFilename.into(),
    })?;
    source.execute("VACUUM INTO ?1", [target])?;
    let copy = open_read_only(part).map_err(|source| BackupError::Source { source })?;
    let total = copy.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let reached = BackupProgress { done: total, total };
    if progress(reached).is_break() {
        return Err(BackupError::Cancelled);
    }
    Ok(reached)
}

/// A lock of another process, which a log makes unlikely.
fn locked() -> BackupError {
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    rusqlite::Error::SqliteFailure(busy, None).into()
}

fn reached(backup: &backup::Backup<'_, '_>) -> BackupProgress {
    let backup::Progress {
        remaining,
        pagecount,
        ..
    } = backup.progress();
    BackupProgress {
        done: u64::try_from(pagecount - remaining).unwrap_or_default(),
        total: u64::try_from(pagecount).unwrap_or_default(),
    }
}

/// Makes the copy one file, lets it be prepared, and checks it.
fn finish(
    part: &Path,
    prepare: fn(&Connection) -> Result<(), rusqlite::Error>,
) -> Result<(), BackupError> {
    let copy = Connection::open_with_flags(part, FLAGS)?;
    copy.pragma_update(None, "journal_mode", "delete")?;
    prepare(&copy)?;
    let found: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(BackupError::Damaged { found });
    }
    copy.close().map_err(|(_, error)| error.into())
}
