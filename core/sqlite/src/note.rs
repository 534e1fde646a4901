//! What was done while opening that an operator should know of.

use std::{fmt, path::PathBuf};

/// What was done while opening that an operator should know of. [`Display`](fmt::Display) gives a
/// line for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The process that had the file open before did not close it. The file was checked and is
    /// sound.
    UncleanEnd,
    /// Others than the owner could read a file; now they cannot.
    ModeTightened {
        /// The file.
        path: PathBuf,
        /// The permission bits that it had.
        former: u32,
    },
    /// Others than the owner can read a file, and this could not be changed.
    ModeNotTightened {
        /// The file.
        path: PathBuf,
    },
    /// The file was damaged. It was moved aside and a new one was begun.
    Quarantined {
        /// Where the damaged file is now.
        aside: PathBuf,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UncleanEnd => f.write_str("the database was not closed properly; it is sound"),
            Self::ModeTightened { path, former } => write!(
                f,
                "{} had mode {former:04o}; access is now limited to its owner",
                path.display()
            ),
            Self::ModeNotTightened { path } => write!(
                f,
                "{} can be read by others than its owner; changing its mode failed",
                path.display()
            ),
            Self::Quarantined { aside } => write!(
                f,
                "the database was damaged; it was moved to {} and a new one was begun",
                aside.display()
            ),
        }
    }
}
