//! Provider tokens of APNs
//! (<https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::{
    jws::{self, Header, TokenError},
    key::{KeyError, P256Key},
};

/// A key that signs provider tokens for all apps of a team.
pub struct ApnsKey {
    team: String,
    id: String,
    key: P256Key,
}

/// Why an APNs key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApnsKeyError {
    /// The team's or the key's id does not have ten letters and digits.
    #[error("the ids of a team and of a key have 10 letters and digits")]
    Id,
    /// The private key cannot be read.
    #[error("the private key cannot be read")]
    Key(#[from] KeyError),
}

impl ApnsKey {
    /// Reads a key: the team's id, the key's id, and the `.p8` file.
    ///
    /// # Errors
    /// [`ApnsKeyError`] that says what is wrong with it.
    pub fn new(team: &str, id: &str, pem: &str) -> Result<Self, ApnsKeyError> {
        if !Self::is_id(team) || !Self::is_id(id) {
            return Err(ApnsKeyError::Id);
        }
        let key = P256Key::from_pem(pem)?;
        Ok(Self::of(team.to_owned(), id.to_owned(), key))
    }

    /// A key with ids that were checked.
    pub(crate) const fn of(team: String, id: String, key: P256Key) -> Self {
        Self { team, id, key }
    }

    /// Whether a text may be the id of a team or of a key.
    pub(crate) fn is_id(text: &str) -> bool {
        text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// Signs a token that is issued now.
    ///
    /// # Errors
    /// [`TokenError`] if the key cannot sign.
    pub fn token(&self, now: Timestamp) -> Result<ProviderToken, TokenError> {
        let header = Header {
            alg: "ES256",
            typ: None,
            kid: Some(&self.id),
        };
        let claims = Claims {
            iss: &self.team,
            iat: now.as_second(),
        };
        let token = jws::compact(&header, &claims, |bytes| self.key.sign(bytes))?;
        Ok(ProviderToken {
            token: SecretString::from(token),
            issued_at: now,
        })
    }
}

impl fmt::Debug for ApnsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsKey")
            .field("team", &self.team)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

/// A provider token.
#[derive(Clone)]
pub struct ProviderToken {
    token: SecretString,
    issued_at: Timestamp,
}

/// What a token's age allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// A new token now would be refused with `TooManyProviderTokenUpdates`: below 20 minutes.
    Young,
    /// It may be renewed, and need not be.
    Ripe,
    /// It should be renewed now: from 50 minutes.
    Due,
    /// APNs refuses it with `ExpiredProviderToken`: from 60 minutes.
    TooOld,
}

impl ProviderToken {
    /// The age before which APNs takes no other token.
    pub const RIPE: SignedDuration = SignedDuration::from_mins(20);
    /// The age at which a token is renewed, early enough for clocks that differ.
    pub const DUE: SignedDuration = SignedDuration::from_mins(50);
    /// The age from which APNs refuses a token.
    pub const MAX: SignedDuration = SignedDuration::from_mins(60);

    /// What the token's age allows.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Age {
        match now.duration_since(self.issued_at) {
            age if age >= Self::MAX => Age::TooOld,
            age if age >= Self::DUE => Age::Due,
            age if age >= Self::RIPE => Age::Ripe,
            _ => Age::Young,
        }
    }

    pub(super) fn bearer(&self) -> String {
        format!("bearer {}", self.token.expose_secret())
    }
}

impl fmt::Debug for ProviderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderToken")
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}
