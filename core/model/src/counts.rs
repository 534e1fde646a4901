//! How many deliveries of a notification stand where, and the notification's status by that.

use serde::{Deserialize, Serialize};

use crate::{
    open::{Open, Word as _, words},
    publish::{ErrorPolicy, Goal},
    reason::Reason,
    status::{DeliveryStatus, NotificationStatus, Outcome},
};

/// One counter of [`Counts`]: a delivery's status, with `undelivered` split by whether the delivery
/// had been handed over. That split is all that the notification's status needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Its time has not come.
    Scheduled,
    /// Not handed to any device yet.
    Pending,
    /// Handed to a device's connection.
    Sent,
    /// In a device's history.
    Delivered,
    /// Seen by the person.
    Read,
    /// The person, or a rule of theirs, did not want it.
    Suppressed,
    /// The server could not send it.
    Failed,
    /// It could not be handed over.
    Undelivered,
    /// It was handed over, and no device confirmed it in time, or it came back.
    Unconfirmed,
    /// Time ran out before it was handed over.
    Expired,
    /// The sender cancelled it before it was handed over.
    Cancelled,
}

words!(Counter {
    Scheduled = "scheduled",
    Pending = "pending",
    Sent = "sent",
    Delivered = "delivered",
    Read = "read",
    Suppressed = "suppressed",
    Failed = "failed",
    Undelivered = "undelivered",
    Unconfirmed = "unconfirmed",
    Expired = "expired",
    Cancelled = "cancelled",
});

impl Counter {
    /// The counter of a delivery with this status and reason.
    #[must_use]
    pub fn of(status: DeliveryStatus, reason: Option<&Open<Reason>>) -> Self {
        match status {
            DeliveryStatus::Scheduled => Self::Scheduled,
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Read => Self::Read,
            DeliveryStatus::Suppressed => Self::Suppressed,
            DeliveryStatus::Failed => Self::Failed,
            DeliveryStatus::Undelivered => match reason.and_then(Open::known) {
                Some(reason) if reason.is_after_hand_over() => Self::Unconfirmed,
                Some(_) | None => Self::Undelivered,
            },
            DeliveryStatus::Expired => Self::Expired,
            DeliveryStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// What is counted of deliveries beside where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The person got it twice.
    DoubleContact,
    /// Positive evidence came after a negative end.
    Late,
    /// The person opened it, or pressed a button of it.
    Clicked,
}

words!(Mark {
    DoubleContact = "double_contact",
    Late = "late",
    Clicked = "clicked",
});

/// One number of [`Counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// How many deliveries stand somewhere.
    Standing(Counter),
    /// How many of them have a mark.
    Marked(Mark),
}

impl Count {
    /// Its name in [`Counts`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standing(counter) => counter.as_str(),
            Self::Marked(mark) => mark.as_str(),
        }
    }

    /// The number of this name, if this version knows it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let standing = Counter::from_word(word).map(Self::Standing);
        standing.or_else(|| Mark::from_word(word).map(Self::Marked))
    }
}

/// How many deliveries of a notification stand at each status; exact at every moment. Each delivery is
/// in one counter; `double_contact`, `late` and `clicked` count some of them once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Counts {
    /// Their time has not come: by their own clock, in the window of the schedule, or at its pace.
    pub scheduled: u64,
    /// Not handed to any device yet.
    pub pending: u64,
    /// Handed to a device's connection.
    pub sent: u64,
    /// In a device's history.
    pub delivered: u64,
    /// Seen by the person.
    pub read: u64,
    /// The person, or a rule of theirs, did not want it.
    pub suppressed: u64,
    /// The server could not send it.
    pub failed: u64,
    /// It could not be handed over.
    pub undelivered: u64,
    /// It was handed over, and no device confirmed it in time (`delivery.unconfirmed`), or it came
    /// back (`email.bounced`): status `undelivered` with such a reason.
    pub unconfirmed: u64,
    /// Time ran out before it was handed over.
    pub expired: u64,
    /// The sender cancelled it before it was handed over.
    pub cancelled: u64,
    /// Of all of these, how many people got it twice: a device's evidence came after a later step of the
    /// cascade was handed over.
    pub double_contact: u64,
    /// Of all of these, how many got a positive status after a negative end: evidence came late.
    pub late: u64,
    /// Of all of these, how many the person opened by a tap, or used a button of.
    pub clicked: u64,
}

/// How far the audience of a notification has been written out into deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expansion {
    /// It begins later: the notification is scheduled, and nobody has a delivery.
    Scheduled,
    /// Some of the audience has no delivery yet.
    Running,
    /// Every user of the audience has a delivery.
    Done,
    /// The sender cancelled the notification before every user had a delivery.
    Stopped,
}

