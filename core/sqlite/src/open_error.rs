//! Why a database cannot be opened.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

/// Why a database cannot be opened. Nothing was changed.
///
/// The text does not repeat that of its [source](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path cannot be that of a database.
    #[error("{} cannot be used as a database: {fault}", path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// Another process has the file open, or this process does, by this name or by another.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is another program's database.
    #[error("{} belongs to another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version.
    #[error("{} has schema {found}, this version knows schemas up to {known}", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest schema version that is known here.
        known: u32,
    },
    /// The file is damaged. It is left as it is.
    #[error("{} is damaged", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Damage,
    },
    /// The file system refuses.
    #[error("{} cannot be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A migration failed. The file has the schema that it had before.
    #[error("{} cannot be brought to schema {version}", path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The schema version that the failed migration leads to.
        version: u32,
        /// The reason.
        source: rusqlite::Error,
    },
    /// SQLite refuses for another reason.
    #[error("{} cannot be opened", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
}

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It is empty.
    #[error("the path is empty")]
    Empty,
    /// It is `:memory:`, which is SQLite's name for a database without a file.
    #[error("a database in memory is not supported")]
    Memory,
    /// It begins with `file:`, which SQLite takes for a URI.
    #[error("URIs are not supported; give a path")]
    Uri,
    /// It has no file name or leads to something that is not a regular file.
    #[error("it is not a regular file")]
    NotAFile,
    /// It is a symbolic link to nothing.
    #[error("it is a symbolic link whose target does not exist")]
    DanglingLink,
    /// The file has several names in the file system. SQLite would keep a log beside each of them
    /// and damage the file (<https://sqlite.org/howtocorrupt.html>, section 2.5).
    #[error("it has {links} hard links; remove all but one")]
    HardLinks {
        /// How many names the file has.
        links: u64,
    },
}

/// How a file is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It is empty. A new database is never empty; a failed copy is.
    #[error("the file is empty")]
    Empty,
    /// `PRAGMA quick_check` found a fault.
    #[error("the check of its structure failed: {found}")]
    Check {
        /// The first fault.
        found: String,
    },
    /// SQLite cannot read it.
    #[error(transparent)]
    Unreadable(#[from] rusqlite::Error),
}

impl OpenError {
    /// Sorts an error that SQLite gave while opening `path`.
    pub(crate) fn from_sqlite(path: &std::path::Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                path,
                source: error.into(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(_) | None => Self::Sqlite {
                path,
                source: error,
            },
        }
    }

    /// As [`from_sqlite`](Self::from_sqlite), with the reason of the file system, which SQLite does
    /// not give. Only for a file that no other connection of this process has: closing a descriptor
    /// of a file drops all POSIX locks that the process holds on it.
    pub(crate) fn from_opening(path: &std::path::Path, error: rusqlite::Error) -> Self {
        let may_have_reason = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly)
        );
        if may_have_reason {
            let opened = std::fs::File::options().read(true).write(true).open(path);
            if let Err(source) = opened {
                return Self::io(path, source);
            }
        }
        Self::from_sqlite(path, error)
    }

    pub(crate) fn io(path: &std::path::Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
