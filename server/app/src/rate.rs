//! Rates per API key, per installation, per user, per user or login that asks for tokens, and per peer
//! address.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use vestnik_clock::Clock;
use vestnik_model::{AppId, InstallationId, Problem, ProblemCode, UserId};
use vestnik_rules::{
    limit::{Buckets, Rate, Taken},
    session::FamilyId,
};

use crate::{config::RateConfig, peer::Peer, refusal::Refusal};

/// For how long the refusal of a hub call is held back at most.
const HOLD: Duration = Duration::from_secs(1);

/// Who is limited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// An API key of an App.
    Key(AppId, String),
    /// An installation of a user of an App: limited by itself, and together with the user's other
    /// installations.
    Device(AppId, UserId, InstallationId),
    /// A user for whom an identity token vouches.
    Login(AppId, UserId),
    /// The login that a refresh token belongs to.
    Exchange(FamilyId),
}

/// What every principal has taken. Shared by the doors: a principal's requests and hub calls count
/// together.
#[derive(Debug)]
pub(crate) struct Rates {
    keys: Mutex<Buckets<Principal>>,
    installations: Mutex<Buckets<Principal>>,
    users: Mutex<Buckets<(AppId, UserId)>>,
    tokens: Mutex<Buckets<Principal>>,
    addresses: Mutex<Buckets<Peer>>,
    clock: Arc<dyn Clock>,
}

/// What became of a request, and the budget that it was counted against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// What is limited: `key`, `installation`, `user`, `session` or `address`.
    pub(crate) name: &'static str,
    pub(crate) rate: Rate,
    pub(crate) taken: Taken,
}

impl Rates {
    pub(crate) fn new(config: RateConfig, clock: Arc<dyn Clock>) -> Self {
        let buckets = |rate| Mutex::new(Buckets::new(rate, config.principals));
        Self {
            keys: buckets(per_second(config.key_per_second, config.key_burst)),
            installations: buckets(per_second(
                config.installation_per_second,
                config.installation_burst,
            )),
            users: Mutex::new(Buckets::new(
                per_second(config.user_per_second, config.user_burst),
                config.principals,
            )),
            tokens: buckets(per_minute(config.token_per_minute, config.token_burst)),
            addresses: Mutex::new(Buckets::new(
                per_second(config.address_per_second, config.address_burst),
                config.principals,
            )),
            clock,
        }
    }

    /// Counts a hub call of a principal. A refusal is answered when a call is allowed again, after
    /// [`HOLD`] at the latest: calls of a connection run one after the other, so a caller that does not
    /// stop waits, and its refusals cost nobody else.
    ///
    /// # Errors
    /// `request.rate_limited` with the seconds after which a call is allowed again.
    pub(crate) async fn call(&self, principal: &Principal) -> Result<(), Refusal> {
        let counted = self.count(principal);
        if let Taken::Refused { retry_after } = counted.taken {
            tokio::time::sleep(retry_after.min(HOLD)).await;
        }
        counted.check()
    }

    /// Counts a request of a principal.
    pub(crate) fn count(&self, principal: &Principal) -> Counted {
        match principal {
            Principal::Key(..) => self.take(&self.keys, "key", principal),
            Principal::Device(app, user, _) => {
                let own = self.take(&self.installations, "installation", principal);
                if own.remaining().is_none() {
                    return own;
                }
                let shared = self.take(&self.users, "user", &(app.clone(), user.clone()));
                // A refusal has less left than none.
                if shared.remaining() < own.remaining() {
                    shared
                } else {
                    own
                }
            }
            Principal::Login(..) => self.take(&self.tokens, "user", principal),
            Principal::Exchange(_) => self.take(&self.tokens, "session", principal),
        }
    }

    fn take<K: Clone + Ord>(
        &self,
        buckets: &Mutex<Buckets<K>>,
        name: &'static str,
        key: &K,
    ) -> Counted {
        let now = self.clock.monotonic().since_origin();
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Counted {
            taken: buckets.take(key, now),
            name,
            rate: buckets.rate(),
        }
    }

    /// Counts so many requests from an address, all or none.
    pub(crate) fn count_address(&self, peer: &Peer, requests: u32) -> Counted {
        let now = self.clock.monotonic().since_origin();
        let mut buckets = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Counted {
            taken: buckets.take_many(peer, requests, now),
            name: "address",
            rate: buckets.rate(),
        }
    }
}

impl Rates {
    /// Counts requests of an address that were let through already, whether there is room or not.
    pub(crate) fn charge_address(&self, peer: &Peer, requests: u32) {
        let now = self.clock.monotonic().since_origin();
        let mut buckets = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        buckets.charge(peer, requests, now);
    }
}

impl Rates {
    /// Counts further requests of an API key of which one was counted, all or none. What no bucket has room for
    /// beside that one is owed: otherwise a small bucket would never let them through.
    pub(crate) fn count_more(&self, key: &Principal, requests: u32) -> Counted {
        let now = self.clock.monotonic().since_origin();
        let mut buckets = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = buckets.rate();
        let fitting = requests.min(rate.burst.saturating_sub(1));
        let taken = buckets.take_many(key, fitting, now);
        if matches!(taken, Taken::Allowed { .. }) {
            buckets.charge(key, requests - fitting, now);
        }
        Counted {
            taken,
            name: "key",
            rate,
        }
    }

    /// Counts requests of an API key whether there is room or not.
    pub(crate) fn charge_key(&self, key: &Principal, requests: u32) {
        let now = self.clock.monotonic().since_origin();
        let mut buckets = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.charge(key, requests, now);
    }
}

impl Counted {
    /// How many more requests may be made at once; `None` if this one was refused.
    const fn remaining(&self) -> Option<u32> {
        match self.taken {
            Taken::Allowed { remaining, .. } => Some(remaining),
            Taken::Refused { .. } => None,
        }
    }

    /// # Errors
    /// `request.rate_limited`.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        let Taken::Refused { retry_after } = self.taken else {
            return Ok(());
        };
        let detail = format!("there were too many requests of this {}", self.name);
        let problem = Problem::new(ProblemCode::RequestRateLimited, detail);
        let seconds = u32::try_from(whole_seconds(retry_after)).unwrap_or(u32::MAX);
        Err(problem.retry_after(seconds).into())
    }
}

/// A rate without an interval does not limit.
const UNLIMITED: Rate = Rate {
    interval: Duration::ZERO,
    burst: u32::MAX,
};

fn per_second(count: u32, burst: u32) -> Rate {
    match count {
        0 => UNLIMITED,
        count => Rate::per_second(count, burst),
    }
}

fn per_minute(count: u32, burst: u32) -> Rate {
    match count {
        0 => UNLIMITED,
        count => Rate::per_minute(count, burst),
    }
}

/// Seconds, rounded up so that a client that waits for them waits long enough; at least one.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let has_more = duration.subsec_nanos() > 0;
    (duration.as_secs() + u64::from(has_more)).max(1)
}

#[cfg(test)]
mod tests;
