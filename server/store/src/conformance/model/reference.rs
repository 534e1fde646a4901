//! What a store must hold, in plain lists.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_model::{Counts, Flag, ReceiptKind};

use super::action::{Set, To};

/// A user, by their place in the list.
pub(super) type Who = usize;
/// A notification, by its number.
pub(super) type Number = u32;

/// Everything that is known of one App.
#[derive(Debug, Default)]
pub(super) struct Reference {
    /// Who is logged in on which device.
    pub(super) owners: BTreeMap<u32, Who>,
    pub(super) subscribers: BTreeSet<Who>,
    pub(super) notifications: BTreeMap<Number, Published>,
    pub(super) deliveries: BTreeMap<(Number, Who), Delivery>,
    pub(super) logs: BTreeMap<Who, Log>,
    /// How far each device confirmed: the epoch of its user's log and the number.
    pub(super) confirmed: BTreeMap<u32, (u32, u64)>,
    /// The facts that are stored: device, user, id, and the notification.
    pub(super) facts: BTreeMap<(u32, Who, String), Option<Number>>,
}

/// A notification.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) accepted: i64,
    pub(super) expires: i64,
    pub(super) forgotten: i64,
    is_cancelled: bool,
    is_recalled: bool,
    has_expired: bool,
}

/// A notification to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) state: State,
    pub(super) late: bool,
    pub(super) sent: Option<i64>,
    pub(super) delivered: Option<i64>,
    pub(super) read: Option<i64>,
    pub(super) engaged: BTreeSet<&'static str>,
    seq: u64,
    only: Option<u32>,
    tried: BTreeSet<u32>,
    flags: BTreeMap<Flag, (u64, bool, u64)>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Pending,
    Sent,
    Delivered,
    Read,
    NoDevice,
    Expired,
    Unconfirmed,
    Cancelled,
}

impl State {
    const fn is_good(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Sent | Self::Delivered | Self::Read
        )
    }
}

/// A user's log.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) head: u64,
    /// How often it got a new epoch, and when it last did.
    pub(super) epoch: u32,
    pub(super) renewed: Option<i64>,
    pub(super) entries: BTreeMap<u64, Item>,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) number: Number,
    pub(super) what: What,
    pub(super) only: Option<u32>,
    /// A later version of the same flag won: the store may have deleted it.
    pub(super) is_outdated: bool,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Arrival,
    Read,
    Flag(Flag, bool),
    Recall,
}

impl Reference {
    pub(super) fn login(&mut self, who: Who, device: u32) {
        if self.owners.insert(device, who) != Some(who) {
            self.confirmed.remove(&device);
        }
    }

    pub(super) fn logout(&mut self, device: u32) -> bool {
        self.confirmed.remove(&device);
        self.owners.remove(&device).is_some()
    }

    /// Listed users come first, then subscribers, then the owner of the device, each once.
    pub(super) fn publish(&mut self, number: Number, to: &To, [now, ttl, keep]: [i64; 3]) {
        let published = Published {
            accepted: now,
            expires: now + ttl,
            forgotten: now + ttl + keep,
            ..Published::default()
        };
        self.notifications.insert(number, published);
        let whole = to.users.iter();
        let subscribed = self.subscribers.iter().filter(|_| to.topic);
        let mut meant: BTreeMap<Who, Option<u32>> = BTreeMap::new();
        meant.extend(whole.chain(subscribed).map(|who| (*who, None)));
        if let Some(device) = to.device
            && let Some(owner) = self.owners.get(&device)
        {
            meant.entry(*owner).or_insert(Some(device));
        }
        meant.retain(|who, _| !to.excluded.contains(who));
        for (who, only) in meant {
            let is_anywhere = self.owners.values().any(|owner| *owner == who);
            let seq = self.append(who, number, What::Arrival, only);
            let delivery = Delivery {
                state: if is_anywhere {
                    State::Pending
                } else {
                    State::NoDevice
                },
                late: false,
                sent: None,
                delivered: None,
                read: None,
                engaged: BTreeSet::new(),
                seq,
                only,
                tried: BTreeSet::new(),
                flags: BTreeMap::new(),
            };
            self.deliveries.insert((number, who), delivery);
        }
    }

