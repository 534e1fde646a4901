//! Attempts: one delivery over one channel at one installation or mailbox, with its tries.
//!
//! A try is *begun* before anything is sent, in a transaction of its own, and *settled* by the answer
//! in another one. What goes to a mailbox or to the App's backend waits in between for its turn, because those
//! take a few at a time, and is [started](crate::cascade::start) in a third one when it comes: until then nothing of
//! it was written. A process that ends in between leaves a try that nobody settles. When its lease has passed, or was
//! ended because nobody can hold it, nobody knows whether the service took it, and it is repeated: under the same
//! identifier, so that a push replaces the first one. A sender can have such a try given up instead.
//!
//! ```
//! use jiff::{SignedDuration, Timestamp};
//! use vestnik_model::{Reason, publish::OnUnproven};
//! use vestnik_rules::attempt::{Attempt, Bounds, Outcome, State, begin, settle};
//!
//! let now: Timestamp = "2026-11-29T09:00:00Z".parse()?;
//! let lease_until = now + SignedDuration::from_secs(30);
//! let first = begin(None, lease_until);
//! let bounds = Bounds {
//!     until: now + SignedDuration::from_mins(10),
//!     collapses: true,
//!     on_unproven: OnUnproven::Repeat,
//!     random: 0.5,
//!     now,
//! };
//! let busy = Outcome::Retry { reason: Reason::ProviderUnavailable, after: None };
//! let waits = settle(&first, &busy, bounds);
//! assert_eq!((waits.state, waits.tries), (State::Retrying, 1));
//! let second = begin(Some(&waits), lease_until);
//! assert_eq!(settle(&second, &Outcome::Accepted, bounds).state, State::Sent);
//! # Ok::<(), jiff::Error>(())
//! ```

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{DeliveryStatus, Reason, publish::OnUnproven};

pub use crate::attempt_state::State;
use crate::{
    decrypt::{KeyMark, Seals},
    reason::{AddressFate, Retry, consequences},
    work::{doubling, fraction},
};

/// The longest pause between two tries that no service asked for.
pub const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How long a service that throttles is left alone if it does not say (Firebase, "Scale FCM sends": at
/// least one minute).
pub const THROTTLED_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// How long a server that took a whole letter and did not answer is left alone: for so long it may work on
/// it (RFC 5321, 4.5.3.2.6).
pub const UNANSWERED_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// So many tries without an answer of what cannot be taken back are enough, whatever lies between them: another one
/// would be another letter.
pub const UNANSWERED: u32 = 3;
/// How long a try waits when a service refuses the App's credentials, or when those that are stored cannot be
/// read: an operator has to do something.
pub const REFUSED_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How long what was held back waits if nothing says how long.
pub const HELD_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What is known of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How far it is.
    pub state: State,
    /// Why the last try went no further.
    pub reason: Option<Reason>,
    /// How many tries were settled or given up.
    pub tries: u32,
    /// Of how many of them nobody knows whether the service took them.
    pub unproven: u32,
    /// How many of those were written whole and had no answer. Nobody knows what a process that ended had written.
    pub unanswered: u32,
    /// How many pushes of it the device reported that it could not decrypt.
    pub undecrypted: u32,
    /// For which keys its pushes were sealed.
    pub seals: Seals,
    /// The end of the lease while it is being sent, the time of the next try while it waits, and the end of
    /// the wait for a key after a device could not decrypt it.
    pub until: Option<Timestamp>,
}

impl Attempt {
    /// What was written to a connection: there is one try, and it needs no answer.
    pub const HANDED: Self = Self {
        state: State::Sent,
        reason: None,
        tries: 0,
        unproven: 0,
        unanswered: 0,
        undecrypted: 0,
        seals: Seals::NONE,
        until: None,
    };

