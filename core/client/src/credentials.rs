//! Which token to use, and when to get the next.

use std::{
    fmt,
    time::{Duration, Instant},
};

use vestnik_model::TokenResponse;

/// Renewed this early, so that a request under way never meets an expired token.
const EARLY: u32 = 5;

/// An access token and how long it will do.
#[derive(Clone)]
pub(crate) struct Access {
    token: String,
    renew_at: Instant,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("renew_at", &self.renew_at)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// A token that came at `now`. Its life is counted by our own clock from then on, so that it
    /// does not matter how far the clocks are apart. A fifth of it is left unused.
    pub(crate) fn new(response: &TokenResponse, now: Instant) -> Self {
        let life = Duration::from_secs(u64::from(response.expires_in));
        Self {
            token: response.access_token.clone(),
            renew_at: now + life - life / EARLY,
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

/// How to get a token that will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The one at hand will do.
    Use,
    /// Exchange the refresh token.
    Refresh,
    /// Ask the App's backend to vouch for the user.
    Identify,
}

/// Decides how to get a token. The user is bothered only when no refresh can do.
pub(crate) fn plan(access: Option<&Access>, has_refresh: bool, now: Instant) -> Plan {
    match access {
        Some(access) if now < access.renew_at => Plan::Use,
        Some(_) | None if has_refresh => Plan::Refresh,
        Some(_) | None => Plan::Identify,
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::{UserId, token::TokenType};

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn a_token_is_renewed_before_it_expires() {
        let now = Instant::now();
        let response = TokenResponse {
            access_token: "a".to_owned(),
            token_type: TokenType::Bearer,
            expires_in: 900,
            refresh_token: "r".to_owned(),
            user: UserId::parse("anna").unwrap(),
        };
        let access = Access::new(&response, now);
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(plan(Some(&access), true, after(719)), Plan::Use);
        assert_eq!(plan(Some(&access), true, after(720)), Plan::Refresh);
        assert_eq!(plan(Some(&access), false, after(720)), Plan::Identify);
        assert_eq!(plan(None, true, now), Plan::Refresh);
        assert!(!format!("{access:?}").contains('"'));
    }
}
