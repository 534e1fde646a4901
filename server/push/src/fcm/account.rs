//! The service account of a Firebase project.

use std::fmt;

use http::Uri;

use crate::{
    field::{AccountError, Fault, Fields},
    key::RsaKey,
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

impl ServiceAccount {
    /// Reads the file of a service account.
    ///
    /// # Errors
    /// [`AccountError`] that names the field at fault, without what is in it.
    pub fn from_json(text: &str) -> Result<Self, AccountError> {
        Self::of(&Fields::read(text)?)
    }

    pub(crate) fn of(fields: &Fields) -> Result<Self, AccountError> {
        Ok(Self {
            project: fields.read_as("project_id", ProjectId::parse)?,
            email: fields.text("client_email")?.to_owned(),
            key_id: fields.text("private_key_id")?.to_owned(),
            key: fields.read_as("private_key", RsaKey::from_pem)?,
            token_uri: fields.read_as("token_uri", token_uri)?,
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
    /// [`Fault::ProjectId`] if it has anything but letters, digits, `-`, `.` and `:`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        let is_id = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with('.');
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::ProjectId)
        }
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks the address of the token service.
fn token_uri(text: &str) -> Result<Uri, Fault> {
    let uri: Uri = text.parse().map_err(|_| OriginError::Address)?;
    // An address of another scheme, or with a user, is refused here.
    Origin::of(&uri)?;
    Ok(uri)
}
