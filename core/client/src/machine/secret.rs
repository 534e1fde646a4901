//! Tokens, on their way through the machines.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// A token. Stays out of logs; the memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretString::from(token.into()))
    }

    /// The token, to be sent or stored. Keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(token: String) -> Self {
        Self::new(token)
    }
}

impl From<SecretString> for Secret {
    fn from(token: SecretString) -> Self {
        Self(token)
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Compares tokens of this device with each other; none of them is guessed by a peer.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        assert!(!format!("{:?}", Secret::new("vr_1")).contains("vr_1"));
    }
}
