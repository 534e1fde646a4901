//! Where the access token of a connection comes from.

use std::{error::Error, fmt, sync::Arc};

use futures_util::future::BoxFuture;
use http::HeaderValue;

use super::error::ConnectError;

/// A token that stays out of logs.
#[derive(Clone)]
pub struct BearerToken(HeaderValue);

impl BearerToken {
    /// Takes a token; `None` when it cannot stand in a header.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    pub(crate) const fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken")
    }
}

type Failure = Box<dyn Error + Send + Sync>;
type Factory = dyn Fn() -> BoxFuture<'static, Result<BearerToken, Failure>> + Send + Sync;

/// Gives a token for each request that a connection needs, so that a token may be short-lived.
///
/// It is asked at each negotiate and again at each opening of a transport, as in the official
/// clients. A server that redirects may give a token of its own, which replaces this one until the
/// next start.
#[derive(Clone)]
pub struct TokenSource(Arc<Factory>);

impl TokenSource {
    /// Asks a function each time.
    pub fn new<F, R, E>(factory: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<BearerToken, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self(Arc::new(move || {
            let token = factory();
            Box::pin(async move { token.await.map_err(Into::into) })
        }))
    }

    pub(crate) async fn token(&self) -> Result<BearerToken, ConnectError> {
        (self.0)().await.map_err(ConnectError::Token)
    }
}

impl From<BearerToken> for TokenSource {
    /// Gives the same token each time.
    fn from(token: BearerToken) -> Self {
        Self(Arc::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        }))
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}
