//! Pushes that a device could not decrypt.
//!
//! An attempt remembers for which keys its pushes were sealed ([`Seals`]). When the device reports that it
//! could not decrypt one ([`reported`]), the push is sent anew for the key that the device has now, once for
//! each key and in all for at most [`MAX_SEALS`]; without another key the attempt has failed, and the cascade
//! goes on.
//!
//! A device tells its key with its state, apart from the report, and either may come first. While the report
//! is alone, the cascade waits for the key, for [`KEY_WINDOW`] at most. The state ends the wait
//! ([`uploaded`]): with another key the push is sent anew, with the same key the cascade goes on at once. A
//! key that comes after the window still has the push sent anew, unless a later step has begun.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{DeliveryState, Reason, publish::StepChannel};
//! use vestnik_rules::attempt::{Attempt, State};
//! use vestnik_rules::decrypt::{Case, KeyMark, Seals, reported};
//!
//! let now: Timestamp = "2026-11-30T09:00:00Z".parse()?;
//! let seals = Seals::default().with(KeyMark::of("the former key"), now);
//! let case = Case {
//!     state: &DeliveryState::pending(),
//!     is_stopped: false,
//!     expires_at: "2026-12-01T09:00:00Z".parse()?,
//!     step: Some(StepChannel::Push),
//!     attempt: &Attempt { seals, ..Attempt::HANDED },
//!     is_delivered: false,
//!     key: Some(KeyMark::of("the present key")),
//!     now,
//! };
//! let anew = reported(&case, Reason::DecryptUnknownKey, now).ok_or("nothing follows")?;
//! assert_eq!((anew.state, anew.until), (State::Retrying, Some(now)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod seal;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{DeliveryState, DeliveryStatus, Reason, publish::StepChannel};

pub use self::seal::{KeyMark, MAX_SEALS, Seals};
use crate::{
    attempt::{Attempt, State},
    reason::{Retry, consequences},
};

/// How long a cascade waits for the key of a device that could not decrypt a push.
pub const KEY_WINDOW: SignedDuration = SignedDuration::from_secs(5);

/// The most notifications that are looked at when an installation tells its key, the latest first. Older ones
/// wait in the log.
pub const MAX_ANEW: u32 = 100;

/// An attempt at an installation over a push service, with what its next try depends on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What is known of the delivery.
    pub state: &'a DeliveryState,
    /// Whether the sender cancelled or recalled the notification.
    pub is_stopped: bool,
    /// When the notification expires.
    pub expires_at: Timestamp,
    /// The channel of the step that the delivery stands at.
    pub step: Option<StepChannel>,
    /// The attempt.
    pub attempt: &'a Attempt,
    /// Whether the installation reported the notification as delivered.
    pub is_delivered: bool,
    /// The key that the installation has now, if it has one.
    pub key: Option<KeyMark>,
    /// The time.
    pub now: Timestamp,
}

/// Whether a reason says that a device could not decrypt a push.
#[must_use]
pub fn is_decrypt(reason: Reason) -> bool {
    consequences(reason).retry == Retry::WithNewKey
}

/// Whether an attempt has failed because its device could not decrypt it: [`uploaded`] is asked about it.
#[must_use]
pub fn is_undecrypted(attempt: &Attempt) -> bool {
    attempt.state == State::Failed && attempt.reason.is_some_and(is_decrypt)
}

