//! The pair of tokens that a login and a renewal answer with.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{TokenResponse, token::TokenType};
use vestnik_store::{Session, Store};

use crate::{clock::Clock, credential::AccessTokens, refusal::Refusal};

/// What issuing tokens needs.
#[derive(Clone, Copy)]
pub(crate) struct TokenIssuer<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) access: &'a AccessTokens,
    /// How long a refresh token is valid.
    pub(crate) refresh_life: SignedDuration,
}

impl TokenIssuer<'_> {
    pub(super) fn refresh_expires(self, now: Timestamp) -> Timestamp {
        now.checked_add(self.refresh_life).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn response(
        self,
        session: &Session,
        refresh_token: String,
        now: Timestamp,
    ) -> Result<TokenResponse, Refusal> {
        Ok(TokenResponse {
            access_token: self.access.issue(session, now)?,
            token_type: TokenType::Bearer,
            expires_in: self.access.life_seconds(),
            refresh_token,
            user: session.user.clone(),
        })
    }
}
