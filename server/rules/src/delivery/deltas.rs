//! What deliveries count for, and how the changes of a commit add up.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_model::{
    Channel, Count, Counter, Counts, DeliveryState, DeliveryStatus, Engagement, Mark,
};

/// A delivery moves from one place in the counters of its notification to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move {
    /// What it counted for before; absent when the delivery is new.
    pub from: Option<Slot>,
    /// What it counts for after.
    pub to: Slot,
}

/// What a delivery counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Where it stands.
    pub counter: Counter,
    /// The channel; absent for what was handed over by none.
    pub channel: Option<Channel>,
    /// What it counts for beside that.
    pub marks: Marks,
}

/// What a delivery counts for beside where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks {
    /// The person got it twice.
    pub is_double_contact: bool,
    /// Positive evidence came after a negative end.
    pub is_late: bool,
    /// The person opened it, or pressed a button of it.
    pub is_clicked: bool,
}

impl Marks {
    /// The marks of a delivery with these columns.
    #[must_use]
    pub fn new(double_contact: bool, late: bool, engagement: &BTreeSet<Engagement>) -> Self {
        let is_clicked = engagement.iter().any(|engagement| match engagement {
            Engagement::Clicked | Engagement::Actioned => true,
            Engagement::Displayed | Engagement::Dismissed => false,
        });
        Self {
            is_double_contact: double_contact,
            is_late: late,
            is_clicked,
        }
    }

    fn all(self) -> impl Iterator<Item = Mark> {
        let marks = Mark::ALL.into_iter();
        marks.filter(move |mark| match mark {
            Mark::DoubleContact => self.is_double_contact,
            Mark::Late => self.is_late,
            Mark::Clicked => self.is_clicked,
        })
    }
}

impl Slot {
    /// What a delivery counts for.
    #[must_use]
    pub fn of(state: &DeliveryState) -> Self {
        Self {
            counter: Counter::of(state.status, state.reason.as_ref()),
            channel: state.channel,
            marks: Marks::new(state.double_contact, state.late, &state.engagement),
        }
    }

    /// The numbers that it is part of.
    pub fn counts(self) -> impl Iterator<Item = Count> {
        let marks = self.marks.all().map(Count::Marked);
        std::iter::once(Count::Standing(self.counter)).chain(marks)
    }

    /// Takes a delivery out of counts; `None` when one would fall below zero, which only damaged rows can
    /// cause.
    #[must_use]
    pub fn taken_from(self, mut counts: Counts) -> Option<Counts> {
        for count in self.counts() {
            let number = counts.number(count);
            *number = number.checked_sub(1)?;
        }
        Some(counts)
    }
}

impl Move {
    /// Whether the status stays: it is counted elsewhere, and nothing else.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.from
            .is_some_and(|from| from.counter == self.to.counter)
    }

    /// A delivery that is new.
    #[must_use]
    pub fn made(state: &DeliveryState) -> Self {
        Self {
            from: None,
            to: Slot::of(state),
        }
    }
}

/// What the changes of a commit add up to, for one notification.
///
/// `changes` are what the counters are changed by; `reached` counts every arrival at a status, also
/// one that a later change of the same commit left again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    changes: BTreeMap<(Count, Option<Channel>), i64>,
    reached: BTreeMap<DeliveryStatus, u64>,
}

impl Deltas {
    /// Adds a change, if there is one.
    pub fn add(&mut self, moved: impl IntoIterator<Item = Move>) {
        for moved in moved {
            if let Some(from) = moved.from {
                self.change(from, -1);
            }
            self.change(moved.to, 1);
            if !moved.stays() {
                let status = status_of(moved.to.counter);
                *self.reached.entry(status).or_default() += 1;
            }
        }
    }

    fn change(&mut self, slot: Slot, by: i64) {
        for count in slot.counts() {
            *self.changes.entry((count, slot.channel)).or_default() += by;
        }
    }

    /// The part of one channel. What came to a status is no part of it.
    #[must_use]
    pub fn of_channel(&self, channel: Channel) -> Self {
        let own = self.changes();
        let own = own.filter(|((_, of), _)| *of == Some(channel));
        Self {
            changes: own.collect(),
            reached: BTreeMap::new(),
        }
    }

    /// Adds another part of the same commit.
    pub fn merge(&mut self, other: &Self) {
        for (number, change) in &other.changes {
            *self.changes.entry(*number).or_default() += change;
        }
        for (status, count) in &other.reached {
            *self.reached.entry(*status).or_default() += count;
        }
    }

    /// By how much each number of each channel changes, without those that stay.
    pub fn changes(&self) -> impl Iterator<Item = ((Count, Option<Channel>), i64)> + '_ {
        let changes = self.changes.iter();
        let changes = changes.map(|(number, change)| (*number, *change));
        changes.filter(|(_, change)| *change != 0)
    }

    /// The channels of which a number changes.
    #[must_use]
    pub fn channels(&self) -> BTreeSet<Channel> {
        let changes = self.changes();
        changes.filter_map(|((_, channel), _)| channel).collect()
    }

    /// How many deliveries came to each status.
    pub fn reached(&self) -> impl Iterator<Item = (DeliveryStatus, u64)> + '_ {
        self.reached.iter().map(|(status, count)| (*status, *count))
    }

    /// Whether nothing moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// Changes counts; `None` when one would fall below zero, which only damaged rows can cause.
    #[must_use]
    pub fn applied_to(&self, mut counts: Counts) -> Option<Counts> {
        let mut sums: BTreeMap<Count, i64> = BTreeMap::new();
        for ((count, _), change) in self.changes() {
            *sums.entry(count).or_default() += change;
        }
        for (count, change) in sums {
            let number = counts.number(count);
            *number = number.checked_add_signed(change)?;
        }
        Some(counts)
    }
}

const fn status_of(counter: Counter) -> DeliveryStatus {
    match counter {
        Counter::Scheduled => DeliveryStatus::Scheduled,
        Counter::Pending => DeliveryStatus::Pending,
        Counter::Sent => DeliveryStatus::Sent,
        Counter::Delivered => DeliveryStatus::Delivered,
        Counter::Read => DeliveryStatus::Read,
        Counter::Suppressed => DeliveryStatus::Suppressed,
        Counter::Failed => DeliveryStatus::Failed,
        Counter::Undelivered | Counter::Unconfirmed => DeliveryStatus::Undelivered,
        Counter::Expired => DeliveryStatus::Expired,
        Counter::Cancelled => DeliveryStatus::Cancelled,
    }
}
