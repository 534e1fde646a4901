//! Sessions: logins, refresh tokens, logouts.
//!
//! An installation has a secret from its first run on; a login over an existing id must present it.
//! Each login, logout and takeover raises the installation's *generation*; whatever names an older
//! generation is void. A login begins a *family* of refresh tokens, numbered by a counter. Tokens are
//! derived from the family and the counter ([`crate::token`]), so the server keeps numbers only.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{AppId, InstallationId, UserId};

/// For how long after its first exchange a refresh token gives the same successor, used or not: two
/// tabs, or a lost answer.
pub const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// The most installations of a user; at one more login the longest silent one is retired.
pub const MAX_INSTALLATIONS: u32 = 50;

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
    /// When the newest token was first given in exchange for its predecessor.
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
    /// The newest token once more: the answer was lost, or two asked at once.
    Same,
    /// A token came that had been exchanged, and its successor was used: the family is revoked.
    Reused,
    /// The token held once.
    Expired,
    /// A token beyond the newest came without the installation's secret.
    Unknown,
    /// The installation's secret came and is wrong.
    WrongSecret,
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
    if presented.counter == family.counter {
        return Exchange::Next {
            counter: family.counter.saturating_add(1),
        };
    }
    let is_predecessor = presented.counter.checked_add(1) == Some(family.counter);
    let is_in_grace = family
        .exchanged_at
        .is_some_and(|at| now.duration_since(at) < GRACE);
    if is_predecessor && (!family.is_used || is_in_grace) {
        Exchange::Same
    } else {
        Exchange::Reused
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
    use subtle::ConstantTimeEq as _;
    let Some(known) = known else {
        return Admission::Admitted {
            generation: 1,
            taken_from: None,
        };
    };
    if !bool::from(known.secret_hash.ct_eq(secret_hash)) {
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
    use subtle::ConstantTimeEq as _;
    bool::from(one.ct_eq(other))
}
