//! How an installation logs in: its App's backend vouches for the user, the server issues tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AppId, InstallationId, UserId};

/// Asks for tokens; the form follows OAuth 2.0 (RFC 6749) with its `grant_type`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "grant_type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenRequest {
    /// A JWT by which the App's backend vouches for its user (`sub`) makes the installation his.
    IdentityToken {
        /// The tenant.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        app: AppId,
        /// The installation that logs in.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        installation_id: InstallationId,
        /// The JWT: `sub` the user, `aud` the App, `exp` at most a day ahead.
        identity_token: String,
    },
    /// A refresh token, used once, gives the next pair.
    RefreshToken {
        /// The token of the last answer.
        refresh_token: String,
    },
}

/// Names the grant only: tokens stay out of logs.
impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityToken {
                app,
                installation_id,
                ..
            } => f
                .debug_struct("IdentityToken")
                .field("app", app)
                .field("installation_id", installation_id)
                .finish_non_exhaustive(),
            Self::RefreshToken { .. } => f.debug_struct("RefreshToken").finish_non_exhaustive(),
        }
    }
}

/// A pair of tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// What to send as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// For how many seconds from now the access token holds.
    pub expires_in: u32,
    /// What to get the next pair with, once.
    pub refresh_token: String,
    /// Whose the installation is now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How an access token is presented (RFC 6750).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// In the `Authorization` header, or in a hub's `access_token` query.
    Bearer,
}