    /// The attempt as its sender sees it, of a delivery with this status: a try that waits is not made any
    /// more once the delivery has ended or was read.
    #[must_use]
    pub fn seen_of(self, delivery: DeliveryStatus) -> Self {
        let is_over = delivery.rank().is_none() || delivery == DeliveryStatus::Read;
        match self.state {
            State::Retrying if is_over => Self {
                state: State::Failed,
                until: None,
                ..self
            },
            State::Begun | State::Sending | State::Retrying | State::Sent | State::Failed => self,
        }
    }

    /// Whether no try was made, nor one that began failed.
    #[must_use]
    pub const fn is_untried(&self) -> bool {
        self.tries == 0 && self.unproven == 0 && self.reason.is_none()
    }

    /// Whether a try is under way: it has a lease.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        match self.state {
            State::Begun | State::Sending => true,
            State::Retrying | State::Sent | State::Failed => false,
        }
    }

    /// Whether a service may have taken one of its tries: it did, or nobody knows. What was proven not to be
    /// taken was not.
    #[must_use]
    pub const fn may_be_taken(&self) -> bool {
        match self.state {
            State::Sending | State::Sent => true,
            State::Begun | State::Retrying | State::Failed => self.unproven > 0,
        }
    }

    /// Until when the attempt, whose tries have a [`lease`](crate::patience::lease), waits, if it does: for the end of a lease that
    /// somebody holds, or for its next try. A lease that is longer than one given now was given while the clock
    /// was ahead: nobody holds it.
    #[must_use]
    pub fn waits_until(&self, lease: SignedDuration, now: Timestamp) -> Option<Timestamp> {
        let until = self.until.filter(|until| *until > now)?;
        let is_ahead = self.is_under_way() && until.duration_since(now) > lease;
        (!is_ahead).then_some(until)
    }

    /// Whether the try with a lease until then is under way.
    #[must_use]
    pub fn is_try_of(&self, lease_until: Timestamp) -> bool {
        self.is_under_way() && self.until == Some(lease_until)
    }

    /// The same without a further try: nobody needs it any more. One that nobody settled may have been taken
    /// all the same.
    #[must_use]
    pub fn dropped(self) -> Self {
        match self.state {
            State::Sending => self.given_up(),
            State::Begun | State::Retrying => Self {
                state: State::Failed,
                until: None,
                ..self
            },
            State::Sent | State::Failed => self,
        }
    }

    /// The same if no try may follow one that nobody settled: it may have been taken.
    #[must_use]
    pub fn given_up(self) -> Self {
        match self.state {
            State::Sending => Self {
                state: State::Failed,
                reason: Some(Reason::ProviderUnproven),
                tries: self.tries.saturating_add(1),
                unproven: self.unproven.saturating_add(1),
                until: None,
                ..self
            },
            State::Begun | State::Retrying | State::Sent | State::Failed => self,
        }
    }

    /// The same with its try sealed for a key at `at`; without a key, nothing is sealed.
    #[must_use]
    pub fn sealed(self, key: Option<KeyMark>, at: Timestamp) -> Self {
        let seals = match key {
            Some(key) => self.seals.with(key, at),
            None => self.seals,
        };
        Self { seals, ..self }
    }
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service took it.
    Accepted,
    /// Nothing was asked of the service, because of what it said to others before or because the time for it
    /// was over: it was no try.
    Held {
        /// Why.
        reason: Reason,
        /// How long the service wants to be left alone.
        after: Option<SignedDuration>,
    },
    /// The service did not take it; it is worth another try.
    Retry {
        /// Why.
        reason: Reason,
        /// How long the service wants to be left alone.
        after: Option<SignedDuration>,
    },
    /// It was written, and the connection ended before an answer.
    Unproven,
    /// The address is dead.
    Dead {
        /// Why.
        reason: Reason,
        /// Since when, if the service says so.
        since: Option<Timestamp>,
    },
    /// The service will never take it.
    Rejected {
        /// Why.
        reason: Reason,
    },
}

/// What a further try depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// When no try makes sense any more.
    pub until: Timestamp,
    /// Whether a repetition takes the place of what was handed over before, as a push does by its identifier.
    /// A letter does not: whoever gets it twice has two. A message does if its provider says so.
    pub collapses: bool,
    /// What comes of a try of which nobody knows whether it was taken.
    pub on_unproven: OnUnproven,
    /// A fraction from 0 to 1, which spreads tries that failed together.
    pub random: f64,
    /// The time.
    pub now: Timestamp,
}

