//! What holds a delivery back: one function, in one order.
//!
//! Before each attempt the worker collects the [`Facts`] and asks [`hold`], which gives the first thing
//! that stands in the way:
//!
//! consent → block by the system or the app → expiry → duplicate → critical bypass → digest →
//! frequency cap → window and quiet hours → reachability → order of channels → order of providers
//!
//! The order decides what is explained to the sender, and what happens next: a person who does not want
//! a notification is not reached by another channel either, one whose phone shows nothing is.
//! A critical notification passes over the digest and the cap. The recipient's quiet hours do not hold
//! it, which [`schedule::due`](crate::schedule::due) knows; the sender's own time and window do.
//!
//! ```
//! use vestnik_rules::hold::{Block, Facts, Verdict, hold};
//! use vestnik_model::Reason;
//!
//! let now = "2026-11-28T09:00:00Z".parse()?;
//! let facts = Facts::free("2026-11-28T10:00:00Z".parse()?);
//! assert_eq!(hold(&facts, now), Verdict::Go);
//! let blocked = Facts { block: Some(Block::Os), ..facts };
//! assert_eq!(hold(&blocked, now), Verdict::NextChannel(Reason::BlockedOs));
//! # Ok::<(), jiff::Error>(())
//! ```

use jiff::Timestamp;
use vestnik_model::{Permission, Reason};

use crate::schedule::{Due, HeldBy};

/// What is known of a delivery that is about to be tried over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What the person does not want that this is a part of.
    pub opt_out: Option<OptOut>,
    /// What keeps the channel from showing anything.
    pub block: Option<Block>,
    /// From when on it is not worth delivering.
    pub expires_at: Timestamp,
    /// The sender's deadline.
    pub deadline: Option<Timestamp>,
    /// Whether the same was sent to this person before.
    pub is_duplicate: bool,
    /// Whether it is critical, and its category allows that.
    pub is_critical: bool,
    /// Until when it is collected into a digest.
    pub digest_until: Option<Timestamp>,
    /// Whether the person has been notified as often as they may be.
    pub is_capped: bool,
    /// What the schedule says, asked with the same `is_critical`.
    pub due: Due,
    /// Why the channel reaches the person nowhere, if it does not.
    pub unreachable: Option<Reason>,
    /// Until when an earlier channel is waited for.
    pub earlier_channel_until: Option<Timestamp>,
    /// Until when an earlier provider or address of the channel is waited for, or none takes requests.
    pub provider_until: Option<Timestamp>,
}

impl Facts {
    /// A delivery that nothing holds until it expires.
    #[must_use]
    pub const fn free(expires_at: Timestamp) -> Self {
        Self {
            opt_out: None,
            block: None,
            expires_at,
            deadline: None,
            is_duplicate: false,
            is_critical: false,
            digest_until: None,
            is_capped: false,
            due: Due::Now,
            unreachable: None,
            earlier_channel_until: None,
            provider_until: None,
        }
    }
}

/// What a person does not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOut {
    /// Any notification.
    All,
    /// Those of its category.
    Category,
    /// Those of its topic.
    Topic,
}

impl OptOut {
    /// The reason with which a delivery ends that is not wanted.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::All => Reason::OptoutAll,
            Self::Category => Reason::OptoutCategory,
            Self::Topic => Reason::OptoutTopic,
        }
    }
}

/// What keeps a channel from showing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The system's permission.
    Os,
    /// The app's own switch.
    App,
    /// The system's switch for this kind of notification.
    Channel,
}

impl Block {
    /// What keeps an installation from showing anything, by what it told.
    #[must_use]
    pub const fn of(permission: Permission) -> Option<Self> {
        match permission {
            Permission::Denied => Some(Self::Os),
            Permission::SwitchedOff => Some(Self::App),
            // Who was not asked may be, and what a system does not tell is tried.
            Permission::Unknown
            | Permission::NotAsked
            | Permission::Granted
            | Permission::Provisional => None,
        }
    }

    /// The reason with which the channel gives way to the next.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Os => Reason::BlockedOs,
            Self::App => Reason::BlockedApp,
            Self::Channel => Reason::BlockedChannel,
        }
    }
}

/// What to do with a delivery over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try it.
    Go,
    /// Ask again later.
    Later {
        /// When.
        at: Timestamp,
        /// What it waits for.
        by: Holder,
    },
    /// This channel cannot: go on to the next.
    NextChannel(Reason),
    /// It ends, and no channel is tried any more.
    Over(Reason),
}

/// What a delivery waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The digest that it becomes a part of.
    Digest,
    /// Its schedule, or the person's quiet hours.
    Schedule(HeldBy),
    /// An earlier channel of the cascade.
    ChannelOrder,
    /// An earlier provider or address of the channel, or a pause of all of them.
    ProviderOrder,
}

/// Decides what to do with a delivery over a channel: the first thing that holds it back, in the order
/// above. A time of waiting that has passed holds nothing.
#[must_use]
pub fn hold(facts: &Facts, now: Timestamp) -> Verdict {
    refused(facts, now)
        .or_else(|| withheld(facts, now))
        .or_else(|| scheduled(facts.due))
        .or_else(|| queued(facts, now))
        .unwrap_or(Verdict::Go)
}

/// What no notification is above: consent, blocks, expiry, repetition.
fn refused(facts: &Facts, now: Timestamp) -> Option<Verdict> {
    let opt_out = facts.opt_out.map(|it| Verdict::Over(it.reason()));
    let block = || facts.block.map(|it| Verdict::NextChannel(it.reason()));
    let over = |is_over: bool, reason| is_over.then_some(Verdict::Over(reason));
    let is_late = facts.deadline.is_some_and(|deadline| deadline <= now);
    opt_out
        .or_else(block)
        .or_else(|| over(is_late, Reason::ExpiredDeadline))
        .or_else(|| over(facts.expires_at <= now, Reason::ExpiredTtl))
        .or_else(|| over(facts.is_duplicate, Reason::SuppressedDuplicate))
}

/// What a critical notification is above.
fn withheld(facts: &Facts, now: Timestamp) -> Option<Verdict> {
    if facts.is_critical {
        return None;
    }
    let digest = later(facts.digest_until, Holder::Digest, now);
    let capped = Verdict::Over(Reason::SuppressedFrequencyCap);
    digest.or_else(|| facts.is_capped.then_some(capped))
}

const fn scheduled(due: Due) -> Option<Verdict> {
    match due {
        Due::Now => None,
        Due::At { at, by } => Some(Verdict::Later {
            at,
            by: Holder::Schedule(by),
        }),
        Due::Missed(reason) => Some(Verdict::Over(reason)),
    }
}

fn queued(facts: &Facts, now: Timestamp) -> Option<Verdict> {
    let unreachable = facts.unreachable.map(Verdict::NextChannel);
    let channel = || later(facts.earlier_channel_until, Holder::ChannelOrder, now);
    let provider = || later(facts.provider_until, Holder::ProviderOrder, now);
    unreachable.or_else(channel).or_else(provider)
}

fn later(until: Option<Timestamp>, by: Holder, now: Timestamp) -> Option<Verdict> {
    let at = until.filter(|until| *until > now)?;
    Some(Verdict::Later { at, by })
}

#[cfg(test)]
mod tests;
