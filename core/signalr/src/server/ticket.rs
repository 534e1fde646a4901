//! Connection tokens, from negotiate to the end of the connection that uses them.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    connection_id::ConnectionId,
    share::{NegotiationShares, Taken},
    transport::Link,
};

/// The secret that negotiate gives out and requests present as their `id`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionToken(Box<str>);

impl ConnectionToken {
    pub(crate) fn new(token: &str) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for ConnectionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionToken(..)")
    }
}

/// All tokens that are good for something: waiting for a transport, or in use by one.
///
/// A token belongs to the caller that negotiated it, to its end. The number of waiting
/// tokens is bounded, and each waits only so long.
pub(crate) struct Tickets<U> {
    limit: usize,
    lifetime: Duration,
    inner: Mutex<Inner<U>>,
}

struct Inner<U> {
    by_token: HashMap<ConnectionToken, Ticket<U>>,
    /// Waiting tokens, oldest first; those already used are skipped.
    expiries: VecDeque<(Instant, ConnectionToken)>,
    waiting: usize,
    taken: Taken,
}

enum Ticket<U> {
    Waiting {
        id: ConnectionId,
        is_stateful: bool,
        caller: U,
        shares: NegotiationShares,
    },
    Live {
        link: Link,
        caller: U,
    },
}

/// What negotiate gives out.
#[derive(Debug)]
pub(crate) struct Negotiated {
    pub(crate) token: ConnectionToken,
    pub(crate) id: ConnectionId,
    /// Whether the connection may be resumed on another WebSocket.
    pub(crate) is_stateful: bool,
    /// What it counts in while it waits.
    pub(crate) shares: NegotiationShares,
}

/// What a token is good for.
#[derive(Debug)]
pub(crate) enum Found {
    /// To open a connection.
    Waiting {
        /// Whether it may be resumed on another WebSocket.
        is_stateful: bool,
    },
    /// To reach the connection that it opened.
    Live(Link),
}

/// Why a token is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Never given out, expired, or its connection has ended.
    Unknown,
    /// Its connection is live.
    InUse,
    /// Somebody else negotiated it.
    OtherCaller,
}

/// Too many clients negotiate and never connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// All of them together.
    Hub,
    /// Those of one principal.
    Share,
}

impl<U: Clone + PartialEq> Tickets<U> {
    pub(crate) fn new(limit: usize, lifetime: Duration) -> Self {
        let inner = Inner {
            by_token: HashMap::new(),
            expiries: VecDeque::new(),
            waiting: 0,
            taken: Taken::default(),
        };
        Self {
            limit,
            lifetime,
            inner: Mutex::new(inner),
        }
    }

    /// Lets a caller connect with a token within the lifetime.
    pub(crate) fn issue(
        &self,
        now: Instant,
        negotiated: Negotiated,
        caller: U,
    ) -> Result<(), Crowded> {
        let Negotiated {
            token,
            id,
            is_stateful,
            shares,
        } = negotiated;
        let mut inner = self.lock();
        inner.expire(now);
        if inner.waiting >= self.limit {
            return Err(Crowded::Hub);
        }
        if !inner.taken.take(&shares) {
            return Err(Crowded::Share);
        }
        inner.waiting += 1;
        inner
            .expiries
            .push_back((now + self.lifetime, token.clone()));
        let ticket = Ticket::Waiting {
            id,
            is_stateful,
            caller,
            shares,
        };
        inner.by_token.insert(token, ticket);
        Ok(())
    }

    /// Says what a token is good for in this caller's hands.
    pub(crate) fn find(
        &self,
        now: Instant,
        token: &ConnectionToken,
        caller: &U,
    ) -> Result<Found, Refusal> {
        let mut inner = self.lock();
        match inner.get_mut(now, token, caller)? {
            Ticket::Waiting { is_stateful, .. } => Ok(Found::Waiting {
                is_stateful: *is_stateful,
            }),
            Ticket::Live { link, .. } => Ok(Found::Live(link.clone())),
        }
    }

    /// Uses a token for a connection; [`release`](Self::release) it when that ends.
    pub(crate) fn claim(
        &self,
        now: Instant,
        token: &ConnectionToken,
        caller: &U,
        link: Link,
    ) -> Result<ConnectionId, Refusal> {
        let mut inner = self.lock();
        let ticket = inner.get_mut(now, token, caller)?;
        let Ticket::Waiting { id, shares, .. } = ticket else {
            return Err(Refusal::InUse);
        };
        let id = id.clone();
        let shares = std::mem::take(shares);
        let caller = caller.clone();
        *ticket = Ticket::Live { link, caller };
        inner.waiting -= 1;
        inner.taken.give_back(&shares);
        Ok(id)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<U>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<U> Tickets<U> {
    /// Forgets a token that is in use.
    pub(crate) fn release(&self, token: &ConnectionToken) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.by_token.remove(token);
    }
}

impl<U: PartialEq> Inner<U> {
    fn get_mut(
        &mut self,
        now: Instant,
        token: &ConnectionToken,
        caller: &U,
    ) -> Result<&mut Ticket<U>, Refusal> {
        self.expire(now);
        let ticket = self.by_token.get_mut(token).ok_or(Refusal::Unknown)?;
        let (Ticket::Waiting { caller: owner, .. } | Ticket::Live { caller: owner, .. }) = ticket;
        if owner == caller {
            Ok(ticket)
        } else {
            Err(Refusal::OtherCaller)
        }
    }
}

impl<U> Inner<U> {
    fn expire(&mut self, now: Instant) {
        while self
            .expiries
            .front()
            .is_some_and(|(expiry, _)| *expiry <= now)
        {
            let Some((_, token)) = self.expiries.pop_front() else {
                return;
            };
            // A live connection keeps its token.
            let Entry::Occupied(entry) = self.by_token.entry(token) else {
                continue;
            };
            if let Ticket::Waiting { .. } = entry.get()
                && let Ticket::Waiting { shares, .. } = entry.remove()
            {
                self.waiting -= 1;
                self.taken.give_back(&shares);
            }
        }
    }
}

impl<U> fmt::Debug for Tickets<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{NegotiationShare, clock};