    fn append(&mut self, who: Who, number: Number, what: What, only: Option<u32>) -> u64 {
        let log = self.logs.entry(who).or_default();
        log.head += 1;
        let item = Item {
            number,
            what,
            only,
            is_outdated: false,
        };
        log.entries.insert(log.head, item);
        log.head
    }

    pub(super) fn hand_over(&mut self, number: Number, device: u32, now: i64) {
        let Some(who) = self.owners.get(&device).copied() else {
            return;
        };
        let Some(delivery) = self.deliveries.get_mut(&(number, who)) else {
            return;
        };
        let is_first = delivery.sent.is_none();
        delivery.sent = earlier(delivery.sent, now);
        delivery.tried.insert(device);
        if delivery.state.is_good() {
            delivery.state = delivery.state.max(State::Sent);
        } else if is_first {
            delivery.state = State::Sent;
            delivery.late = true;
        }
        self.catch_up(number, who);
    }

    /// A device has what was recalled before that was known: the log says so from now on, once.
    fn catch_up(&mut self, number: Number, who: Who) {
        let is_recalled = self.notifications[&number].is_recalled;
        let mut entries = self
            .logs
            .get(&who)
            .into_iter()
            .flat_map(|log| log.entries.values());
        let is_told = entries.any(|item| (item.number, &item.what) == (number, &What::Recall));
        if is_recalled && !is_told {
            let only = self.deliveries[&(number, who)].only;
            self.append(who, number, What::Recall, only);
        }
    }

    /// What is answered to a fact about a delivery: the delivery, if the device may tell of it.
    fn told_of(&mut self, number: Number, device: u32) -> Option<(Who, &mut Delivery)> {
        let who = *self.owners.get(&device)?;
        let delivery = self.deliveries.get_mut(&(number, who))?;
        let is_meant = delivery.only.is_none_or(|only| only == device);
        is_meant.then_some((who, delivery))
    }

    /// A receipt at a time that the caller has clamped.
    pub(super) fn receipt(
        &mut self,
        number: Number,
        device: u32,
        told: (ReceiptKind, i64),
    ) -> bool {
        let is_taken = self.merge(number, device, told);
        if is_taken {
            self.catch_up(number, self.owners[&device]);
        }
        is_taken
    }

    fn merge(&mut self, number: Number, device: u32, (kind, at): (ReceiptKind, i64)) -> bool {
        let Some((who, delivery)) = self.told_of(number, device) else {
            return false;
        };
        let was_read = delivery.read.is_some();
        delivery.tried.insert(device);
        delivery.delivered = earlier(delivery.delivered, at);
        let is_read = kind == ReceiptKind::Read;
        if is_read {
            delivery.read = earlier(delivery.read, at);
        }
        match kind {
            ReceiptKind::Displayed
            | ReceiptKind::Clicked
            | ReceiptKind::Actioned
            | ReceiptKind::Dismissed => {
                delivery.engaged.insert(kind.as_str());
            }
            ReceiptKind::Delivered | ReceiptKind::Read => {}
        }
        let to = if is_read {
            State::Read
        } else {
            State::Delivered
        };
        if delivery.state.is_good() {
            delivery.state = delivery.state.max(to);
        } else {
            delivery.state = to;
            delivery.late = true;
        }
        let only = delivery.only;
        if is_read && !was_read {
            self.append(who, number, What::Read, only);
        }
        true
    }

    /// A version of a flag, at a time that the caller has clamped.
    pub(super) fn flag(&mut self, number: Number, device: u32, told: (Set, i64)) -> bool {
        let is_taken = self.set(number, device, told);
        if is_taken {
            self.catch_up(number, self.owners[&device]);
        }
        is_taken
    }

