//! Work: what is due when, claimed by lease and fence.
//!
//! A row of work is claimed for a while; each claim raises its *fence*, and the transaction that does
//! the work checks that the fence is still its own, so that two servers never do the same part twice.
//! A part that fails backs off alone.
//!
//! A notification has one row for its whole life: its audience is expanded, then its deliveries expire,
//! then it is settled, then it is deleted. [`first_stage`] and [`next_stage`] say what the row is next and when.
//!
//! ```
//! use jiff::{SignedDuration, Timestamp};
//! use vestnik_rules::work::{Life, Stage, WorkKind, first_stage, next_stage};
//!
//! let life = Life {
//!     opens_at: "2026-11-28T09:00:00Z".parse()?,
//!     expires_at: "2026-11-29T09:00:00Z".parse()?,
//!     keep: SignedDuration::from_hours(24),
//! };
//! let first = first_stage(&life, false);
//! assert_eq!(first, Stage { kind: WorkKind::Expand, due: life.opens_at });
//! let second = next_stage(first.kind, &life);
//! assert_eq!(second, Some(Stage { kind: WorkKind::Expire, due: life.expires_at }));
//! # Ok::<(), jiff::Error>(())
//! ```

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{AppId, Word};

use crate::settle::settled_at;

/// How long a claim holds. Shorter and a slow part is done twice for nothing; longer and a dead
/// server's work waits that long.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Until when what is claimed or begun now is held.
#[must_use]
pub fn lease_until(now: Timestamp) -> Timestamp {
    later(now, LEASE)
}

/// The longest pause of a failing row.
pub const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// How often what the whole database keeps only for a while is deleted.
pub const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// For how long rows of the event table are kept at least.
pub const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The kinds of work, each with a loop of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// Expand a notification's audience.
    Expand,
    /// End a notification's deliveries whose time ran out.
    Expire,
    /// Put a notification's deliveries whose time has come into the logs, and end those whose own time
    /// ran out.
    Release,
    /// Note that nothing is waited for any more of a notification.
    Settle,
    /// Delete a notification that is kept no longer, in parts.
    Retain,
    /// Send a notification's deliveries over push services and other channels.
    Dispatch,
    /// Send a webhook its App's next events.
    Webhook,
    /// Withdraw a notification from its deliveries' logs.
    Recall,
    /// Try anew what was lost of a notification.
    Retry,
    /// Try at once what waits because a service refused credentials that were renewed since.
    Resume,
    /// Ask the schedule anew about deliveries that wait, because by whose clock they go, or when their
    /// recipients want quiet, has changed: those of a user, or of all users of an App.
    AskAnew,
    /// Mark the rest of what a user read up to a place of their log
    /// ([`MarkRead`](crate::receipt::MarkRead)).
    MarkRead,
    /// Delete a topic's subscriptions.
    DeleteTopic,
    /// Delete an uploaded audience with its lines.
    DeleteAudience,
    /// Delete a user and what is theirs.
    EraseUser,
    /// Delete what the whole database keeps only for a while: events, used identity tokens, refresh
    /// families, presence.
    Sweep,
}

impl WorkKind {
    /// The word as it is written in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Expire => "expire",
            Self::Release => "release",
            Self::Settle => "settle",
            Self::Retain => "retain",
            Self::Dispatch => "dispatch",
            Self::Webhook => "webhook",
            Self::Recall => "recall",
            Self::Retry => "retry",
            Self::Resume => "resume",
            Self::AskAnew => "ask_anew",
            Self::MarkRead => "mark_read",
            Self::DeleteTopic => "delete_topic",
            Self::DeleteAudience => "delete_audience",
            Self::EraseUser => "erase_user",
            Self::Sweep => "sweep",
        }
    }
}

impl Word for WorkKind {
    const WORDS: &'static [Self] = &[
        Self::Expand,
        Self::Expire,
        Self::Release,
        Self::Settle,
        Self::Retain,
        Self::Dispatch,
        Self::Webhook,
        Self::Recall,
        Self::Retry,
        Self::Resume,
        Self::AskAnew,
        Self::MarkRead,
        Self::DeleteTopic,
        Self::DeleteAudience,
        Self::EraseUser,
        Self::Sweep,
    ];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}

