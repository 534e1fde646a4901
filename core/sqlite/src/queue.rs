//! A bounded queue with three priorities, between callers and threads.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
};

use crate::{Failure, Priority, mutex::lock};

/// After how many urgent items in a row a normal one is taken, if one waits: urgent items may slow
/// normal ones down but never stop them.
const URGENT_IN_A_ROW: u32 = 7;

/// After how many groups without a mass item one begins with a mass item, if one waits.
const GROUPS_WITHOUT_MASS: u32 = 2;

/// How many items of each priority may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) urgent: usize,
    pub(crate) normal: usize,
    pub(crate) mass: usize,
}

#[derive(Debug)]
pub(crate) struct Queue<T> {
    bounds: Bounds,
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    urgent: VecDeque<T>,
    normal: VecDeque<T>,
    mass: VecDeque<T>,
    urgent_in_a_row: u32,
    /// How many groups were taken while a mass item waited.
    groups_without_mass: u32,
    /// Whether the group that is being taken has an item that is not a mass item.
    is_awaited: bool,
    is_closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            state: Mutex::new(State {
                urgent: VecDeque::new(),
                normal: VecDeque::new(),
                mass: VecDeque::new(),
                urgent_in_a_row: 0,
                groups_without_mass: 0,
                is_awaited: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Adds an item, or answers [`Failure::Busy`] or [`Failure::Closed`]. If the queue is full,
    /// items that are no longer `wanted` are removed first.
    pub(crate) fn push(
        &self,
        priority: Priority,
        item: T,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<(), Failure> {
        // Dropped after the lock is given back: dropping an item answers its caller.
        let mut unwanted = VecDeque::new();
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(Failure::Closed);
        }
        let (items, bound) = match priority {
            Priority::Urgent => (&mut state.urgent, self.bounds.urgent),
            Priority::Normal => (&mut state.normal, self.bounds.normal),
            Priority::Mass => (&mut state.mass, self.bounds.mass),
        };
        if items.len() >= bound {
            let (kept, removed) = items.drain(..).partition(wanted);
            (*items, unwanted) = (kept, removed);
        }
        if items.len() >= bound {
            return Err(Failure::Busy);
        }
        items.push_back(item);
        drop(state);
        self.changed.notify_one();
        drop::<VecDeque<T>>(unwanted);
        Ok(())
    }

    /// Waits for an item. `None` if the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if let Some(item) = state.take() {
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a further item for the group that [`take`](Self::take) began, if one waits. No mass item is
    /// added to a group with others: their callers would wait for it too.
    pub(crate) fn take_more(&self) -> Option<T> {
        lock(&self.state).take_more()
    }

    /// Takes an item if one waits.
    pub(crate) fn try_take(&self) -> Option<T> {
        lock(&self.state).take()
    }

    /// How many items of each priority wait.
    pub(crate) fn waiting(&self) -> Bounds {
        let state = lock(&self.state);
        Bounds {
            urgent: state.urgent.len(),
            normal: state.normal.len(),
            mass: state.mass.len(),
        }
    }

    /// Refuses further items; those that wait can still be taken.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.changed.notify_all();
    }

    /// Refuses further items and drops those that wait.
    pub(crate) fn abandon(&self) {
        self.close();
        // Items are dropped without the lock: dropping one answers its caller.
        while let Some(item) = self.try_take() {
            drop(item);
        }
    }
}

impl<T> State<T> {
    /// Takes the first item of a group.
    fn take(&mut self) -> Option<T> {
        let is_starved = self.groups_without_mass >= GROUPS_WITHOUT_MASS;
        if (is_starved || !self.has_awaited())
            && let Some(item) = self.mass.pop_front()
        {
            self.groups_without_mass = 0;
            self.is_awaited = false;
            return Some(item);
        }
        if !self.mass.is_empty() {
            self.groups_without_mass += 1;
        }
        self.is_awaited = true;
        self.take_awaited()
    }

    fn take_more(&mut self) -> Option<T> {
        if self.has_awaited() {
            self.is_awaited = true;
            return self.take_awaited();
        }
        if self.is_awaited {
            return None;
        }
        self.mass.pop_front()
    }

    fn has_awaited(&self) -> bool {
        !(self.urgent.is_empty() && self.normal.is_empty())
    }

