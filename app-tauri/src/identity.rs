//! The sign-in code that the configuration names.

use std::{fmt, io, path::PathBuf};

use vestnik_core::Secret;

use crate::credential::{CodeUnreadable, Credential};

/// Where the configuration has a sign-in code.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IdentityOrigin {
    /// In the configuration itself.
    Token(Secret),
    /// In a file, which is read whenever a code is needed: another program may renew it.
    File(PathBuf),
}

/// Why there is no sign-in code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// The configuration names none.
    #[error("the configuration names no sign-in code")]
    Missing,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// What is there is not a sign-in code.
    #[error("the configured sign-in code cannot be used")]
    Unreadable(#[from] CodeUnreadable),
}

impl IdentityOrigin {
    /// Reads the present code.
    pub(crate) async fn read(&self) -> Result<Credential, IdentityError> {
        match self {
            Self::Token(token) => Ok(Credential::parse(token.expose())?),
            Self::File(path) => Ok(Credential::parse(&tokio::fs::read_to_string(path).await?)?),
        }
    }
}

impl fmt::Debug for IdentityOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
