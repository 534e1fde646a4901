//! Logins, refresh tokens, logouts.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::session::{FamilyId, Presented, Session};

use crate::Answer;

/// Who is logged in where.
pub trait Sessions {
    /// Makes an installation its user's and begins a family of refresh tokens. Effects: `Revoked` for
    /// the session before it and for retired installations, `Told`.
    fn login(&self, login: Login) -> Answer<'_, LoginOutcome>;
    /// Exchanges a refresh token for the next. Effect of a reuse: `Revoked`.
    fn exchange(&self, exchange: TokenExchange) -> Answer<'_, ExchangeOutcome>;
    /// Notes that the access token beside a refresh token was seen: its predecessor is spent.
    fn note_seen(&self, seen: Vec<Seen>) -> Answer<'_, ()>;
    /// The present session of an installation, if somebody is logged in.
    fn session(&self, app: AppId, installation: InstallationId) -> Answer<'_, Option<Session>>;
    /// Ends a session. One that is not the present one any more leaves the present one alone.
    /// Effect: `Revoked`.
    fn logout(&self, session: Session, now: Timestamp) -> Answer<'_, LogoutOutcome>;
    /// Ends whatever session an installation has, for the App's backend; tells whether there is such
    /// an installation. Effect: `Revoked`.
    fn end_session(
        &self,
        app: AppId,
        installation: InstallationId,
        now: Timestamp,
    ) -> Answer<'_, bool>;
    /// Ends all sessions of a user; tells how many. Effects: `Revoked` for each session and, last, for
    /// the user, `Told`.
    fn end_user_sessions(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, u64>;
}

/// Somebody logs in on an installation.
#[derive(Debug, Clone)]
pub struct Login {
    /// The tenant.
    pub app: AppId,
    /// The user that the App's backend vouches for.
    pub user: UserId,
    /// The installation.
    pub installation: InstallationId,
    /// The SHA-256 of the installation's secret.
    pub secret_hash: [u8; 32],
    /// The identity token's `jti` and expiry, if it has one: it is used once.
    pub token_use: Option<TokenUse>,
    /// The id of the new family.
    pub family: FamilyId,
    /// Until when its first refresh token holds.
    pub refresh_expires: Timestamp,
    /// The most installations of a user.
    pub max_installations: u32,
    /// The time.
    pub now: Timestamp,
}

/// The use of an identity token that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The SHA-256 of its `jti`.
    pub jti_hash: [u8; 32],
    /// Until when it would be accepted.
    pub expires: Timestamp,
}

/// What a login comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The session; its first refresh token has the counter 1.
    LoggedIn(Session),
    /// The installation has another secret.
    WrongSecret,
    /// The identity token was used before.
    TokenUsed,
    /// There is no such App.
    UnknownApp,
}

/// A refresh token is exchanged; its signature has been checked.
#[derive(Debug, Clone)]
pub struct TokenExchange {
    /// The token's family.
    pub family: FamilyId,
    /// The token's counter.
    pub counter: u64,
    /// The SHA-256 of the installation's secret, if it came along.
    pub secret_hash: Option<[u8; 32]>,
    /// Until when the next token holds.
    pub next_expires: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// What an exchange comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeOutcome {
    /// The token with this counter is the session's now.
    Exchanged {
        /// The session.
        session: Session,
        /// The counter of the token to give.
        counter: u64,
    },
    /// The token was exchanged before, and its successor used: the family is revoked.
    Reused,
    /// The token held once.
    Expired,
    /// There is no such family, or its session has ended.
    Unknown,
    /// The installation's secret is wrong.
    WrongSecret,
}

/// An access token was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// The family of the refresh token that was given beside it.
    pub family: FamilyId,
    /// That refresh token's counter.
    pub counter: u64,
}

/// What a logout comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// The installation is nobody's now.
    Done,
    /// The session had ended before; the present one, if any, goes on.
    Ended,
}

/// What a presented token is to the rules, once the installation's secret is known.
#[must_use]
pub fn presented(exchange: &TokenExchange, secret_hash: &[u8; 32]) -> Presented {
    Presented {
        counter: exchange.counter,
        is_secret_right: exchange
            .secret_hash
            .map(|presented| vestnik_rules::session::is_same_secret(&presented, secret_hash)),
    }
}