/// A claimed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The row.
    pub id: u64,
    /// Its kind.
    pub kind: WorkKind,
    /// The tenant.
    pub app: AppId,
    /// The fence of this claim.
    pub fence: u64,
    /// How often in a row it failed.
    pub tries: u32,
}

/// How far a part went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The row is done, or waits for a later time of its own.
    Finished,
    /// More is to be done now: the row went to the end of the queue.
    More,
    /// The fence has passed to another claim: nothing was done.
    Lost,
}

/// What bounds a notification's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// From when on anybody may be notified: when it was accepted, or later if it is scheduled.
    pub opens_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// For how long it is kept after that.
    pub keep: SignedDuration,
}

/// What a notification's row of work is, and from when on it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The kind.
    pub kind: WorkKind,
    /// The time.
    pub due: Timestamp,
}

/// The first stage of a notification; `is_expanded` when its audience was expanded in the transaction
/// that accepted it.
#[must_use]
pub const fn first_stage(life: &Life, is_expanded: bool) -> Stage {
    if is_expanded {
        Stage {
            kind: WorkKind::Expire,
            due: life.expires_at,
        }
    } else {
        Stage {
            kind: WorkKind::Expand,
            due: life.opens_at,
        }
    }
}

/// The stage of a notification behind one that is done: expand, expire, settle, retain. One that is not kept
/// until it is settled is deleted without that. `None` behind the last, when the row is deleted, and for the
/// kinds of work that belong to no stage.
#[must_use]
pub fn next_stage(done: WorkKind, life: &Life) -> Option<Stage> {
    let retained = Stage {
        kind: WorkKind::Retain,
        due: kept_until(life.expires_at, life.keep),
    };
    match done {
        WorkKind::Expand => Some(Stage {
            kind: WorkKind::Expire,
            due: life.expires_at,
        }),
        WorkKind::Expire if settled_at(life.expires_at) < retained.due => Some(Stage {
            kind: WorkKind::Settle,
            due: settled_at(life.expires_at),
        }),
        WorkKind::Expire | WorkKind::Settle => Some(retained),
        WorkKind::Release
        | WorkKind::Retain
        | WorkKind::Dispatch
        | WorkKind::Webhook
        | WorkKind::Recall
        | WorkKind::Retry
        | WorkKind::Resume
        | WorkKind::AskAnew
        | WorkKind::MarkRead
        | WorkKind::DeleteTopic
        | WorkKind::DeleteAudience
        | WorkKind::EraseUser
        | WorkKind::Sweep => None,
    }
}

/// Until when a notification is kept. A negative duration keeps it until it expires; a time beyond the
/// end of the calendar is its end.
#[must_use]
pub fn kept_until(expires_at: Timestamp, keep: SignedDuration) -> Timestamp {
    later(expires_at, keep.max(SignedDuration::ZERO))
}

/// So many days of 24 hours, for [`Life::keep`].
#[must_use]
pub const fn days(count: u32) -> SignedDuration {
    // 2^32 days are 3.7 * 10^14 seconds, far from the bounds of 64 bits.
    SignedDuration::from_secs(count as i64 * 24 * 60 * 60)
}

/// When the row of kind `Sweep` is due again.
#[must_use]
pub fn next_sweep(now: Timestamp) -> Timestamp {
    later(now, SWEEP_EVERY)
}

/// When a row that failed is tried again: doubling from one second, spread by a `random` fraction
/// from 0 to 1 so that rows that failed together do not come back together.
#[must_use]
pub fn retry_at(tries: u32, random: f64, now: Timestamp) -> Timestamp {
    let ceiling = doubling(tries, MAX_PAUSE);
    let pause = ceiling.as_secs_f64() * fraction(random).mul_add(0.5, 0.5);
    later(now, SignedDuration::from_secs_f64(pause))
}

/// A pause that doubles from one second up to `longest`.
pub(crate) fn doubling(tries: u32, longest: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(1_i64 << tries.min(20)).min(longest)
}

/// A random number as a fraction from 0 to 1. What is no number is none, and must not panic where a pause
/// is made of it.
pub(crate) fn fraction(random: f64) -> f64 {
    if random.is_nan() {
        1.0
    } else {
        random.clamp(0.0, 1.0)
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
