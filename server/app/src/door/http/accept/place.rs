//! Who may have a connection: places, shares per peer address, and who leaves when all are taken.
//! No I/O and no clock.

use std::collections::{BTreeMap, BTreeSet};

use crate::peer::Peer;

/// Which connection.
pub(super) type ConnectionNumber = u64;

/// The places of one kind.
///
/// A connection is *quiet* while it has no request in flight. If a newcomer finds its address's share
/// or all places taken, the quiet connection that is worth least leaves: of those that never sent a
/// request the oldest, then of the others the one that has been quiet longest. So a place is never
/// held by silence, and a flood of silent connections pushes out itself.
#[derive(Debug)]
pub(super) struct Pool {
    places: usize,
    /// Of one address; zero does not limit.
    share: usize,
    connections: BTreeMap<ConnectionNumber, Held>,
    quiet: BTreeSet<Worth>,
    peers: BTreeMap<Peer, PeerPlaces>,
    /// Orders what happens.
    turn: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    /// Absent for a trusted proxy, which has no share.
    peer: Option<Peer>,
    has_served: bool,
    quiet: Option<Worth>,
}

/// What a quiet connection is worth; the least leaves first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    has_served: bool,
    quiet_since: u64,
    number: ConnectionNumber,
}

#[derive(Debug, Default)]
struct PeerPlaces {
    taken: usize,
    quiet: BTreeSet<Worth>,
}

/// What becomes of a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It has a place.
    Admitted,
    /// It has the place of this connection, which must be closed.
    InsteadOf(ConnectionNumber),
    /// Every place is taken by a request or a WebSocket.
    Full,
}

