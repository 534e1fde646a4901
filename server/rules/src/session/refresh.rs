//! Families of refresh tokens, and the rule by which a token is exchanged.

use jiff::{SignedDuration, Timestamp};

/// For how long after its successor was given a refresh token gives the same successor, used or not.
pub const GRACE: SignedDuration = SignedDuration::from_mins(1);

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
/// A refresh token is exchanged for the next. When a token comes again that was exchanged before, either
/// an answer was lost or there are two copies of the token:
///
/// - While nothing shows that the successor arrived (neither the successor nor the access token beside
///   it was seen), the token may come again at any time and gives the same successor.
/// - For [`GRACE`] after its successor was last given in this way, the token gives the same successor
///   even if that was used: two tabs share one token, and each asks.
/// - Within that minute the newest token gives itself and not the next, so that the family moves by one
///   step a minute at the most, and the token before stays the predecessor for its whole grace. A client
///   whose clock is wrong may therefore ask as often as it likes.
/// - Anything else is a reuse.
///
/// Clients that share a token are never locked out if each waits at most half of [`GRACE`] for an answer.
///
/// A token beyond the newest is the sign of a restored backup: the family moved on in a future that was
/// lost. It is accepted if the installation's secret came with it.
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
