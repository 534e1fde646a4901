//! Which connection of an origin a request takes: counts, without the connections.

use std::collections::BTreeMap;

use crate::limits::Limits;

/// The connections to one origin.
#[derive(Debug)]
pub(crate) struct Lane {
    max_links: usize,
    next: u64,
    links: BTreeMap<LinkId, State>,
}

/// A connection, numbered in the order of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(u64);

#[derive(Debug)]
enum State {
    Opening,
    Open(Open),
}

#[derive(Debug)]
struct Open {
    /// How many requests it takes at a time.
    capacity: usize,
    /// How many it has.
    streams: usize,
    /// How many it ever had, by which idleness is seen.
    uses: u64,
    /// It takes no more, and closes after those it has.
    is_retired: bool,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It has a place on the connection.
    Use(LinkId),
    /// It opens the connection, and has a place on it if that succeeds.
    Open(LinkId),
    /// It waits until something changes.
    Wait,
}

/// What becomes of a connection after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idle {
    /// It stays; it had as many requests until now.
    Used(u64),
    /// It was not used, and is closed.
    Close,
}

impl Lane {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            max_links: limits.connections,
            next: 0,
            links: BTreeMap::new(),
        }
    }

    /// Finds a place for a request. The oldest connection with room is taken, so that others fall idle.
    pub(crate) fn choose(&mut self) -> Choice {
        for (id, state) in &mut self.links {
            if let State::Open(open) = state
                && !open.is_retired
                && open.streams < open.capacity
            {
                open.streams += 1;
                open.uses += 1;
                return Choice::Use(*id);
            }
        }
        if !self.has_room() {
            return Choice::Wait;
        }
        let id = LinkId(self.next);
        self.next += 1;
        self.links.insert(id, State::Opening);
        Choice::Open(id)
    }

    /// Retired connections give their place to new ones, but not without an end.
    fn has_room(&self) -> bool {
        let is_retired = |state: &&State| matches!(state, State::Open(open) if open.is_retired);
        let retired = self.links.values().filter(is_retired).count();
        self.links.len() - retired < self.max_links && retired <= self.max_links
    }

    /// A connection is open; the request that opened it has the first place.
    pub(crate) fn opened(&mut self, id: LinkId, capacity: usize) {
        let open = Open {
            capacity,
            streams: 1,
            uses: 1,
            is_retired: false,
        };
        self.links.insert(id, State::Open(open));
    }

    /// A connection could not be opened, or ended by itself.
    pub(crate) fn lost(&mut self, id: LinkId) {
        self.links.remove(&id);
    }

    /// A request is done. Gives whether the connection is closed with that.
    pub(crate) fn release(&mut self, id: LinkId) -> bool {
        if let Some(State::Open(open)) = self.links.get_mut(&id) {
            open.streams = open.streams.saturating_sub(1);
        }
        self.close_if_done(id)
    }

    /// A connection takes no more requests. Gives whether it is closed with that.
    pub(crate) fn retire(&mut self, id: LinkId) -> bool {
        if let Some(State::Open(open)) = self.links.get_mut(&id) {
            open.is_retired = true;
        }
        self.close_if_done(id)
    }

    fn close_if_done(&mut self, id: LinkId) -> bool {
        let is_done = matches!(
            self.links.get(&id),
            Some(State::Open(open)) if open.is_retired && open.streams == 0
        );
        if is_done {
            self.links.remove(&id);
        }
        is_done
    }

    /// Asks after a while, given what the last question was answered: `None` for the first.
    pub(crate) fn idle(&mut self, id: LinkId, before: Option<u64>) -> Idle {
        let Some(State::Open(open)) = self.links.get(&id) else {
            return Idle::Close;
        };
        if open.streams > 0 || before != Some(open.uses) {
            return Idle::Used(open.uses);
        }
        self.links.remove(&id);
        Idle::Close
    }

    /// Whether no request has a connection.
    pub(crate) fn is_unused(&self) -> bool {
        self.links.values().all(|state| match state {
            State::Opening => false,
            State::Open(open) => open.streams == 0,
        })
    }
}

