//! How many deliveries of a notification stand where, and the notification's status by that.

use serde::{Deserialize, Serialize};

use crate::{
    open::{Open, words},
    reason::Reason,
    status::{DeliveryStatus, NotificationStatus},
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

/// How many deliveries of a notification stand at each status; exact at every moment. Each delivery is
/// in one counter; `double_contact` counts some of them once more.
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
    /// The word of the count that is no part of the total.
    pub const DOUBLE_CONTACT: &str = "double_contact";

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

    /// What the notification's status is by these counts.
    ///
    /// A delivery that was handed over and then not confirmed leaves the notification `sent`: the
    /// status follows hand-over, and `unconfirmed` says the rest. What was suppressed is excluded: it
    /// is not lost. A notification of which anything was cancelled ends `cancelled`; the counts say how
    /// far it came.
    #[must_use]
    pub const fn status(&self, expansion: Expansion) -> NotificationStatus {
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
        } else if self.lost() == 0 {
            NotificationStatus::Sent
        } else if handed == 0 && self.lost() == self.expired {
            NotificationStatus::Expired
        } else {
            NotificationStatus::Error
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Counts = Counts {
        scheduled: 0,
        pending: 0,
        sent: 0,
        delivered: 0,
        read: 0,
        suppressed: 0,
        failed: 0,
        undelivered: 0,
        unconfirmed: 0,
        expired: 0,
        cancelled: 0,
        double_contact: 0,
    };

    #[track_caller]
    fn check(expansion: Expansion, counts: Counts, expected: NotificationStatus) {
        assert_eq!(counts.status(expansion), expected);
    }

    #[test]
    fn a_running_notification_says_how_far_it_is() {
        check(Expansion::Scheduled, NONE, NotificationStatus::Scheduled);
        check(Expansion::Running, NONE, NotificationStatus::Accepted);
        check(
            Expansion::Done,
            Counts { pending: 2, ..NONE },
            NotificationStatus::Queued,
        );
        check(
            Expansion::Done,
            Counts {
                scheduled: 2,
                ..NONE
            },
            NotificationStatus::Queued,
        );
        let some_early = Counts {
            scheduled: 1,
            read: 1,
            ..NONE
        };
        check(Expansion::Done, some_early, NotificationStatus::Sending);
        check(
            Expansion::Running,
            Counts { sent: 2, ..NONE },
            NotificationStatus::Sending,
        );
        let some_read = Counts {
            pending: 1,
            read: 1,
            ..NONE
        };
        check(Expansion::Done, some_read, NotificationStatus::Sending);
        let unconfirmed = Counts {
            pending: 1,
            unconfirmed: 1,
            ..NONE
        };
        check(Expansion::Done, unconfirmed, NotificationStatus::Sending);
    }

    #[test]
    fn a_settled_notification_follows_hand_over() {
        check(Expansion::Done, NONE, NotificationStatus::Sent);
        let handed = Counts {
            sent: 1,
            delivered: 1,
            read: 1,
            ..NONE
        };
        check(Expansion::Done, handed, NotificationStatus::Sent);
        check(
            Expansion::Done,
            Counts {
                unconfirmed: 3,
                ..NONE
            },
            NotificationStatus::Sent,
        );
        let lost = Counts {
            sent: 1,
            undelivered: 1,
            ..NONE
        };
        check(Expansion::Done, lost, NotificationStatus::Error);
        let unwanted = Counts {
            sent: 1,
            suppressed: 4,
            ..NONE
        };
        check(Expansion::Done, unwanted, NotificationStatus::Sent);
        let failed = Counts { failed: 1, ..NONE };
        check(Expansion::Done, failed, NotificationStatus::Error);
        let part_expired = Counts {
            unconfirmed: 1,
            expired: 1,
            ..NONE
        };
        check(Expansion::Done, part_expired, NotificationStatus::Error);
        check(
            Expansion::Done,
            Counts { expired: 3, ..NONE },
            NotificationStatus::Expired,
        );
    }

    #[test]
    fn a_cancelled_notification_says_so_however_far_it_came() {
        check(Expansion::Stopped, NONE, NotificationStatus::Cancelled);
        check(
            Expansion::Stopped,
            Counts { read: 9, ..NONE },
            NotificationStatus::Cancelled,
        );
        let part = Counts {
            sent: 1,
            cancelled: 1,
            ..NONE
        };
        check(Expansion::Done, part, NotificationStatus::Cancelled);
        let waits = Counts {
            pending: 1,
            cancelled: 1,
            ..NONE
        };
        check(Expansion::Done, waits, NotificationStatus::Queued);
    }

    #[test]
    fn every_counter_is_part_of_the_total() {
        let mut counts = NONE;
        for (number, counter) in Counter::ALL.into_iter().enumerate() {
            *counts.of(counter) += 1;
            assert_eq!(counts.total(), number as u64 + 1);
        }
        let fields = serde_json::to_value(counts).unwrap();
        let names: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
        let mut words = Counter::ALL.map(Counter::as_str).to_vec();
        words.push(Counts::DOUBLE_CONTACT);
        words.sort_unstable();
        assert_eq!(names, words);
    }

    #[test]
    fn other_versions_counters_are_no_obstacle() {
        let counts: Counts = serde_json::from_str(r#"{"sent": 2, "teleported": 1}"#).unwrap();
        assert_eq!(counts, Counts { sent: 2, ..NONE });
    }
}