    fn take_awaited(&mut self) -> Option<T> {
        let normal_is_due = self.urgent_in_a_row >= URGENT_IN_A_ROW && !self.normal.is_empty();
        if !normal_is_due && let Some(item) = self.urgent.pop_front() {
            self.urgent_in_a_row = self.urgent_in_a_row.saturating_add(1);
            return Some(item);
        }
        self.urgent_in_a_row = 0;
        self.normal.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(urgent: usize, normal: usize) -> Queue<u32> {
        Queue::new(Bounds {
            urgent,
            normal,
            mass: 100,
        })
    }

    fn push(queue: &Queue<u32>, priority: Priority, item: u32) -> Result<(), Failure> {
        queue.push(priority, item, |_| true)
    }

    #[test]
    fn urgent_items_overtake_but_do_not_starve_normal_ones() {
        let queue = queue(100, 100);
        for item in 0..3 {
            push(&queue, Priority::Normal, 100 + item).unwrap();
        }
        for item in 0..20 {
            push(&queue, Priority::Urgent, item).unwrap();
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.try_take()).collect();
        let normal: Vec<_> = (0..taken.len()).filter(|at| taken[*at] >= 100).collect();
        assert_eq!(normal, [7, 15, 22]);
        assert_eq!(taken.len(), 23);
        assert!(taken.iter().filter(|item| **item < 100).is_sorted());
    }

    #[test]
    fn no_mass_item_joins_what_others_wait_for() {
        let queue = queue(100, 100);
        for item in 0..3 {
            push(&queue, Priority::Mass, 100 + item).unwrap();
        }
        push(&queue, Priority::Normal, 1).unwrap();
        push(&queue, Priority::Urgent, 0).unwrap();
        assert_eq!(group(&queue), [0, 1]);
        assert_eq!(group(&queue), [100, 101, 102]);
        // What comes in the middle of a mass group joins it, and ends it.
        push(&queue, Priority::Mass, 103).unwrap();
        push(&queue, Priority::Mass, 104).unwrap();
        assert_eq!(queue.try_take(), Some(103));
        push(&queue, Priority::Normal, 2).unwrap();
        assert_eq!(queue.take_more(), Some(2));
        assert_eq!(queue.take_more(), None);
        assert_eq!(group(&queue), [104]);
    }

    #[test]
    fn every_third_group_begins_with_a_mass_item_that_waits() {
        let queue = queue(100, 100);
        for item in 0..4 {
            push(&queue, Priority::Mass, 100 + item).unwrap();
        }
        let groups: Vec<_> = (0..12)
            .map(|_| {
                for item in 0..3 {
                    push(&queue, Priority::Urgent, item).unwrap();
                    push(&queue, Priority::Normal, 10 + item).unwrap();
                }
                let group = group(&queue);
                // Nobody else is held up meanwhile.
                assert_eq!(group.iter().filter(|item| **item < 100).count(), 6);
                group[0] >= 100
            })
            .collect();
        let began: Vec<_> = (0..12).filter(|at| groups[*at]).collect();
        assert_eq!(began, [2, 5, 8, 11]);
    }

    fn group(queue: &Queue<u32>) -> Vec<u32> {
        let mut group: Vec<_> = queue.try_take().into_iter().collect();
        group.extend(std::iter::from_fn(|| queue.take_more()));
        group
    }

    #[test]
    fn each_priority_has_its_own_bound() {
        let queue = queue(1, 2);
        push(&queue, Priority::Normal, 1).unwrap();
        push(&queue, Priority::Normal, 2).unwrap();
        assert!(matches!(
            push(&queue, Priority::Normal, 3),
            Err(Failure::Busy)
        ));
        push(&queue, Priority::Urgent, 4).unwrap();
        assert!(matches!(
            push(&queue, Priority::Urgent, 5),
            Err(Failure::Busy)
        ));
        // Unwanted items make room.
        queue.push(Priority::Normal, 6, |item| *item != 1).unwrap();
        assert_eq!((queue.waiting().urgent, queue.waiting().normal), (1, 2));
    }

    #[test]
    fn a_closed_queue_gives_what_waits_and_takes_no_more() {
        let queue = queue(1, 1);
        push(&queue, Priority::Normal, 1).unwrap();
        queue.close();
        assert!(matches!(
            push(&queue, Priority::Normal, 2),
            Err(Failure::Closed)
        ));
        assert_eq!((queue.take(), queue.take()), (Some(1), None));
    }
}
