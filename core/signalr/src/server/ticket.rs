//! Connection tokens between negotiate and the WebSocket that uses them.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::connection::ConnectionId;

/// The secret that negotiate gives out and a WebSocket presents as its `id`.
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

/// All tokens that are good for something: waiting for their WebSocket, or in use by it.
///
/// A token belongs to the caller that negotiated it. The number of waiting
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
}

enum Ticket<U> {
    Waiting { id: ConnectionId, caller: U },
    InUse,
}

/// Why a token opens no connection.
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
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl<U: PartialEq> Tickets<U> {
    pub(crate) fn new(limit: usize, lifetime: Duration) -> Self {
        let inner = Inner {
            by_token: HashMap::new(),
            expiries: VecDeque::new(),
            waiting: 0,
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
        (token, id): (ConnectionToken, ConnectionId),
        caller: U,
    ) -> Result<(), Crowded> {
        let mut inner = self.lock();
        inner.expire(now);
        if inner.waiting >= self.limit {
            return Err(Crowded);
        }
        inner.waiting += 1;
        inner
            .expiries
            .push_back((now + self.lifetime, token.clone()));
        inner.by_token.insert(token, Ticket::Waiting { id, caller });
        Ok(())
    }

    /// Uses a token for a connection; [`release`](Self::release) it when that ends.
    pub(crate) fn claim(
        &self,
        now: Instant,
        token: &ConnectionToken,
        caller: &U,
    ) -> Result<ConnectionId, Refusal> {
        let mut inner = self.lock();
        inner.expire(now);
        let Some(ticket) = inner.by_token.get_mut(token) else {
            return Err(Refusal::Unknown);
        };
        match ticket {
            Ticket::InUse => Err(Refusal::InUse),
            Ticket::Waiting { caller: owner, .. } if owner != caller => Err(Refusal::OtherCaller),
            Ticket::Waiting { id, .. } => {
                let id = id.clone();
                *ticket = Ticket::InUse;
                inner.waiting -= 1;
                Ok(id)
            }
        }
    }

    /// Says whether the token is waiting or in use.
    pub(crate) fn knows(&self, now: Instant, token: &ConnectionToken) -> bool {
        let mut inner = self.lock();
        inner.expire(now);
        inner.by_token.contains_key(token)
    }

    /// Forgets a token.
    pub(crate) fn release(&self, token: &ConnectionToken) {
        self.lock().by_token.remove(token);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<U>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
            if let Some(Ticket::Waiting { .. }) = self.by_token.get(&token) {
                self.by_token.remove(&token);
                self.waiting -= 1;
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
    use crate::server::clock;

    const LIFETIME: Duration = Duration::from_secs(15);

    fn token(name: &str) -> ConnectionToken {
        ConnectionToken::new(name)
    }

    fn tickets(now: Instant) -> Tickets<&'static str> {
        let tickets = Tickets::new(2, LIFETIME);
        tickets
            .issue(now, (token("a"), ConnectionId::new("id-a")), "ada")
            .unwrap();
        tickets
    }

    #[test]
    fn opens_one_connection_for_its_caller() {
        let now = clock::now();
        let tickets = tickets(now);
        assert_eq!(
            tickets.claim(now, &token("b"), &"ada"),
            Err(Refusal::Unknown)
        );
        assert_eq!(
            tickets.claim(now, &token("a"), &"eve"),
            Err(Refusal::OtherCaller)
        );
        assert_eq!(
            tickets.claim(now, &token("a"), &"ada"),
            Ok(ConnectionId::new("id-a"))
        );
        assert_eq!(tickets.claim(now, &token("a"), &"ada"), Err(Refusal::InUse));
        tickets.release(&token("a"));
        assert_eq!(
            tickets.claim(now, &token("a"), &"ada"),
            Err(Refusal::Unknown)
        );
    }

    #[test]
    fn expires_unless_in_use() {
        let now = clock::now();
        let tickets = tickets(now);
        tickets
            .issue(now, (token("b"), ConnectionId::new("id-b")), "ada")
            .unwrap();
        tickets.claim(now, &token("b"), &"ada").unwrap();
        let later = now + LIFETIME;
        assert!(!tickets.knows(later, &token("a")));
        assert!(tickets.knows(later, &token("b")));
    }

    #[test]
    fn bounds_those_that_wait() {
        let now = clock::now();
        let tickets = tickets(now);
        let issue = |now, name| tickets.issue(now, (token(name), ConnectionId::new("x")), "ada");
        assert_eq!(issue(now, "b"), Ok(()));
        assert_eq!(issue(now, "c"), Err(Crowded));
        tickets.claim(now, &token("a"), &"ada").unwrap();
        assert_eq!(issue(now, "c"), Ok(()));
        assert_eq!(issue(now + LIFETIME, "d"), Ok(()));
    }

    #[test]
    fn never_prints_a_token() {
        assert_eq!(format!("{:?}", token("secret")), "ConnectionToken(..)");
    }
}
