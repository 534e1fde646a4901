//! The service account of a Firebase project.

use std::fmt;

use http::Uri;
use serde::Deserialize;

use crate::{
    key::{KeyError, RsaKey},
    origin::{Origin, OriginError},
};

/// A service account, as Google's console gives it in a JSON file.
pub struct ServiceAccount {
    pub(super) project: ProjectId,
    pub(super) email: String,
    pub(super) key_id: String,
    pub(super) key: RsaKey,
    pub(super) token_uri: Uri,
}

/// The file, as far as it is needed; other fields are ignored.
#[derive(Deserialize)]
struct File {
    project_id: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

/// Why a text is not the file of a service account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// It is not JSON, or a field is missing.
    #[error("the service account's file cannot be read")]
    Json(#[from] serde_json::Error),
    /// `project_id` is no id of a project.
    #[error("the project id must have 1 to 64 letters, digits, '-', '.' and ':'")]
    Project,
    /// `private_key` is no private key of RSA.
    #[error("the private key cannot be read")]
    Key(#[from] KeyError),
    /// `token_uri` is no address.
    #[error("the token's address cannot be read")]
    TokenUri(#[from] OriginError),
}

impl ServiceAccount {
    /// Reads the file of a service account.
    ///
    /// # Errors
    /// [`AccountError`] that says what is wrong with it, without what it contains.
    pub fn from_json(text: &str) -> Result<Self, AccountError> {
        let file: File = serde_json::from_str(text)?;
        let token_uri: Uri = file.token_uri.parse().map_err(|_| OriginError::Address)?;
        // An address of another scheme, or with a user, is refused here.
        Origin::of(&token_uri)?;
        Ok(Self {
            project: ProjectId::parse(&file.project_id)?,
            email: file.client_email,
            key_id: file.private_key_id,
            key: RsaKey::from_pem(&file.private_key)?,
            token_uri,
        })
    }

    /// The project whose apps the account sends to.
    #[must_use]
    pub const fn project(&self) -> &ProjectId {
        &self.project
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// The id of a Firebase project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectId(String);

impl ProjectId {
    /// The most bytes of an id.
    pub const MAX_BYTES: usize = 64;

    /// Checks an id, which becomes a part of a path.
    ///
    /// # Errors
    /// [`AccountError::Project`] if it has anything but letters, digits, `-`, `.` and `:`.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        let is_id = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with('.');
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountError::Project)
        }
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
