//! Sessions: logins, refresh tokens, logouts.
//!
//! An installation has a secret from its first run on; a login over an existing id must present it.
//! Each login, logout and takeover raises the installation's *generation*; whatever names an older
//! generation is void. A login begins a *family* of refresh tokens, numbered by a counter. Tokens are
//! derived from the family and the counter ([`crate::token`]), so the server keeps numbers only.
//!
//! # Refresh tokens
//! A refresh token is exchanged for the next. A token that was exchanged and comes again is either an
//! answer that was lost or a copy in somebody else's hands. [`exchange`] tells them apart:
//!
//! - While nothing shows that the successor arrived (neither it nor the access token beside it was
//!   seen), the token may come again at any time and gives the same successor.
//! - For [`GRACE`] after its successor was last given in this way, the token gives the same successor
//!   even if that was used: two tabs share one token, and each asks.
//! - Within that minute the newest token gives itself and not the next, so that the family moves by one
//!   step a minute at the most and the token before stays the predecessor for its whole grace. A client
//!   whose clock is wrong may thus ask as often as it likes.
//! - Anything else is a reuse: the family is revoked.
//!
//! Clients that share a token are never locked out if each waits at most half of [`GRACE`] for an answer.

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use vestnik_model::{AppId, InstallationId, UserId};

/// For how long after its first exchange a refresh token gives the same successor, used or not: two
/// tabs, or a lost answer.
pub const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// The most installations of a user; at one more login the longest silent one is retired.
pub const MAX_INSTALLATIONS: u32 = 50;
/// How long the row of an installation that nobody is logged in on is kept. It binds the
/// installation's id to its secret; after that time the id is as unknown as a new one.
pub const KEEP_LOGGED_OUT: SignedDuration = SignedDuration::from_hours(180 * 24);

/// An installation's life as one user's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    /// The tenant.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The installation.
    pub installation: InstallationId,
    /// Grows with each login, logout and takeover of the installation.
    pub generation: u64,
}

/// Names a family of refresh tokens: random, made at login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId(pub [u8; 16]);

/// A family of refresh tokens as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: FamilyId,
    /// The generation of the session that it belongs to.
    pub generation: u64,
    /// The counter of its newest token.
    pub counter: u64,
    /// When the newest token was last given in exchange for its predecessor before it was used; absent
    /// for the first of the family.
    pub exchanged_at: Option<Timestamp>,
    /// Whether the newest token was used: exchanged, or its access token seen.
    pub is_used: bool,
    /// Until when the newest token holds.
    pub expires_at: Timestamp,
}

/// A refresh token that came; its signature has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// Its counter.
    pub counter: u64,
    /// Whether the installation's secret came with it and is right; `None` when none came.
    pub is_secret_right: Option<bool>,
}

/// What an exchange comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// The next token: the family moves on to this counter.
    Next {
        /// The next token's counter.
        counter: u64,
    },
    /// The newest token, given before: the answer was lost, or two asked at once.
    Same,
    /// The newest token was presented itself, within a minute after it was given: it stays the newest
    /// and is used now.
    Again,
    /// A token came that had been exchanged, and its successor was used: the family is revoked.
    Reused,
    /// The token held once.
    Expired,
    /// A token beyond the newest came without the installation's secret.
    Unknown,
    /// The installation's secret came and is wrong.
    WrongSecret,
}

/// What an exchange changes of the family's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FamilyChange {
    /// Nothing.
    None,
    /// The row is this now.
    Saved(Family),
    /// The family is revoked, and its session ends.
    Revoked,
}

/// Decides on an exchange.
///
/// A token beyond the newest is the sign of a restored backup: the family moved on in a future that
/// was lost. It is taken when the installation's secret proves who holds it.
#[must_use]
pub fn exchange(family: &Family, presented: Presented, now: Timestamp) -> Exchange {
    if presented.is_secret_right == Some(false) {
        return Exchange::WrongSecret;
    }
    if presented.counter > family.counter {
        return if presented.is_secret_right == Some(true) {
            Exchange::Next {
                counter: presented.counter.saturating_add(1),
            }
        } else {
            Exchange::Unknown
        };
    }
    if family.expires_at <= now {
        return Exchange::Expired;
    }
    let is_in_grace = family
        .exchanged_at
        .is_some_and(|at| now.duration_since(at).abs() < GRACE);
    if presented.counter == family.counter {
        return if is_in_grace {
            Exchange::Again
        } else {
            Exchange::Next {
                counter: family.counter.saturating_add(1),
            }
        };
    }
    let is_predecessor = presented.counter.checked_add(1) == Some(family.counter);
    if is_predecessor && (!family.is_used || is_in_grace) {
        Exchange::Same
    } else {
        Exchange::Reused
    }
}