/// What an attempt is after its installation reported at `at` that it could not decrypt the push. `None` if
/// nothing follows: the report repeats another one, or is about a push that was not sealed, that a later one
/// has replaced, or that does not matter any more.
#[must_use]
pub fn reported(case: &Case<'_>, reason: Reason, at: Timestamp) -> Option<Attempt> {
    let attempt = case.attempt;
    let is_about_it = !attempt.seals.is_empty() && !attempt.seals.is_replaced_after(at);
    if !case.is_open() || !is_about_it {
        return None;
    }
    if reason == Reason::OwnerMismatchDropped {
        return dropped(attempt);
    }
    let undecrypted = attempt.undecrypted.saturating_add(1);
    match attempt.state {
        State::Sent => Some(Attempt {
            undecrypted,
            ..case.next(reason, true)
        }),
        // The report proves that the service took the try, though it has not answered.
        State::Sending => Some(Attempt {
            undecrypted,
            tries: attempt.tries.saturating_add(1),
            ..case.next(reason, true)
        }),
        // The next try is sealed for the present key; with the same key it would be in vain.
        State::Begun | State::Retrying => {
            let is_known = attempt.reason.is_some_and(is_decrypt);
            (!is_known && !case.has_new_key()).then(|| Attempt {
                undecrypted,
                ..case.next(reason, true)
            })
        }
        // It was given up, and the report proves that it was taken, and is of no use.
        State::Failed if attempt.reason == Some(Reason::ProviderUnproven) => Some(Attempt {
            undecrypted,
            ..case.next(reason, true)
        }),
        State::Failed => None,
    }
}

/// What an attempt is after its installation dropped the push, because another user has the device by now. It is
/// of no use to try that again. `None` if nothing follows.
fn dropped(attempt: &Attempt) -> Option<Attempt> {
    let failed = |tries| Attempt {
        state: State::Failed,
        reason: Some(Reason::OwnerMismatchDropped),
        tries,
        until: None,
        ..attempt.clone()
    };
    match attempt.state {
        State::Sent => Some(failed(attempt.tries)),
        // The report proves that the service took the try, though it has not answered.
        State::Sending => Some(failed(attempt.tries.saturating_add(1))),
        State::Begun | State::Retrying | State::Failed => None,
    }
}

/// What an attempt is after its installation told its key. `None` if nothing follows.
#[must_use]
pub fn uploaded(case: &Case<'_>) -> Option<Attempt> {
    let attempt = case.attempt;
    let reason = attempt.reason.filter(|_| is_undecrypted(attempt))?;
    let ends_a_wait = attempt.until.is_some_and(|until| until > case.now);
    let follows = case.is_open() && (case.has_new_key() || ends_a_wait);
    follows.then(|| case.next(reason, false))
}

impl Case<'_> {
    /// Whether the device still has to get the notification.
    fn is_open(&self) -> bool {
        let is_open = match self.state.status {
            DeliveryStatus::Pending | DeliveryStatus::Sent | DeliveryStatus::Delivered => true,
            DeliveryStatus::Scheduled
            | DeliveryStatus::Read
            | DeliveryStatus::Suppressed
            | DeliveryStatus::Failed
            | DeliveryStatus::Undelivered
            | DeliveryStatus::Expired
            | DeliveryStatus::Cancelled => false,
        };
        is_open && !self.is_stopped && !self.is_delivered && self.now < self.expires_at
    }

    /// Whether a push may be sealed for another key at all.
    fn has_turn(&self) -> bool {
        self.step == Some(StepChannel::Push) && !self.attempt.seals.is_full()
    }

    fn has_new_key(&self) -> bool {
        let is_new = self.key.is_some_and(|key| !self.attempt.seals.has(key));
        is_new && self.has_turn()
    }

    /// The attempt at its next try, or failed; one that `waits` has failed for good when the window is over.
    fn next(&self, reason: Reason, waits: bool) -> Attempt {
        let is_anew = self.has_new_key();
        let window = (waits && self.has_turn()).then(|| {
            let end = self.now.checked_add(KEY_WINDOW);
            end.unwrap_or(Timestamp::MAX)
        });
        Attempt {
            state: if is_anew {
                State::Retrying
            } else {
                State::Failed
            },
            reason: Some(reason),
            until: if is_anew { Some(self.now) } else { window },
            ..self.attempt.clone()
        }
    }
}

#[cfg(test)]
mod tests;