    fn set(&mut self, number: Number, device: u32, (set, at): (Set, i64)) -> bool {
        let Set {
            flag,
            value,
            version,
        } = set;
        if flag == Flag::Read && value {
            return self.merge(number, device, (ReceiptKind::Read, at));
        }
        if !self.merge(number, device, (ReceiptKind::Delivered, at)) {
            return false;
        }
        let Some((who, delivery)) = self.told_of(number, device) else {
            return false;
        };
        let known = delivery.flags.get(&flag).copied();
        let is_newer =
            known.is_none_or(|(known, known_value, _)| (version, value) > (known, known_value));
        let only = delivery.only;
        if flag == Flag::Read || !is_newer {
            return true;
        }
        let seq = self.append(who, number, What::Flag(flag, value), only);
        let log = self.logs.entry(who).or_default();
        let former = known.and_then(|(_, _, former)| log.entries.get_mut(&former));
        if let Some(former) = former {
            former.is_outdated = true;
        }
        if let Some(delivery) = self.deliveries.get_mut(&(number, who)) {
            delivery.flags.insert(flag, (version, value, seq));
        }
        true
    }

    /// Marks what was seen up to a number of the log, newest first.
    pub(super) fn read_up_to(&mut self, device: u32, seq: u64, now: i64) {
        let Some(log) = self.owners.get(&device).and_then(|who| self.logs.get(who)) else {
            return;
        };
        let entries = log.entries.range(..=seq).rev();
        let arrivals = entries.filter(|(_, item)| item.what == What::Arrival);
        let numbers: Vec<_> = arrivals.map(|(_, item)| item.number).collect();
        for number in numbers {
            let accepted = self.notifications[&number].accepted;
            let is_unread = self
                .told_of(number, device)
                .is_some_and(|(_, delivery)| delivery.read.is_none() && delivery.state.is_good());
            if is_unread {
                self.receipt(number, device, (ReceiptKind::Read, now.max(accepted)));
            }
        }
    }

    pub(super) fn confirm(&mut self, device: u32, seq: u64) {
        let Some(who) = self.owners.get(&device) else {
            return;
        };
        let epoch = self.logs.get(who).map_or(0, |log| log.epoch);
        let known = self.confirmed.get(&device).copied();
        let is_older = known.is_some_and(|(of, known)| of == epoch && known >= seq);
        if !is_older {
            self.confirmed.insert(device, (epoch, seq));
        }
    }

    pub(super) fn cancel(&mut self, number: Number, is_recall: bool) -> bool {
        let Some(published) = self.notifications.get_mut(&number) else {
            return false;
        };
        let was_recalled = published.is_recalled;
        published.is_recalled |= is_recall;
        published.is_cancelled = true;
        let mut withdrawn = Vec::new();
        for ((_, who), delivery) in self
            .deliveries
            .iter_mut()
            .filter(|((of, _), _)| *of == number)
        {
            if delivery.state == State::Pending {
                delivery.state = State::Cancelled;
            }
            let has_ended = matches!(
                delivery.state,
                State::NoDevice | State::Expired | State::Unconfirmed
            );
            let was_given = delivery.sent.is_some() || delivery.delivered.is_some();
            if was_given || !has_ended {
                withdrawn.push((*who, delivery.only));
            }
        }
        if is_recall && !was_recalled {
            for (who, only) in withdrawn {
                self.append(who, number, What::Recall, only);
            }
        }
        true
    }

