//! Sessions: logins, refresh tokens, logouts.
//!
//! An installation has a secret from its first run on; a login over an existing id must present it.
//! Each login, logout and takeover raises the installation's *generation*; whatever names an older
//! generation is void. A login begins a *family* of refresh tokens, numbered by a counter. Tokens are
//! derived from the family and the counter ([`crate::token`]), so the server keeps numbers only.
//! What a refresh token gives is decided by [`exchange`].

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use vestnik_model::{AppId, InstallationId, UserId};

mod refresh;

pub use refresh::{Exchange, Family, FamilyChange, FamilyId, GRACE, Presented, exchange};

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