impl Counts {
    /// All deliveries.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.waiting() + self.handed_over() + self.suppressed + self.lost() + self.cancelled
    }

    /// The deliveries that nothing has become of yet.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.scheduled + self.pending
    }

    /// The deliveries that were not handed over though they should have been.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.failed + self.undelivered + self.expired
    }

    /// The deliveries that were handed over, whatever became of them then.
    #[must_use]
    pub const fn handed_over(&self) -> u64 {
        self.sent + self.delivered + self.read + self.unconfirmed
    }

    /// The value of a counter, to read or change.
    pub const fn of(&mut self, counter: Counter) -> &mut u64 {
        match counter {
            Counter::Scheduled => &mut self.scheduled,
            Counter::Pending => &mut self.pending,
            Counter::Sent => &mut self.sent,
            Counter::Delivered => &mut self.delivered,
            Counter::Read => &mut self.read,
            Counter::Suppressed => &mut self.suppressed,
            Counter::Failed => &mut self.failed,
            Counter::Undelivered => &mut self.undelivered,
            Counter::Unconfirmed => &mut self.unconfirmed,
            Counter::Expired => &mut self.expired,
            Counter::Cancelled => &mut self.cancelled,
        }
    }

    /// The value of a number, to read or change.
    pub const fn number(&mut self, count: Count) -> &mut u64 {
        match count {
            Count::Standing(counter) => self.of(counter),
            Count::Marked(Mark::DoubleContact) => &mut self.double_contact,
            Count::Marked(Mark::Late) => &mut self.late,
            Count::Marked(Mark::Clicked) => &mut self.clicked,
        }
    }

    /// The deliveries that count for what the sender wanted: neither unwanted by the person nor cancelled.
    const fn wanted(&self) -> u64 {
        self.waiting() + self.handed_over() + self.lost()
    }

    /// How many deliveries stand at a goal or beyond it. One that was handed over and ended as
    /// `undelivered` does not.
    const fn reached(&self, goal: Goal) -> u64 {
        match goal {
            Goal::Handed => self.sent + self.delivered + self.read,
            Goal::Delivered => self.delivered + self.read,
            Goal::Read => self.read,
        }
    }

    /// How much of what the sender wanted was reached: the goal of the last step by each delivery that was
    /// neither suppressed nor cancelled. While the audience is not known, not everybody has reached it.
    #[must_use]
    pub const fn outcome(&self, expansion: Expansion, goal: Goal) -> Outcome {
        let is_known = matches!(expansion, Expansion::Done | Expansion::Stopped);
        let reached = self.reached(goal);
        if reached == 0 {
            Outcome::None
        } else if is_known && reached == self.wanted() {
            Outcome::Complete
        } else {
            Outcome::Partial
        }
    }

    /// Whether so many were lost that the notification ends as `error`.
    const fn is_error(&self, policy: ErrorPolicy) -> bool {
        let (lost, wanted) = (self.lost(), self.wanted());
        match policy {
            ErrorPolicy::Any => lost > 0,
            ErrorPolicy::Majority => lost > wanted / 2,
            ErrorPolicy::All => lost > 0 && lost == wanted,
        }
    }

    /// What the notification's status is by these counts; `policy` says how many lost deliveries make it an
    /// error.
    ///
    /// A delivery that was handed over and then not confirmed leaves the notification `sent`: the
    /// status follows hand-over, and `unconfirmed` says the rest. What was suppressed is excluded: it
    /// is not lost. A notification of which anything was cancelled ends `cancelled`; the counts say how
    /// far it came.
    #[must_use]
    pub const fn status(&self, expansion: Expansion, policy: ErrorPolicy) -> NotificationStatus {
        let handed = self.handed_over();
        let is_running = matches!(expansion, Expansion::Running);
        if matches!(expansion, Expansion::Scheduled) {
            NotificationStatus::Scheduled
        } else if is_running && self.total() == 0 {
            NotificationStatus::Accepted
        } else if is_running || self.waiting() > 0 {
            if handed > 0 {
                NotificationStatus::Sending
            } else {
                NotificationStatus::Queued
            }
        } else if matches!(expansion, Expansion::Stopped) || self.cancelled > 0 {
            NotificationStatus::Cancelled
        } else if self.lost() > 0 && handed == 0 && self.lost() == self.expired {
            NotificationStatus::Expired
        } else if self.is_error(policy) {
            NotificationStatus::Error
        } else {
            NotificationStatus::Sent
        }
    }
}

#[cfg(test)]
mod tests;
