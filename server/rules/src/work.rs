//! Work: what is due when, claimed by lease and fence.
//!
//! A row of work is claimed for a while; each claim raises its *fence*, and the transaction that does
//! the work checks that the fence is still its own, so that two servers never do the same part twice.
//! A part that fails backs off alone.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{AppId, open::Word};

/// How long a claim holds. Shorter and a slow part is done twice for nothing; longer and a dead
/// server's work waits that long.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The longest pause of a failing row.
pub const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// The kinds of work, each with a loop of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// Expand a notification's audience.
    Expand,
    /// End a notification's deliveries whose time ran out.
    Expire,
    /// Delete a notification that is kept no longer, in parts.
    Retain,
    /// Withdraw a notification from its deliveries' logs.
    Recall,
    /// Delete a topic's subscriptions.
    DeleteTopic,
    /// Delete a user and what is theirs.
    EraseUser,
    /// Delete what the whole database keeps only for a while: events, used identity tokens, refresh
    /// families, presence.
    Sweep,
}

impl Word for WorkKind {
    const WORDS: &'static [Self] = &[
        Self::Expand,
        Self::Expire,
        Self::Retain,
        Self::Recall,
        Self::DeleteTopic,
        Self::EraseUser,
        Self::Sweep,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Expire => "expire",
            Self::Retain => "retain",
            Self::Recall => "recall",
            Self::DeleteTopic => "delete_topic",
            Self::EraseUser => "erase_user",
            Self::Sweep => "sweep",
        }
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

/// When a row that failed is tried again: doubling from one second, spread by a `random` fraction
/// from 0 to 1 so that rows that failed together do not come back together.
#[must_use]
pub fn retry_at(tries: u32, random: f64, now: Timestamp) -> Timestamp {
    let ceiling = SignedDuration::from_secs(1_i64 << tries.min(20)).min(MAX_PAUSE);
    let share = random.clamp(0.0, 1.0).mul_add(0.5, 0.5);
    let pause = SignedDuration::from_secs_f64(ceiling.as_secs_f64() * share);
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}