/// Begins the next try of an attempt. One whose former try was never settled counts that as unproven.
#[must_use]
pub fn begin(known: Option<&Attempt>, lease_until: Timestamp) -> Attempt {
    let lost = known.is_some_and(|known| known.state == State::Sending);
    let lost = u32::from(lost);
    let known = known.cloned().unwrap_or(Attempt::HANDED);
    Attempt {
        state: State::Sending,
        tries: known.tries.saturating_add(lost),
        unproven: known.unproven.saturating_add(lost),
        until: Some(lease_until),
        ..known
    }
}

/// What is known by now of where a try went, besides its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whether there is an address at the service that the try did not go to.
    pub has_other: bool,
    /// When the App's credentials at the service were set, if there are any.
    pub set_at: Option<Timestamp>,
    /// Its lease: see [`lease`](crate::patience::lease).
    pub lease: SignedDuration,
}

/// What an attempt is after the try with a lease until then, of a notification or of what withdraws one.
/// `None` if that try is not on its way: another one began, or it was settled before.
#[must_use]
pub fn settle_try(
    attempt: &Attempt,
    (outcome, lease_until): (&Outcome, Timestamp),
    known: Known,
    bounds: Bounds,
) -> Option<Attempt> {
    if !attempt.is_try_of(lease_until) {
        return None;
    }
    let outcome = for_delivery(outcome.clone(), known.has_other);
    let began_at = lease_until.checked_sub(known.lease);
    let began_at = began_at.unwrap_or(Timestamp::MIN);
    let (outcome, bounds) = after_renewal((outcome, bounds), began_at, known.set_at);
    Some(settle(attempt, &outcome, bounds))
}

/// What a try comes to, and within which bounds, when the App's credentials at the service were set at
/// `set_at`. That a service refused the former ones says nothing of the present ones: a try that began
/// before they were set is made again at once.
fn after_renewal(
    (outcome, bounds): (Outcome, Bounds),
    began_at: Timestamp,
    set_at: Option<Timestamp>,
) -> (Outcome, Bounds) {
    let is_renewed = set_at.is_some_and(|set_at| began_at <= set_at);
    let is_refused = |reason: Reason| consequences(reason).retry == Retry::AfterRenewal;
    let at_once = Some(SignedDuration::ZERO);
    let outcome = match outcome {
        Outcome::Held { reason, after: _ } if is_renewed && is_refused(reason) => Outcome::Held {
            reason,
            after: at_once,
        },
        Outcome::Retry { reason, after: _ } if is_renewed && is_refused(reason) => Outcome::Retry {
            reason,
            after: at_once,
        },
        Outcome::Accepted
        | Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Unproven
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => return (outcome, bounds),
    };
    let bounds = Bounds {
        random: 0.0,
        ..bounds
    };
    (outcome, bounds)
}

/// An attempt that waits because a service refused the App's credentials, now that others were set: its next
/// try is made at once. `None` if it waits for something else, or no longer.
#[must_use]
pub fn renewed(waiting: &Attempt, now: Timestamp) -> Option<Attempt> {
    let is_refused = waiting
        .reason
        .is_some_and(|reason| consequences(reason).retry == Retry::AfterRenewal);
    let waits = waiting.state == State::Retrying && waiting.until.is_some_and(|until| until > now);
    (is_refused && waits).then(|| Attempt {
        until: Some(now),
        ..waiting.clone()
    })
}

/// What an outcome means for the delivery. A try that met a dead address is made again at once when the
/// installation has reported another address at the service meanwhile.
fn for_delivery(outcome: Outcome, has_other: bool) -> Outcome {
    match outcome {
        Outcome::Dead { reason, since: _ } if has_other => Outcome::Retry {
            reason,
            after: Some(SignedDuration::ZERO),
        },
        Outcome::Accepted
        | Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Unproven
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => outcome,
    }
}

