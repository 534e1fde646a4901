//! Access tokens of services that give them for credentials (RFC 6749).
//!
//! A token lives an hour; the driver keeps it and asks for another when [`AccessToken::is_due`].

use std::{fmt, time::Duration};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use vestnik_model::Reason;

use crate::{answer::Answer, outcome::Said};

/// How long before its end a token is renewed: longer than any request takes.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// The longest life that a token is given credit for.
const MAX_LIFE_SECONDS: i64 = 24 * 60 * 60;
/// The most bytes of a token.
const MAX_TOKEN_BYTES: usize = 8_192;

/// An access token.
#[derive(Clone)]
pub struct AccessToken {
    token: SecretString,
    expires_at: Timestamp,
}

impl AccessToken {
    /// A token that this server signed itself.
    pub(crate) const fn signed(token: SecretString, expires_at: Timestamp) -> Self {
        Self { token, expires_at }
    }

    /// Whether the token should be renewed by now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.duration_since(now) <= RENEW_BEFORE
    }

    /// Whether the token is past its end.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token.expose_secret())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// The account or its key is refused: only the operator can help.
    #[error("the account was refused: {0}")]
    Refused(Said),
    /// The token service cannot answer now.
    #[error("the token service cannot answer now: {said}")]
    Later {
        /// What it said.
        said: Said,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// The token service cannot be reached.
    #[error("the token service cannot be reached")]
    Unreachable,
    /// The account's key cannot sign.
    #[error("the account's key cannot sign")]
    Unsigned,
    /// A success without a usable token.
    #[error("the token service gave no usable token")]
    Unreadable,
}

impl TokenRefusal {
    /// The registry's code for every push that waits for the token.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Refused(_) | Self::Unsigned => Reason::ConfigProviderAuth,
            Self::Later { .. } | Self::Unreachable | Self::Unreadable => {
                Reason::ProviderUnavailable
            }
        }
    }

    /// How long the token service wants to be left alone.
    #[must_use]
    pub const fn after(&self) -> Option<Duration> {
        match self {
            Self::Later { after, .. } => *after,
            Self::Refused(_) | Self::Unreachable | Self::Unsigned | Self::Unreadable => None,
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

#[derive(Deserialize)]
struct Denied {
    error: Code,
}

/// Why there is no token: a word by RFC 6749, 5.2, and a number at Huawei.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Word(String),
    Number(u64),
}

impl Code {
    fn into_word(self) -> String {
        match self {
            Self::Word(word) => word,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Reads the token service's answer (RFC 6749, 5.1 and 5.2). `asked_at` is when the request was made, so
/// that a slow answer never makes a token look younger.
///
/// # Errors
/// [`TokenRefusal`] with what helps.
pub fn answer(answer: &Answer<'_>, asked_at: Timestamp) -> Result<AccessToken, TokenRefusal> {
    if answer.status.is_success() {
        return granted(answer, asked_at).ok_or(TokenRefusal::Unreadable);
    }
    let denied: Option<Denied> = answer.json();
    let word = denied.map(|denied| denied.error.into_word());
    let said = Said::new(answer.status, word.as_deref());
    let is_passing = answer.status.is_server_error()
        || matches!(
            answer.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        );
    Err(if is_passing {
        let after = answer.retry_after(asked_at);
        TokenRefusal::Later { said, after }
    } else {
        TokenRefusal::Refused(said)
    })
}

fn granted(answer: &Answer<'_>, asked_at: Timestamp) -> Option<AccessToken> {
    let granted: Granted = answer.json()?;
    let is_token = (1..=MAX_TOKEN_BYTES).contains(&granted.access_token.len())
        && granted
            .access_token
            .bytes()
            .all(|byte| byte.is_ascii_graphic());
    if !is_token || granted.expires_in <= 0 {
        return None;
    }
    let life = SignedDuration::from_secs(granted.expires_in.min(MAX_LIFE_SECONDS));
    Some(AccessToken {
        token: SecretString::from(granted.access_token),
        expires_at: asked_at.checked_add(life).ok()?,
    })
}