    const LIFETIME: Duration = Duration::from_secs(15);

    fn token(name: &str) -> ConnectionToken {
        ConnectionToken::new(name)
    }

    fn negotiated(name: &str) -> Negotiated {
        Negotiated {
            token: token(name),
            id: ConnectionId::new(&format!("id-{name}")),
            is_stateful: false,
            shares: NegotiationShares::default(),
        }
    }

    fn tickets(now: Instant) -> Tickets<&'static str> {
        let tickets = Tickets::new(2, LIFETIME);
        tickets.issue(now, negotiated("a"), "ada").unwrap();
        tickets
    }

    #[test]
    fn opens_one_connection_for_its_caller() {
        let now = clock::now();
        let tickets = tickets(now);
        let claim = |name, caller| tickets.claim(now, &token(name), &caller, Link::WebSocket);
        assert_eq!(claim("b", "ada"), Err(Refusal::Unknown));
        assert_eq!(claim("a", "eve"), Err(Refusal::OtherCaller));
        assert_eq!(claim("a", "ada"), Ok(ConnectionId::new("id-a")));
        assert_eq!(claim("a", "ada"), Err(Refusal::InUse));
        assert_eq!(claim("a", "eve"), Err(Refusal::OtherCaller));
        tickets.release(&token("a"));
        assert_eq!(claim("a", "ada"), Err(Refusal::Unknown));
    }

    #[test]
    fn is_found_by_its_caller_only() {
        let now = clock::now();
        let tickets = tickets(now);
        let find = |caller| tickets.find(now, &token("a"), &caller);
        assert!(matches!(
            find("ada"),
            Ok(Found::Waiting { is_stateful: false })
        ));
        assert!(matches!(find("eve"), Err(Refusal::OtherCaller)));
        tickets
            .claim(now, &token("a"), &"ada", Link::WebSocket)
            .unwrap();
        assert!(matches!(find("ada"), Ok(Found::Live(Link::WebSocket))));
        assert!(matches!(find("eve"), Err(Refusal::OtherCaller)));
    }

    #[test]
    fn expires_unless_in_use() {
        let now = clock::now();
        let tickets = tickets(now);
        tickets.issue(now, negotiated("b"), "ada").unwrap();
        tickets
            .claim(now, &token("b"), &"ada", Link::WebSocket)
            .unwrap();
        let find = |name| tickets.find(now + LIFETIME, &token(name), &"ada");
        assert!(matches!(find("a"), Err(Refusal::Unknown)));
        assert!(matches!(find("b"), Ok(Found::Live(_))));
    }

    #[test]
    fn bounds_those_that_wait() {
        let now = clock::now();
        let tickets = tickets(now);
        let issue = |now, name| tickets.issue(now, negotiated(name), "ada");
        assert_eq!(issue(now, "b"), Ok(()));
        assert_eq!(issue(now, "c"), Err(Crowded::Hub));
        tickets
            .claim(now, &token("a"), &"ada", Link::WebSocket)
            .unwrap();
        assert_eq!(issue(now, "c"), Ok(()));
        assert_eq!(issue(now + LIFETIME, "d"), Ok(()));
    }

    #[test]
    fn a_principal_takes_its_own_share_only() {
        let now = clock::now();
        let tickets = Tickets::new(100, LIFETIME);
        let issue = |now, name: &str, shares: &[(&str, usize)]| {
            let shares = shares.iter();
            let shares = shares.map(|(name, limit)| NegotiationShare::new(*name, *limit));
            let shares = NegotiationShares(shares.collect());
            let negotiated = Negotiated {
                shares,
                ..negotiated(name)
            };
            tickets.issue(now, negotiated, "ada")
        };
        let (ada, eve) = ([("ada", 1), ("home", 2)], [("eve", 1), ("home", 2)]);
        assert_eq!(issue(now, "a", &ada), Ok(()));
        assert_eq!(issue(now, "b", &ada), Err(Crowded::Share));
        assert_eq!(issue(now, "c", &eve), Ok(()));
        // Nothing is counted of what is refused, in no share.
        assert_eq!(
            issue(now, "d", &[("ida", 1), ("home", 2)]),
            Err(Crowded::Share)
        );
        assert_eq!(issue(now, "e", &[("ida", 1)]), Ok(()));
        let claim = |name| tickets.claim(now, &token(name), &"ada", Link::WebSocket);
        assert_eq!(claim("a"), Ok(ConnectionId::new("id-a")));
        assert_eq!(issue(now, "f", &ada), Ok(()));
        assert_eq!(issue(now + LIFETIME, "g", &ada), Ok(()));
        assert_eq!(issue(now + LIFETIME, "h", &eve), Ok(()));
        assert_eq!(issue(now + LIFETIME, "i", &ada), Err(Crowded::Share));
    }

    #[test]
    fn never_prints_a_token() {
        assert_eq!(format!("{:?}", token("secret")), "ConnectionToken(..)");
    }
}
