//! How often hub methods may be called.

use std::sync::{Mutex, PoisonError};

use vestnik_clock::Clock;
use vestnik_model::{AppId, InstallationId, Problem, ProblemCode};
use vestnik_rules::{
    limit::{Buckets, Rate, Taken},
    session::Session,
};

use crate::refusal::Refusal;

/// The most principals whose debts are kept.
const PRINCIPALS: usize = 65_536;

/// How often hub methods may be called, by installation and by API key.
#[derive(Debug)]
pub(crate) struct HubThrottle {
    devices: Mutex<Buckets<(AppId, InstallationId)>>,
    keys: Mutex<Buckets<(AppId, String)>>,
}

/// How often one principal may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HubRates {
    /// An installation. Lower and a device that catches up waits; higher and one device takes more
    /// of the database's time.
    pub(crate) device: Rate,
    /// An API key, all of its connections together.
    pub(crate) key: Rate,
}

impl Default for HubRates {
    fn default() -> Self {
        Self {
            device: Rate::per_second(50, 200),
            key: Rate::per_second(2_000, 4_000),
        }
    }
}

impl HubThrottle {
    pub(crate) fn new(rates: HubRates) -> Self {
        Self {
            devices: Mutex::new(Buckets::new(rates.device, PRINCIPALS)),
            keys: Mutex::new(Buckets::new(rates.key, PRINCIPALS)),
        }
    }

    /// Counts a call of a device.
    ///
    /// # Errors
    /// `request.rate_limited`.
    pub(super) fn device(&self, clock: &dyn Clock, session: &Session) -> Result<(), Refusal> {
        let key = (session.app.clone(), session.installation);
        check(take(&self.devices, &key, clock))
    }

    /// Counts a call of a sender.
    ///
    /// # Errors
    /// `request.rate_limited`.
    pub(super) fn key(&self, clock: &dyn Clock, app: &AppId, id: &str) -> Result<(), Refusal> {
        check(take(&self.keys, &(app.clone(), id.to_owned()), clock))
    }
}

fn take<K: Clone + Eq + std::hash::Hash + Ord>(
    buckets: &Mutex<Buckets<K>>,
    key: &K,
    clock: &dyn Clock,
) -> Taken {
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    buckets.take(key, clock.monotonic().since_origin())
}

fn check(taken: Taken) -> Result<(), Refusal> {
    match taken {
        Taken::Allowed { .. } => Ok(()),
        Taken::Refused { retry_after } => {
            let seconds = retry_after.as_secs().saturating_add(1);
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            let detail = "too many calls; try again later";
            let problem = Problem::new(ProblemCode::RequestRateLimited, detail);
            Err(problem.retry_after(seconds).into())
        }
    }
}