    /// Lets the time of notifications run out, and deletes those that are kept no longer.
    pub(super) fn pass(&mut self, now: i64) {
        let expired: Vec<_> = self
            .notifications
            .iter_mut()
            .filter(|(_, published)| published.expires <= now && !published.has_expired)
            .map(|(number, published)| {
                published.has_expired = true;
                *number
            })
            .collect();
        for number in expired {
            self.expire(number, now);
        }
        let forgotten = self.notifications.iter();
        let forgotten: BTreeSet<_> = forgotten
            .filter(|(_, published)| published.forgotten <= now)
            .map(|(number, _)| *number)
            .collect();
        self.notifications
            .retain(|number, _| !forgotten.contains(number));
        self.deliveries.retain(|(of, _), _| !forgotten.contains(of));
        self.facts
            .retain(|_, about| about.is_none_or(|of| !forgotten.contains(&of)));
        for log in self.logs.values_mut() {
            log.entries
                .retain(|_, item| !forgotten.contains(&item.number));
        }
    }

    fn expire(&mut self, number: Number, now: i64) {
        let of_number = self.deliveries.iter_mut();
        for ((_, who), delivery) in of_number.filter(|((of, _), _)| *of == number) {
            let epoch = self.logs.get(who).map_or(0, |log| log.epoch);
            let is_confirmed = delivery.tried.iter().any(|device| {
                let reached = self.confirmed.get(device);
                self.owners.get(device) == Some(who)
                    && reached.is_some_and(|(of, seq)| *of == epoch && *seq >= delivery.seq)
            });
            match delivery.state {
                State::Pending => delivery.state = State::Expired,
                State::Sent if is_confirmed => {
                    delivery.state = State::Delivered;
                    delivery.delivered = earlier(delivery.delivered, now);
                }
                State::Sent => delivery.state = State::Unconfirmed,
                State::Delivered
                | State::Read
                | State::NoDevice
                | State::Expired
                | State::Unconfirmed
                | State::Cancelled => {}
            }
        }
    }

    /// Whether an arrival is still given with its content.
    pub(super) fn is_given(&self, who: Who, number: Number, now: i64) -> bool {
        let published = &self.notifications[&number];
        let delivery = &self.deliveries[&(number, who)];
        let is_on_a_device = delivery.sent.is_some() || delivery.delivered.is_some();
        let is_withheld = published.is_recalled || (published.is_cancelled && !is_on_a_device);
        published.expires > now && !is_withheld
    }

    pub(super) fn counts(&self, number: Number) -> Counts {
        let mut counts = Counts::default();
        let states = self.deliveries.iter();
        for (_, delivery) in states.filter(|((of, _), _)| *of == number) {
            let count = match delivery.state {
                State::Pending => &mut counts.pending,
                State::Sent => &mut counts.sent,
                State::Delivered => &mut counts.delivered,
                State::Read => &mut counts.read,
                State::NoDevice => &mut counts.undelivered,
                State::Expired => &mut counts.expired,
                State::Unconfirmed => &mut counts.unconfirmed,
                State::Cancelled => &mut counts.cancelled,
            };
            *count += 1;
            counts.late += u64::from(delivery.late);
            let is_used = ["clicked", "actioned"]
                .iter()
                .any(|used| delivery.engaged.contains(used));
            counts.clicked += u64::from(is_used);
        }
        counts
    }

    /// The status of a notification whose audience is expanded.
    pub(super) fn status(&self, number: Number) -> &'static str {
        let states = self.deliveries.iter();
        let states: Vec<_> = states
            .filter(|((of, _), _)| *of == number)
            .map(|(_, delivery)| delivery.state)
            .collect();
        let is_handed = |state: &State| match state {
            State::Sent | State::Delivered | State::Read | State::Unconfirmed => true,
            State::Pending | State::NoDevice | State::Expired | State::Cancelled => false,
        };
        let has_any_handed = states.iter().any(is_handed);
        if states.contains(&State::Pending) {
            if has_any_handed { "sending" } else { "queued" }
        } else if states.contains(&State::Cancelled) {
            "cancelled"
        } else if states.iter().all(is_handed) {
            "sent"
        } else if states.iter().all(|state| *state == State::Expired) {
            "expired"
        } else {
            "error"
        }
    }
}

fn earlier(known: Option<i64>, at: i64) -> Option<i64> {
    Some(known.map_or(at, |known| known.min(at)))
}
