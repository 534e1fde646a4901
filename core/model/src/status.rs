//! What became of a notification: statuses, their ranks, and the rules by which evidence merges.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    channel::Channel,
    open::{Open, words},
    reason::Reason,
    receipt::ReceiptKind,
};

/// What became of a notification as a whole. It follows hand-over only: what devices confirmed, or did
/// not, is in [`Counts`](crate::Counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationStatus {
    /// Stored; its audience is not written out yet.
    Accepted,
    /// Stored; the time from which on anybody may be notified has not come.
    Scheduled,
    /// Its audience is known; nothing was handed over yet.
    Queued,
    /// Handed over to some, others wait.
    Sending,
    /// Nothing waits any more, and every delivery was handed over.
    Sent,
    /// Nothing waits any more, and some delivery was lost.
    Error,
    /// Nothing waits any more, and every delivery expired before it could be handed over.
    Expired,
    /// Nothing waits any more, because the sender cancelled what had not been handed over.
    Cancelled,
}

words!(NotificationStatus {
    Accepted = "accepted",
    Scheduled = "scheduled",
    Queued = "queued",
    Sending = "sending",
    Sent = "sent",
    Error = "error",
    Expired = "expired",
    Cancelled = "cancelled",
});

impl NotificationStatus {
    /// The word that the broadcast workers of old show on their screens.
    #[must_use]
    pub const fn legacy_status(self) -> &'static str {
        match self {
            Self::Accepted | Self::Scheduled => "SCHEDULED",
            Self::Queued | Self::Sending => "QUEUED",
            Self::Sent => "SENT",
            Self::Error | Self::Expired | Self::Cancelled => "ERROR",
        }
    }

    /// Whether nothing more will be handed over.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Sent | Self::Error | Self::Expired | Self::Cancelled => true,
            Self::Accepted | Self::Scheduled | Self::Queued | Self::Sending => false,
        }
    }
}

/// How much of what the sender wanted was reached: the goal of the last step of the cascade, `delivered` if
/// none is named, by each delivery that was neither suppressed nor cancelled. It can change until the
/// notification is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Outcome {
    /// Every delivery reached it.
    Complete,
    /// Some did.
    Partial,
    /// None did.
    #[default]
    None,
}

words!(Outcome {
    Complete = "complete",
    Partial = "partial",
    None = "none",
});

/// What became of one notification to one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// Its time has not come: it is in no log yet.
    Scheduled,
    /// In the user's log, not handed to any device yet.
    Pending,
    /// Handed to a device's connection.
    Sent,
    /// Committed to a device's history.
    Delivered,
    /// Seen by the person.
    Read,
    /// The person, or a rule of theirs, did not want it.
    Suppressed,
    /// The server could not send it: its configuration or an address is missing or refused.
    Failed,
    /// A device or a provider refused it, or nobody confirmed it: the reason says which.
    Undelivered,
    /// Its time ran out before it could be handed over.
    Expired,
    /// The sender cancelled it before it was handed over.
    Cancelled,
}

words!(DeliveryStatus {
    Scheduled = "scheduled",
    Pending = "pending",
    Sent = "sent",
    Delivered = "delivered",
    Read = "read",
    Suppressed = "suppressed",
    Failed = "failed",
    Undelivered = "undelivered",
    Expired = "expired",
    Cancelled = "cancelled",
});

impl DeliveryStatus {
    /// The rank of a positive status, by which evidence merges; `None` for a negative end.
    #[must_use]
    pub const fn rank(self) -> Option<u8> {
        match self {
            Self::Scheduled | Self::Pending => Some(0),
            Self::Sent => Some(40),
            Self::Delivered => Some(60),
            Self::Read => Some(80),
            Self::Suppressed
            | Self::Failed
            | Self::Undelivered
            | Self::Expired
            | Self::Cancelled => None,
        }
    }
}

/// Something else a person or a device did with a notification; a set beside the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engagement {
    /// The system took the toast.
    Displayed,
    /// A tap opened it.
    Clicked,
    /// An action's button was pressed.
    Actioned,
    /// The person put it away.
    Dismissed,
}

words!(Engagement {
    Displayed = "displayed",
    Clicked = "clicked",
    Actioned = "actioned",
    Dismissed = "dismissed",
});

