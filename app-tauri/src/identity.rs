//! The App's word for who the person is, from where the configuration says.

use futures_util::future::BoxFuture;
use vestnik_core::{
    IdentitySource,
    identity::{IdentityToken, IdentityUnavailable},
};

use crate::configuration::IdentityOrigin;

impl IdentitySource for IdentityOrigin {
    fn identity_token(&self) -> BoxFuture<'_, Result<IdentityToken, IdentityUnavailable>> {
        Box::pin(async {
            match self {
                Self::Token(token) => Ok(IdentityToken::new(token.as_str())),
                Self::File(path) => match tokio::fs::read_to_string(path).await {
                    Ok(token) => Ok(IdentityToken::new(token.trim())),
                    Err(error) => {
                        tracing::warn!(file = %path.display(), %error, "the identity is unreadable");
                        Err(IdentityUnavailable)
                    }
                },
            }
        })
    }
}