impl Pool {
    pub(super) fn new(places: usize, share: usize) -> Self {
        Self {
            places,
            share,
            connections: BTreeMap::new(),
            quiet: BTreeSet::new(),
            peers: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Gives a newcomer a place. It is quiet at first.
    pub(super) fn admit(&mut self, number: ConnectionNumber, peer: Option<Peer>) -> Admission {
        let of_peer = peer.and_then(|peer| self.peers.get(&peer));
        let is_over_share =
            self.share > 0 && of_peer.is_some_and(|places| places.taken >= self.share);
        let leaves = if is_over_share {
            of_peer.and_then(|places| places.quiet.first())
        } else if self.connections.len() >= self.places {
            self.quiet.first()
        } else {
            self.enter(number, peer);
            return Admission::Admitted;
        };
        let Some(leaves) = leaves.map(|worth| worth.number) else {
            return Admission::Full;
        };
        self.release(leaves);
        self.enter(number, peer);
        Admission::InsteadOf(leaves)
    }

    /// Takes the place of the quiet connection that is worth least, if there is one, without giving
    /// it to another.
    pub(super) fn evict(&mut self) -> Option<ConnectionNumber> {
        let number = self.quiet.first()?.number;
        self.release(number);
        Some(number)
    }

    /// The connection's first request in flight begins. False if its place was taken from it.
    pub(super) fn begin(&mut self, number: ConnectionNumber) -> bool {
        let Some(held) = self.connections.get_mut(&number) else {
            return false;
        };
        held.has_served = true;
        let (peer, worth) = (held.peer, held.quiet.take());
        self.forget_quiet(peer, worth);
        true
    }

    /// The connection's last request in flight ended.
    pub(super) fn rest(&mut self, number: ConnectionNumber) {
        self.turn += 1;
        let Some(held) = self.connections.get_mut(&number) else {
            return;
        };
        let worth = Worth {
            has_served: held.has_served,
            quiet_since: self.turn,
            number,
        };
        let (peer, before) = (held.peer, held.quiet.replace(worth));
        self.forget_quiet(peer, before);
        self.quiet.insert(worth);
        if let Some(places) = peer.and_then(|peer| self.peers.get_mut(&peer)) {
            places.quiet.insert(worth);
        }
    }

    /// The connection is over. Nothing happens if its place was taken from it.
    pub(super) fn release(&mut self, number: ConnectionNumber) {
        let Some(held) = self.connections.remove(&number) else {
            return;
        };
        self.forget_quiet(held.peer, held.quiet);
        let Some(peer) = held.peer else { return };
        if let Some(places) = self.peers.get_mut(&peer) {
            places.taken = places.taken.saturating_sub(1);
            if places.taken == 0 {
                self.peers.remove(&peer);
            }
        }
    }

    /// How many places are taken.
    #[cfg(test)]
    fn taken(&self) -> usize {
        self.connections.len()
    }

    fn enter(&mut self, number: ConnectionNumber, peer: Option<Peer>) {
        let held = Held {
            peer,
            has_served: false,
            quiet: None,
        };
        self.connections.insert(number, held);
        if let Some(peer) = peer {
            self.peers.entry(peer).or_default().taken += 1;
        }
        self.rest(number);
    }

    fn forget_quiet(&mut self, peer: Option<Peer>, worth: Option<Worth>) {
        let Some(worth) = worth else { return };
        self.quiet.remove(&worth);
        if let Some(places) = peer.and_then(|peer| self.peers.get_mut(&peer)) {
            places.quiet.remove(&worth);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn peer(last: u8) -> Option<Peer> {
        Some(Peer::of([192, 0, 2, last].into()))
    }

    #[test]
    fn silence_makes_room() {
        let mut pool = Pool::new(2, 0);
        assert_eq!(pool.admit(1, peer(1)), Admission::Admitted);
        assert_eq!(pool.admit(2, peer(2)), Admission::Admitted);
        assert_eq!(pool.admit(3, peer(3)), Admission::InsteadOf(1));
        assert!(!pool.begin(1), "its place was taken");
        assert_eq!(pool.taken(), 2);
    }

    #[test]
    fn who_served_stays_longer_than_who_never_did() {
        let mut pool = Pool::new(2, 0);
        pool.admit(1, peer(1));
        assert!(pool.begin(1));
        pool.rest(1);
        pool.admit(2, peer(2));
        assert_eq!(pool.admit(3, peer(3)), Admission::InsteadOf(2));
        assert!(pool.begin(3));
        assert_eq!(pool.admit(4, peer(4)), Admission::InsteadOf(1));
    }

    #[test]
    fn requests_in_flight_are_left_alone() {
        let mut pool = Pool::new(1, 0);
        pool.admit(1, peer(1));
        assert!(pool.begin(1));
        assert_eq!(pool.admit(2, peer(2)), Admission::Full);
        pool.release(1);
        assert_eq!(pool.admit(2, peer(2)), Admission::Admitted);
    }

    #[test]
    fn an_address_over_its_share_pushes_out_itself() {
        let mut pool = Pool::new(10, 2);
        pool.admit(1, peer(1));
        pool.admit(2, peer(9));
        pool.admit(3, peer(9));
        assert_eq!(pool.admit(4, peer(9)), Admission::InsteadOf(2));
        assert!(pool.begin(3) && pool.begin(4));
        assert_eq!(pool.admit(5, peer(9)), Admission::Full);
        assert_eq!(pool.admit(6, None), Admission::Admitted, "a trusted proxy");
        assert_eq!(pool.admit(7, peer(1)), Admission::Admitted);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Admit(u8),
        Begin(u64),
        Rest(u64),
        Release(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0..4_u8).prop_map(Step::Admit),
            2 => (0..40_u64).prop_map(Step::Begin),
            2 => (0..40_u64).prop_map(Step::Rest),
            1 => (0..40_u64).prop_map(Step::Release),
        ];
        prop::collection::vec(step, 0..120)
    }

    proptest! {
        #[test]
        fn no_bound_is_ever_passed_and_nothing_is_left_behind(steps in steps()) {
            let mut pool = Pool::new(8, 3);
            let mut next = 0;
            for step in steps {
                match step {
                    Step::Admit(last) => {
                        pool.admit(next, peer(last));
                        next += 1;
                    }
                    Step::Begin(number) => { pool.begin(number); }
                    Step::Rest(number) => pool.rest(number),
                    Step::Release(number) => pool.release(number),
                }
                prop_assert!(pool.taken() <= 8);
                prop_assert!(pool.peers.values().all(|places| places.taken <= 3));
                let quiet = pool.connections.values().filter(|held| held.quiet.is_some());
                prop_assert_eq!(quiet.count(), pool.quiet.len());
                let shared: usize = pool.peers.values().map(|places| places.quiet.len()).sum();
                prop_assert_eq!(shared, pool.quiet.len());
            }
            for number in 0..next {
                pool.release(number);
            }
            prop_assert!(pool.connections.is_empty() && pool.quiet.is_empty() && pool.peers.is_empty());
        }
    }
}