#[cfg(test)]
impl Lane {
    pub(crate) fn links(&self) -> usize {
        self.links.len()
    }

    pub(crate) fn usable(&self) -> usize {
        let is_usable = |state: &&State| match state {
            State::Opening => true,
            State::Open(open) => !open.is_retired,
        };
        self.links.values().filter(is_usable).count()
    }

    pub(crate) fn streams(&self) -> usize {
        let streams = |state: &State| match state {
            State::Opening => 0,
            State::Open(open) => open.streams,
        };
        self.links.values().map(streams).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(connections: usize) -> Lane {
        Lane::new(&Limits {
            connections,
            ..Limits::default()
        })
    }

    const fn link(number: u64) -> LinkId {
        LinkId(number)
    }

    #[test]
    fn connections_are_filled_before_others_are_opened() {
        let mut lane = lane(2);
        assert_eq!(lane.choose(), Choice::Open(link(0)));
        lane.opened(link(0), 2);
        assert_eq!(lane.choose(), Choice::Use(link(0)));
        assert_eq!(lane.choose(), Choice::Open(link(1)));
        assert_eq!(lane.choose(), Choice::Wait);
        lane.opened(link(1), 1);
        assert_eq!(lane.choose(), Choice::Wait);
        assert!(!lane.release(link(0)));
        assert_eq!(lane.choose(), Choice::Use(link(0)));
    }

    #[test]
    fn a_connection_that_fails_or_ends_makes_room() {
        let mut lane = lane(1);
        assert_eq!(lane.choose(), Choice::Open(link(0)));
        lane.lost(link(0));
        assert_eq!(lane.choose(), Choice::Open(link(1)));
        lane.opened(link(1), 1);
        lane.lost(link(1));
        // The request that was on it is done later, and changes nothing.
        assert!(!lane.release(link(1)));
        assert_eq!(lane.choose(), Choice::Open(link(2)));
    }

    #[test]
    fn a_retired_connection_ends_with_its_last_request() {
        let mut lane = lane(1);
        assert_eq!(lane.choose(), Choice::Open(link(0)));
        lane.opened(link(0), 9);
        assert_eq!(lane.choose(), Choice::Use(link(0)));
        assert!(!lane.retire(link(0)));
        assert_eq!(lane.choose(), Choice::Open(link(1)));
        assert!(!lane.release(link(0)));
        assert!(lane.release(link(0)));
        lane.opened(link(1), 1);
        assert!(!lane.release(link(1)));
        assert!(lane.retire(link(1)));
        assert_eq!(lane.links(), 0);
    }

    #[test]
    fn retired_connections_are_bounded_too() {
        let mut lane = lane(2);
        let mut opened = 0;
        while let Choice::Open(id) = lane.choose() {
            lane.opened(id, 1);
            assert!(!lane.retire(id));
            opened += 1;
            assert!(opened < 9);
        }
        assert_eq!(opened, 3);
        assert_eq!(lane.choose(), Choice::Wait);
    }

    #[test]
    fn a_connection_is_idle_if_it_was_not_used_between_two_questions() {
        let mut lane = lane(1);
        assert_eq!(lane.choose(), Choice::Open(link(0)));
        lane.opened(link(0), 1);
        assert_eq!(lane.idle(link(0), None), Idle::Used(1));
        // In use, however long.
        assert_eq!(lane.idle(link(0), Some(1)), Idle::Used(1));
        assert!(!lane.is_unused());
        lane.release(link(0));
        assert!(lane.is_unused());
        assert_eq!(lane.choose(), Choice::Use(link(0)));
        lane.release(link(0));
        assert_eq!(lane.idle(link(0), Some(1)), Idle::Used(2));
        assert_eq!(lane.idle(link(0), Some(2)), Idle::Close);
        assert_eq!(lane.links(), 0);
    }
}
