//! The deliveries of a round that have not ended, as far as they were looked at; pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vestnik_model::{AttemptStatus, DeliveryId, view::AttemptView};

/// How many deliveries are asked for at a time, at most.
const MOST_ASKED: usize = 32;

/// Where the last try of a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    /// It is under way, or will be without time going on.
    Moves,
    /// The next one is made then.
    Waits(Timestamp),
    /// There is no further one.
    Ended,
}

impl Try {
    pub(super) fn of(last: Option<&AttemptView>, now: Timestamp) -> Self {
        let Some(attempt) = last else {
            return Self::Moves;
        };
        match attempt.status.known() {
            Some(AttemptStatus::Retrying) => {
                let until = attempt.until.filter(|until| *until > now);
                until.map_or(Self::Moves, Self::Waits)
            }
            None | Some(AttemptStatus::Sending) => Self::Moves,
            Some(
                AttemptStatus::Sent
                | AttemptStatus::Delivered
                | AttemptStatus::Read
                | AttemptStatus::Failed,
            ) => Self::Ended,
        }
    }
}

/// Deliveries that have not ended, while time stands still.
#[derive(Debug, Default)]
pub(super) struct Open {
    moving: BTreeSet<DeliveryId>,
    /// What waits goes on waiting while time stands still.
    waiting: BTreeMap<DeliveryId, Timestamp>,
    /// How many of those that were asked for last had stopped.
    stopped: usize,
}

/// How far the deliveries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many move.
    pub(super) moving: usize,
    /// When the next try is made, if one waits.
    pub(super) next: Option<Timestamp>,
}

impl Open {
    pub(super) fn of(pending: impl IntoIterator<Item = DeliveryId>) -> Self {
        Self {
            moving: pending.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Which to ask for: one while all move, and more as more stop, so that asking does not keep the
    /// server from sending.
    pub(super) fn choose(&mut self) -> Vec<DeliveryId> {
        let count = (2 * self.stopped).clamp(1, MOST_ASKED);
        self.stopped = 0;
        self.moving.iter().take(count).copied().collect()
    }

    pub(super) fn learn(&mut self, delivery: DeliveryId, last: Try) {
        match last {
            Try::Moves => return,
            Try::Waits(until) => _ = self.waiting.insert(delivery, until),
            Try::Ended => {}
        }
        self.moving.remove(&delivery);
        self.stopped += 1;
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            moving: self.moving.len(),
            next: self.waiting.values().min().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_asked_for_while_all_move_and_more_as_more_stop() {
        let ids: Vec<_> = (0..100)
            .map(|number| DeliveryId::from_uuid(uuid::Uuid::from_u128(number)))
            .collect();
        let mut open = Open::of(ids);
        let mut counts = Vec::new();
        for _ in 0..7 {
            let asked = open.choose();
            counts.push(asked.len());
            for id in asked {
                open.learn(id, Try::Ended);
            }
        }
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 32]);
        let left: Vec<_> = open.choose();
        left.iter().for_each(|id| open.learn(*id, Try::Moves));
        assert_eq!(open.choose().len(), 1);
    }

    #[test]
    fn time_goes_on_to_the_first_of_those_that_wait() {
        let id = |number: u128| DeliveryId::from_uuid(uuid::Uuid::from_u128(number));
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut open = Open::of([1, 2, 3, 4].map(id));
        open.learn(id(1), Try::Moves);
        open.learn(id(2), Try::Waits(at(9)));
        open.learn(id(3), Try::Waits(at(7)));
        open.learn(id(4), Try::Ended);
        assert_eq!(open.choose(), [id(1)]);
        assert_eq!(open.choose(), [id(1)]);
        let next = Some(at(7));
        assert_eq!(open.standing(), Standing { moving: 1, next });
        open.learn(id(1), Try::Ended);
        assert_eq!(open.standing(), Standing { moving: 0, next });
    }
}