impl Exchange {
    /// The counter of the token to give, if one is given.
    #[must_use]
    pub const fn given(self, family: &Family) -> Option<u64> {
        match self {
            Self::Next { counter } => Some(counter),
            Self::Same | Self::Again => Some(family.counter),
            Self::Reused | Self::Expired | Self::Unknown | Self::WrongSecret => None,
        }
    }
}

impl Family {
    /// A family as a login begins it.
    #[must_use]
    pub const fn begun(id: FamilyId, generation: u64, expires_at: Timestamp) -> Self {
        Self {
            id,
            generation,
            counter: 1,
            exchanged_at: None,
            is_used: false,
            expires_at,
        }
    }

    /// What an exchange at `now` changes. `next_expires` is until when a new token holds.
    #[must_use]
    pub fn after(
        &self,
        exchange: Exchange,
        next_expires: Timestamp,
        now: Timestamp,
    ) -> FamilyChange {
        let exchanged_at = Some(now);
        match exchange {
            Exchange::Next { counter } => FamilyChange::Saved(Self {
                counter,
                exchanged_at,
                is_used: false,
                expires_at: next_expires,
                ..self.clone()
            }),
            Exchange::Same if self.is_used => FamilyChange::None,
            Exchange::Same => FamilyChange::Saved(Self {
                exchanged_at,
                ..self.clone()
            }),
            Exchange::Again => self.seen(self.counter),
            Exchange::Reused => FamilyChange::Revoked,
            Exchange::Expired | Exchange::Unknown | Exchange::WrongSecret => FamilyChange::None,
        }
    }

    /// What it changes that the access token beside a refresh token was seen: if that is the newest,
    /// its predecessor is spent.
    #[must_use]
    pub fn seen(&self, counter: u64) -> FamilyChange {
        if counter == self.counter && !self.is_used {
            FamilyChange::Saved(Self {
                is_used: true,
                ..self.clone()
            })
        } else {
            FamilyChange::None
        }
    }
}

/// What is known of an installation when somebody logs in on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// Its generation.
    pub generation: u64,
    /// Whose it is, if somebody is logged in.
    pub user: Option<UserId>,
}

/// What a login comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The installation becomes the user's, in this generation.
    Admitted {
        /// The generation of the new session.
        generation: u64,
        /// Whose it was, when it was another user's.
        taken_from: Option<UserId>,
    },
    /// The installation has another secret.
    WrongSecret,
}

/// Decides on a login.
#[must_use]
pub fn admit(known: Option<&Known>, user: &UserId, secret_hash: &[u8; 32]) -> Admission {
    let Some(known) = known else {
        return Admission::Admitted {
            generation: 1,
            taken_from: None,
        };
    };
    if !is_same_secret(&known.secret_hash, secret_hash) {
        return Admission::WrongSecret;
    }
    Admission::Admitted {
        generation: known.generation.saturating_add(1),
        taken_from: known.user.clone().filter(|owner| owner != user),
    }
}

/// Whether two hashes of secrets are the same, in constant time.
#[must_use]
pub fn is_same_secret(one: &[u8; 32], other: &[u8; 32]) -> bool {
    bool::from(one.ct_eq(other))
}

impl Known {
    /// Whether a session is the installation's present one. What an older generation asks for is
    /// refused; its logout leaves the present session alone.
    #[must_use]
    pub fn is_present(&self, session: &Session) -> bool {
        self.generation == session.generation && self.user.as_ref() == Some(&session.user)
    }
}

/// An installation that a user is logged in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// The installation.
    pub installation: InstallationId,
    /// When it was last received from.
    pub last_seen: Timestamp,
}

/// The installations to retire so that one more has room: those that were silent longest. `active` are
/// the user's others.
#[must_use]
pub fn retired(active: &[Active], max: u32) -> Vec<InstallationId> {
    let room = usize::try_from(max.max(1) - 1).unwrap_or(usize::MAX);
    let mut silent: Vec<_> = active.iter().collect();
    silent.sort_by_key(|one| (one.last_seen, one.installation));
    silent.truncate(active.len().saturating_sub(room));
    silent.into_iter().map(|one| one.installation).collect()
}

#[cfg(test)]
mod tests;
