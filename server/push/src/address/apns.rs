//! Addresses at the Apple Push Notification service.

use std::fmt;

use vestnik_model::PushEnvironment as Environment;

use super::{AddressError, check};

/// A device token at the Apple Push Notification service, with the environment that it is valid in, if
/// that is known.
#[derive(Clone, PartialEq, Eq)]
pub struct ApnsAddress {
    token: String,
    environment: Option<Environment>,
}

impl ApnsAddress {
    /// The most characters of a token. Apple says not to rely on any size; tokens have 64 today.
    pub const MAX_BYTES: usize = 512;

    /// Checks a device token in hexadecimal digits.
    ///
    /// # Errors
    /// [`AddressError`] if it is empty, too long or has anything but hexadecimal digits.
    pub fn parse(token: &str, environment: Option<Environment>) -> Result<Self, AddressError> {
        check(token, Self::MAX_BYTES, |byte| byte.is_ascii_hexdigit())?;
        let token = token.to_ascii_lowercase();
        Ok(Self { token, environment })
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where the token is valid, if that is known.
    #[must_use]
    pub const fn environment(&self) -> Option<Environment> {
        self.environment
    }
}

impl fmt::Debug for ApnsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsAddress")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
