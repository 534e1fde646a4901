//! What became of a notification: statuses, their ranks, and the rules by which evidence merges.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{reason::Reason, receipt::ReceiptKind};

/// What became of a notification as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationStatus {
    /// Stored; its audience is not written out yet.
    Accepted,
    /// Its audience is known; nothing was handed over yet.
    Queued,
    /// Handed over to some, others wait.
    Sending,
    /// Nothing waits any more, and every delivery was handed over or excluded.
    Sent,
    /// Nothing waits any more, and some delivery was lost.
    Error,
    /// Nothing waits any more, and every delivery expired before it could be handed over.
    Expired,
}

impl NotificationStatus {
    /// The word that the broadcast workers of old show on their screens.
    #[must_use]
    pub const fn legacy_status(self) -> &'static str {
        match self {
            Self::Accepted => "SCHEDULED",
            Self::Queued | Self::Sending => "QUEUED",
            Self::Sent => "SENT",
            Self::Error | Self::Expired => "ERROR",
        }
    }

    /// Whether nothing more will be handed over.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Sent | Self::Error | Self::Expired => true,
            Self::Accepted | Self::Queued | Self::Sending => false,
        }
    }
}

/// What became of one notification to one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// In the user's log, not handed to any device yet.
    Pending,
    /// Handed to a device's connection.
    Sent,
    /// Committed to a device's history.
    Delivered,
    /// Seen by the person.
    Read,
    /// Nothing could be tried: the reason says why.
    Undelivered,
    /// Its time ran out before it could be handed over.
    Expired,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Undelivered,
        Self::Expired,
    ];

    /// The rank of a positive status, by which evidence merges; `None` for a negative end.
    #[must_use]
    pub const fn rank(self) -> Option<u8> {
        match self {
            Self::Pending => Some(0),
            Self::Sent => Some(40),
            Self::Delivered => Some(60),
            Self::Read => Some(80),
            Self::Undelivered | Self::Expired => None,
        }
    }

    /// The status as it stands in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Undelivered => "undelivered",
            Self::Expired => "expired",
        }
    }
}

/// Something else a person or a device did with a notification; a set beside the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Engagement {
    /// The system took the toast.
    Displayed,
    /// A tap opened it.
    Clicked,
    /// The person put it away.
    Dismissed,
}

/// Everything known of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryState {
    /// The status.
    pub status: DeliveryStatus,
    /// Why, when the status is a negative end.
    pub reason: Option<Reason>,
    /// Positive evidence came after a negative end.
    pub late: bool,
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
    /// It can go no further, and this is why.
    Ended(Reason),
}

impl DeliveryState {
    /// A delivery of which nothing is known yet.
    #[must_use]
    pub const fn pending() -> Self {
        Self {
            status: DeliveryStatus::Pending,
            reason: None,
            late: false,
            engagement: BTreeSet::new(),
            sent_at: None,
            delivered_at: None,
            read_at: None,
        }
    }

    /// Takes a fact in, as of `at`, and tells whether anything changed.
    ///
    /// Facts merge monotonically by rank: their order and repetition never matter. A positive fact
    /// beats a negative end and is marked late; a negative one never beats a hand-over.
    pub fn merge(&mut self, evidence: Evidence, at: Timestamp) -> bool {
        let before = self.clone();
        match evidence {
            Evidence::Sent => self.raise(DeliveryStatus::Sent, at),
            Evidence::Receipt(kind) => self.merge_receipt(kind, at),
            Evidence::Ended(reason) => self.end(reason),
        }
        *self != before
    }

    fn merge_receipt(&mut self, kind: ReceiptKind, at: Timestamp) {
        match kind {
            ReceiptKind::Delivered => self.raise(DeliveryStatus::Delivered, at),
            ReceiptKind::Read => self.raise(DeliveryStatus::Read, at),
            ReceiptKind::Displayed => self.engage(Engagement::Displayed, at),
            ReceiptKind::Clicked => self.engage(Engagement::Clicked, at),
            ReceiptKind::Dismissed => self.engage(Engagement::Dismissed, at),
        }
    }

    /// A device can only engage with what it has, so engagement proves delivery.
    fn engage(&mut self, engagement: Engagement, at: Timestamp) {
        self.raise(DeliveryStatus::Delivered, at);
        self.engagement.insert(engagement);
    }

    fn raise(&mut self, to: DeliveryStatus, at: Timestamp) {
        match to {
            DeliveryStatus::Sent => earliest(&mut self.sent_at, at),
            DeliveryStatus::Delivered => earliest(&mut self.delivered_at, at),
            DeliveryStatus::Read => {
                earliest(&mut self.delivered_at, at);
                earliest(&mut self.read_at, at);
            }
            DeliveryStatus::Pending | DeliveryStatus::Undelivered | DeliveryStatus::Expired => {}
        }
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
        if self.status == DeliveryStatus::Pending && !self.late {
            self.status = reason.ends_as();
            self.reason = Some(reason);
        }
    }
}

fn earliest(slot: &mut Option<Timestamp>, at: Timestamp) {
    *slot = Some(slot.map_or(at, |known| known.min(at)));
}

/// How many deliveries of a notification stand at each status; exact at every moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Not handed to any device yet.
    pub pending: u64,
    /// Handed to a device's connection.
    pub sent: u64,
    /// In a device's history.
    pub delivered: u64,
    /// Seen by the person.
    pub read: u64,
    /// Nothing could be tried.
    pub undelivered: u64,
    /// Time ran out first.
    pub expired: u64,
}

impl Counts {
    /// All deliveries.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let Self {
            pending,
            sent,
            delivered,
            read,
            undelivered,
            expired,
        } = *self;
        pending + sent + delivered + read + undelivered + expired
    }

    /// The counter of a status.
    pub const fn of(&mut self, status: DeliveryStatus) -> &mut u64 {
        match status {
            DeliveryStatus::Pending => &mut self.pending,
            DeliveryStatus::Sent => &mut self.sent,
            DeliveryStatus::Delivered => &mut self.delivered,
            DeliveryStatus::Read => &mut self.read,
            DeliveryStatus::Undelivered => &mut self.undelivered,
            DeliveryStatus::Expired => &mut self.expired,
        }
    }

    /// What the notification's status is by these counts; `expanding` while its audience is still
    /// being written out.
    #[must_use]
    pub const fn status(&self, expanding: bool) -> NotificationStatus {
        let handed = self.sent + self.delivered + self.read;
        let lost = self.undelivered + self.expired;
        if expanding && self.total() == 0 {
            NotificationStatus::Accepted
        } else if expanding || self.pending > 0 {
            if handed > 0 {
                NotificationStatus::Sending
            } else {
                NotificationStatus::Queued
            }
        } else if lost == 0 {
            NotificationStatus::Sent
        } else if handed == 0 && self.undelivered == 0 {
            NotificationStatus::Expired
        } else {
            NotificationStatus::Error
        }
    }
}

#[cfg(test)]
mod tests;