/// What an attempt is after a try.
#[must_use]
pub fn settle(begun: &Attempt, outcome: &Outcome, bounds: Bounds) -> Attempt {
    let tries = begun.tries.saturating_add(1);
    let done = |state, reason| Attempt {
        state,
        reason,
        tries,
        until: None,
        ..begun.clone()
    };
    match outcome {
        Outcome::Accepted => done(State::Sent, None),
        Outcome::Dead { reason, since: _ } => done(State::Failed, Some(*reason)),
        Outcome::Rejected { reason } => {
            // What the service did not understand is tried once more; a second time says that it never
            // will.
            let is_once = consequences(*reason).retry == Retry::Once;
            if is_once && begun.tries == 0 {
                again(begun, *reason, None, bounds)
            } else {
                done(State::Failed, Some(*reason))
            }
        }
        Outcome::Retry { reason, after } => again(begun, *reason, *after, bounds),
        Outcome::Held { reason, after } => Attempt {
            tries: begun.tries,
            ..again(&untried(begun), *reason, after.or(Some(HELD_PAUSE)), bounds)
        },
        Outcome::Unproven => {
            let unproven = begun.unproven.saturating_add(1);
            let unanswered = begun.unanswered.saturating_add(1);
            let reason = Reason::ProviderUnproven;
            let is_silent = unanswered >= UNANSWERED;
            let pause = (!bounds.collapses).then_some(UNANSWERED_PAUSE);
            let next = match bounds.on_unproven {
                OnUnproven::GiveUp => done(State::Failed, Some(reason)),
                OnUnproven::Repeat if is_silent && !bounds.collapses => {
                    done(State::Sent, Some(reason))
                }
                OnUnproven::Repeat => again(begun, reason, pause, bounds),
            };
            Attempt {
                unproven,
                unanswered,
                ..next
            }
        }
    }
}

/// The attempt for whoever was held back: it waits for as long as that is asked for, however often others before
/// it have failed.
fn untried(begun: &Attempt) -> Attempt {
    Attempt {
        tries: 0,
        ..begun.clone()
    }
}

/// Waits for the next try, unless there is no time left for one.
fn again(
    begun: &Attempt,
    reason: Reason,
    after: Option<SignedDuration>,
    bounds: Bounds,
) -> Attempt {
    let at = next_try(begun.tries, reason, after, bounds);
    let has_time = at < bounds.until;
    Attempt {
        state: if has_time {
            State::Retrying
        } else {
            State::Failed
        },
        reason: Some(reason),
        tries: begun.tries.saturating_add(1),
        until: has_time.then_some(at),
        ..begun.clone()
    }
}

/// When the next try is made: doubling from one second with full jitter, at most every five minutes,
/// and never before the service allows.
fn next_try(
    tries: u32,
    reason: Reason,
    after: Option<SignedDuration>,
    bounds: Bounds,
) -> Timestamp {
    let ceiling = doubling(tries, MAX_PAUSE).as_secs_f64();
    let jittered = SignedDuration::from_secs_f64(ceiling * fraction(bounds.random));
    let asked = after.or_else(|| (reason == Reason::ProviderThrottled).then_some(THROTTLED_PAUSE));
    let pause = match asked {
        Some(asked) => asked.max(SignedDuration::ZERO).saturating_add(jittered),
        None => jittered,
    };
    bounds.now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

/// Whether an address is dead after a try that began at `began_at`: only if the proof is newer than the
/// last time that the device said that this is its address.
#[must_use]
pub fn kills(outcome: &Outcome, refreshed_at: Timestamp, began_at: Timestamp) -> bool {
    let Outcome::Dead { reason, since } = outcome else {
        return false;
    };
    let is_deadly = matches!(
        consequences(*reason).address,
        AddressFate::Kill | AddressFate::Move
    );
    let is_newer = since.map_or(began_at >= refreshed_at, |since| since > refreshed_at);
    is_deadly && is_newer
}

#[cfg(test)]
mod tests;
