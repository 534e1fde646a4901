//! The key that encrypts the secrets in the database.

use std::{fmt, path::PathBuf, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{ConfigError, Source};

/// Where the key is that encrypts the secrets in the database. Without one they are stored as they
/// are, and the database file must be kept like a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretConfig {
    /// A file with the key: 64 hexadecimal digits or 43 characters of base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The key itself, which comes from `VESTNIK_SECRETS_KEY` only and is never printed.
    #[serde(skip)]
    pub key: Option<SecretKey>,
}

impl SecretConfig {
    /// The key, read from its file if it was not given itself.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read or does not hold a key.
    pub fn read_key(&self) -> Result<Option<SecretKey>, ConfigError> {
        let Some(path) = &self.key_file else {
            return Ok(self.key.clone());
        };
        let wrong = |detail: String| ConfigError {
            origin: Source::File(path.clone()),
            field: "secrets.key_file".to_owned(),
            detail,
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let key = text
            .trim()
            .parse()
            .map_err(|error: &str| wrong(error.to_owned()))?;
        Ok(Some(key))
    }
}

/// A key of 256 bits. Its text is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// The key's bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

impl FromStr for SecretKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = from_hex(text).or_else(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or("must be 32 bytes as 64 hexadecimal digits or 43 characters of base64url")
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let pairs = digits.chunks_exact(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    });
    pairs.collect()
}
