//! Addresses of apps for Android at services other than Google's.

use std::fmt;

use super::{AddressError, check};

/// The most bytes of a token. Neither service documents a bound; Huawei's have about 130 characters,
/// `RuStore`'s about 40.
const MAX_BYTES: usize = 4_096;

/// A token at Huawei Push Kit.
#[derive(Clone, PartialEq, Eq)]
pub struct HmsAddress(String);

/// A token at `RuStore`.
#[derive(Clone, PartialEq, Eq)]
pub struct RustoreAddress(String);

impl HmsAddress {
    /// Checks a token.
    ///
    /// # Errors
    /// [`AddressError`] if it is empty, too long or has anything but visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Ok(Self(token(text)?))
    }

    /// The token itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RustoreAddress {
    /// Checks a token.
    ///
    /// # Errors
    /// [`AddressError`] if it is empty, too long or has anything but visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Ok(Self(token(text)?))
    }

    /// The token itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn token(text: &str) -> Result<String, AddressError> {
    check(text, MAX_BYTES, |byte| byte.is_ascii_graphic())?;
    Ok(text.to_owned())
}

impl fmt::Debug for HmsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmsAddress").finish_non_exhaustive()
    }
}

impl fmt::Debug for RustoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustoreAddress").finish_non_exhaustive()
    }
}
