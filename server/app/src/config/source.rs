//! Where settings come from, and what is wrong with one.

use std::{fmt, path::PathBuf};

/// What flags say; they beat everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigOverlay {
    /// The address to listen on.
    pub listen: Option<String>,
    /// The database file.
    pub database: Option<PathBuf>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(&'static str),
    /// A value that the embedding program made.
    Program,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
            Self::Program => f.write_str("the settings"),
        }
    }
}

/// A setting that cannot be used. Names where it came from and what is wrong, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {field}{separator}{detail}", separator = if field.is_empty() { "" } else { ": " })]
pub struct ConfigError {
    /// Where it came from.
    pub origin: Source,
    /// Which setting, as `limits.body_bytes`; empty when the whole cannot be read.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}
