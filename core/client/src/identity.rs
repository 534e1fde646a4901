//! Where identity tokens come from: the one thing the core cannot do alone.

use std::fmt;

use futures_util::future::BoxFuture;

/// A JWT by which the App's backend vouches for its user. Stays out of logs.
#[derive(Clone)]
pub struct IdentityToken(String);

impl IdentityToken {
    /// Wraps a token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub(crate) fn into_inner(self) -> String {
        self.0
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityToken")
    }
}

/// No token can be had now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no identity token can be had now")]
pub struct IdentityUnavailable;

/// Asks the App's backend to vouch for its user. Asked only when no refresh token will do.
pub trait IdentitySource: Send + Sync + fmt::Debug + 'static {
    /// Gives a fresh token. It may take as long as it needs: nothing else waits for it.
    fn identity_token(&self) -> BoxFuture<'_, Result<IdentityToken, IdentityUnavailable>>;
}

/// A source that gives the same token each time.
#[must_use]
pub fn fixed(token: impl Into<String>) -> impl IdentitySource {
    Fixed(IdentityToken::new(token))
}

#[derive(Debug)]
struct Fixed(IdentityToken);

impl IdentitySource for Fixed {
    fn identity_token(&self) -> BoxFuture<'_, Result<IdentityToken, IdentityUnavailable>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// A source for devices whose user never has to be vouched for again, or only at the next start.
#[must_use]
pub fn none() -> impl IdentitySource {
    Nobody
}

#[derive(Debug)]
struct Nobody;

impl IdentitySource for Nobody {
    fn identity_token(&self) -> BoxFuture<'_, Result<IdentityToken, IdentityUnavailable>> {
        Box::pin(std::future::ready(Err(IdentityUnavailable)))
    }
}
