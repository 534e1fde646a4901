//! Access tokens: which one may be used, and for how long.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::{Monotonic, Now};
use vestnik_model::{InstallationId, TokenResponse, UserId};

use crate::machine::{Secret, TokenNumber};

/// The part of a token's life that is left unused, so that a request under way never meets an expired
/// token.
const EARLY: u32 = 5;

/// What the server grants for an identity token or a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The access token.
    pub access: Secret,
    /// For how long it holds.
    pub expires_in: Duration,
    /// What the next pair is had with.
    pub refresh: Secret,
    /// Whose the installation is.
    pub user: UserId,
    /// Whose session it is, if the server says so.
    pub installation: Option<InstallationId>,
}

impl From<TokenResponse> for Grant {
    fn from(response: TokenResponse) -> Self {
        let TokenResponse {
            access_token,
            token_type: _,
            expires_in,
            refresh_token,
            user,
            installation_id,
        } = response;
        Self {
            access: Secret::new(access_token),
            expires_in: Duration::from_secs(expires_in.into()),
            refresh: Secret::new(refresh_token),
            user,
            installation: installation_id,
        }
    }
}

/// An access token and until when it is used.
///
/// Its life is counted on both clocks of the device: the monotonic one does not step, and the time of
/// day goes on where the monotonic one stands still while the machine sleeps.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) number: TokenNumber,
    pub(super) token: Secret,
    until: Monotonic,
    until_wall: Timestamp,
}

impl Access {
    /// A token that came at `now`.
    pub(super) fn new(number: TokenNumber, token: Secret, expires_in: Duration, now: Now) -> Self {
        let life = expires_in - expires_in / EARLY;
        Self {
            number,
            token,
            until: now.monotonic + life,
            until_wall: now.wall.saturating_add(life).unwrap_or(Timestamp::MAX),
        }
    }

    pub(super) fn is_usable(&self, now: Now) -> bool {
        now.monotonic < self.until && now.wall < self.until_wall
    }
}
