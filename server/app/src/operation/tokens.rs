//! Pairs of tokens: how an answer is made of a session.

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::Clock;
use vestnik_model::{TokenResponse, token::TokenType};
use vestnik_rules::token;
use vestnik_store::Store;

use crate::{
    credential::{AccessTokens, Grant},
    refusal::Refusal,
};

/// What issuing tokens needs.
#[derive(Clone, Copy)]
pub(crate) struct Issuing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) access: &'a AccessTokens,
    /// The key that refresh tokens are derived with.
    pub(crate) refresh_key: &'a [u8; 32],
    /// For how long a refresh token holds.
    pub(crate) refresh_life: SignedDuration,
}

impl Issuing<'_> {
    pub(super) fn refresh_expires(self, now: Timestamp) -> Timestamp {
        now.checked_add(self.refresh_life).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn response(self, grant: Grant, now: Timestamp) -> Result<TokenResponse, Refusal> {
        Ok(TokenResponse {
            access_token: self.access.issue(&grant, now)?,
            token_type: TokenType::Bearer,
            expires_in: self.access.life_seconds(),
            refresh_token: token::mint(self.refresh_key, grant.family, grant.counter),
            user: grant.session.user,
            installation_id: Some(grant.session.installation),
        })
    }
}
