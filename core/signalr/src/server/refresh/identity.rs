use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::Lease;
use crate::server::{clock, connection_id::ConnectionId, ticket::ConnectionToken};

/// Who is behind a connection at this moment, and until when.
pub(crate) struct Identity<U> {
    id: ConnectionId,
    state: Mutex<State<U>>,
    /// Wakes whoever waits for the end: it may be another one.
    renewed: Notify,
}

struct State<U> {
    caller: U,
    lease: Lease,
}

impl<U: Clone> Identity<U> {
    /// Begins with what the connection was opened with.
    pub(crate) fn new(id: ConnectionId, caller: U, lease: Lease) -> Self {
        Self {
            id,
            state: Mutex::new(State { caller, lease }),
            renewed: Notify::new(),
        }
    }

    /// Names the connection.
    pub(crate) fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// Tells who calls, as proved last.
    pub(crate) fn caller(&self) -> U {
        self.lock().caller.clone()
    }

    /// Takes what the same user proved anew.
    pub(crate) fn renew(&self, caller: U, lease: Lease) {
        *self.lock() = State { caller, lease };
        self.renewed.notify_one();
    }

    /// Takes what the same user proved in passing, unless it is an older proof than the one
    /// that is known: a client may send its old token for a while after it refreshed.
    fn prolong(&self, caller: U, lease: Lease) {
        let mut state = self.lock();
        if lease.outlives(state.lease) {
            *state = State { caller, lease };
            drop(state);
            self.renewed.notify_one();
        }
    }

    /// Waits until the last proof is no longer good. For one waiter.
    pub(crate) async fn expired(&self) {
        loop {
            let lease = self.lock().lease;
            if lease.is_over(clock::now()) {
                return;
            }
            tokio::select! {
                () = clock::wait_until(lease.ends()) => {}
                () = self.renewed.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<U>> {
        // No code under this lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The identities of live connections that have one, by connection token.
pub(crate) struct Identities<U>(Mutex<HashMap<ConnectionToken, Arc<Identity<U>>>>);

impl<U> Default for Identities<U> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<U> Identities<U> {
    pub(crate) fn insert(&self, token: ConnectionToken, identity: Arc<Identity<U>>) {
        self.lock().insert(token, identity);
    }

    pub(crate) fn find(&self, token: &ConnectionToken) -> Option<Arc<Identity<U>>> {
        self.lock().get(token).cloned()
    }

    pub(crate) fn remove(&self, token: &ConnectionToken) {
        self.lock().remove(token);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionToken, Arc<Identity<U>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<U: Clone> Identities<U> {
    /// Takes what a request of a live connection proves beside its own purpose.
    pub(crate) fn prolong(&self, token: &ConnectionToken, caller: U, lease: Lease) {
        if let Some(identity) = self.find(token) {
            identity.prolong(caller, lease);
        }
    }
}

impl<U> fmt::Debug for Identities<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::server::refresh::TokenLifetime;

    fn lease(seconds: u64) -> Lease {
        let lifetime = TokenLifetime(Duration::from_secs(seconds));
        Lease::new(clock::now(), Some(lifetime))
    }

    fn identity(caller: &'static str, lease: Lease) -> Identity<&'static str> {
        Identity::new(ConnectionId::new("one"), caller, lease)
    }

    /// Waits for so long, and says whether the identity expired meanwhile.
    async fn expires_within(identity: &Identity<&str>, seconds: u64) -> bool {
        let limit = Duration::from_secs(seconds);
        tokio::time::timeout(limit, identity.expired())
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn expires_unless_it_is_renewed() {
        let identity = identity("ada", lease(60));
        assert!(!expires_within(&identity, 59).await);
        identity.renew("ada again", lease(60));
        assert_eq!(identity.caller(), "ada again");
        assert!(!expires_within(&identity, 59).await);
        assert!(expires_within(&identity, 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_lease_is_taken_at_once() {
        let identity = identity("ada", lease(3_600));
        let renewed = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            identity.renew("ada", lease(1));
        };
        let (is_expired, ()) = tokio::join!(expires_within(&identity, 3), renewed);
        assert!(is_expired);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_later_proof_is_taken_in_passing() {
        let identity = identity("new", lease(60));
        identity.prolong("old", lease(30));
        assert_eq!(identity.caller(), "new");
        assert!(!expires_within(&identity, 59).await);
        identity.prolong("newest", lease(60));
        assert_eq!(identity.caller(), "newest");
        assert!(!expires_within(&identity, 59).await);
    }

    #[tokio::test(start_paused = true)]
    async fn never_expires_without_a_lifetime() {
        let identity = identity("ada", Lease::new(clock::now(), None));
        assert!(!expires_within(&identity, 1_000_000).await);
    }
}