/// Everything known of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryState {
    /// The status.
    pub status: DeliveryStatus,
    /// Why, when the status is a negative end. A stored row may have another version's reason.
    pub reason: Option<Open<Reason>>,
    /// Positive evidence came after a negative end.
    pub late: bool,
    /// A device's evidence came after a later step of the cascade was handed over: the person got it twice.
    pub double_contact: bool,
    /// The channel that it was handed over by last, or by which a device confirmed it first; absent while
    /// nothing was handed over.
    pub channel: Option<Channel>,
    /// What else was done with it.
    pub engagement: BTreeSet<Engagement>,
    /// When it was first handed to a device.
    pub sent_at: Option<Timestamp>,
    /// When a device first had it in its history.
    pub delivered_at: Option<Timestamp>,
    /// When the person first saw it.
    pub read_at: Option<Timestamp>,
}

/// A fact about a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// It was handed to a device's connection.
    Sent,
    /// A device reports.
    Receipt(ReceiptKind),
    /// Its time has come, and it is in the user's log.
    Released,
    /// It can go no further, and this is why.
    Ended(Reason),
}

impl DeliveryState {
    /// A delivery whose time has not come.
    #[must_use]
    pub const fn scheduled() -> Self {
        Self::beginning(DeliveryStatus::Scheduled)
    }

    /// A delivery of which nothing is known yet.
    #[must_use]
    pub const fn pending() -> Self {
        Self::beginning(DeliveryStatus::Pending)
    }

    const fn beginning(status: DeliveryStatus) -> Self {
        Self {
            status,
            reason: None,
            late: false,
            double_contact: false,
            channel: None,
            engagement: BTreeSet::new(),
            sent_at: None,
            delivered_at: None,
            read_at: None,
        }
    }

    /// Merges a fact, as of `at`, and returns whether anything changed.
    ///
    /// - Positive facts merge by rank: their order and repetition never matter.
    /// - What becomes known after the hand-over ([`Reason::is_after_hand_over`]) ends only a delivery
    ///   that is `sent`; every other reason ends only one that is `scheduled` or `pending`. What a device confirmed
    ///   never ends.
    /// - A device's evidence beats every negative end, and a hand-over beats the end of a delivery that
    ///   had not been handed over; the delivery is then marked late. A repeated hand-over does not beat
    ///   an end that came after a hand-over: it confirms nothing.
    pub fn merge(&mut self, evidence: Evidence, at: Timestamp) -> bool {
        let before = self.clone();
        match evidence {
            Evidence::Sent => self.hand_over(at),
            Evidence::Receipt(kind) => self.merge_receipt(kind, at),
            Evidence::Released => self.release(),
            Evidence::Ended(reason) => self.end(reason),
        }
        *self != before
    }

    fn release(&mut self) {
        if self.status == DeliveryStatus::Scheduled {
            self.status = DeliveryStatus::Pending;
        }
    }

    fn hand_over(&mut self, at: Timestamp) {
        let was_handed_over = self.sent_at.is_some();
        earliest(&mut self.sent_at, at);
        if !was_handed_over || self.status.rank().is_some() {
            self.raise(DeliveryStatus::Sent);
        }
    }

    fn merge_receipt(&mut self, kind: ReceiptKind, at: Timestamp) {
        earliest(&mut self.delivered_at, at);
        let engagement = match kind {
            ReceiptKind::Delivered => None,
            ReceiptKind::Read => {
                earliest(&mut self.read_at, at);
                return self.raise(DeliveryStatus::Read);
            }
            ReceiptKind::Displayed => Some(Engagement::Displayed),
            ReceiptKind::Clicked => Some(Engagement::Clicked),
            ReceiptKind::Actioned => Some(Engagement::Actioned),
            ReceiptKind::Dismissed => Some(Engagement::Dismissed),
        };
        self.engagement.extend(engagement);
        // A device can only engage with what it has, so engagement proves delivery.
        self.raise(DeliveryStatus::Delivered);
    }

    fn raise(&mut self, to: DeliveryStatus) {
        match self.status.rank() {
            None => {
                self.status = to;
                self.reason = None;
                self.late = true;
            }
            Some(rank) if Some(rank) < to.rank() => self.status = to,
            Some(_) => {}
        }
    }

    fn end(&mut self, reason: Reason) {
        let ends = match self.status {
            DeliveryStatus::Scheduled | DeliveryStatus::Pending => !reason.is_after_hand_over(),
            DeliveryStatus::Sent => reason.is_after_hand_over(),
            DeliveryStatus::Delivered
            | DeliveryStatus::Read
            | DeliveryStatus::Suppressed
            | DeliveryStatus::Failed
            | DeliveryStatus::Undelivered
            | DeliveryStatus::Expired
            | DeliveryStatus::Cancelled => false,
        };
        if ends {
            self.status = reason.end();
            self.reason = Some(reason.into());
        }
    }
}

fn earliest(slot: &mut Option<Timestamp>, at: Timestamp) {
    *slot = Some(slot.map_or(at, |known| known.min(at)));
}

#[cfg(test)]
mod tests;
