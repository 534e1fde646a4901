//! Addresses at Firebase Cloud Messaging.

use std::fmt;

use super::{AddressError, check};

/// An address at Firebase Cloud Messaging.
#[derive(Clone, PartialEq, Eq)]
pub enum FcmAddress {
    /// A registration token.
    Token(FcmText),
    /// A Firebase installation id, which takes the place of registration tokens in apps that ask for it.
    Installation(FcmText),
}

/// The checked text of an FCM address.
#[derive(Clone, PartialEq, Eq)]
pub struct FcmText(String);

impl FcmText {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FcmAddress {
    /// The most bytes of a registration token. Google documents none; tokens have about 160.
    pub const MAX_BYTES: usize = 4_096;
    /// The most bytes of an installation id, which has 22 characters of base64url.
    pub const MAX_INSTALLATION_BYTES: usize = 64;

    /// Checks a registration token.
    ///
    /// # Errors
    /// [`AddressError`] if it is empty, too long or has anything but visible ASCII characters.
    pub fn token(text: &str) -> Result<Self, AddressError> {
        check(text, Self::MAX_BYTES, |byte| byte.is_ascii_graphic())?;
        Ok(Self::Token(FcmText(text.to_owned())))
    }

    /// Checks a Firebase installation id.
    ///
    /// # Errors
    /// [`AddressError`] if it is empty, too long or has anything but characters of base64url.
    pub fn installation(text: &str) -> Result<Self, AddressError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        check(text, Self::MAX_INSTALLATION_BYTES, is_allowed)?;
        Ok(Self::Installation(FcmText(text.to_owned())))
    }
}

impl fmt::Debug for FcmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Token(_) => "Token",
            Self::Installation(_) => "Installation",
        };
        f.debug_struct(name).finish_non_exhaustive()
    }
}

impl fmt::Debug for FcmText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FcmText").finish_non_exhaustive()
    }
}
