//! What stands before a service that is sent to: whether it is asked now.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vestnik_clock::{Clock, Monotonic, Now};
use vestnik_model::Reason;
use vestnik_push::driver::{Admission, Breaker, Probe, Sign, Why};
use vestnik_rules::attempt::Outcome;

use super::outcome::{held, rest, sign};

/// Whether a service is asked: one that is away must not take the places of others, and one that wants to be left
/// alone is.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Standing>);

#[derive(Debug, Default)]
struct Standing {
    breaker: Breaker,
    /// Until when it wants to be left alone.
    rests_until: Option<Monotonic>,
}

impl Gate {
    /// Whether the service is asked; as the probe, if it was away.
    pub(super) fn admit(&self, clock: &dyn Clock) -> Result<Option<Probe>, Outcome> {
        let (now, mut standing) = (Now::read(clock), self.standing());
        if let Some(until) = standing.rests_until {
            if until > now.monotonic {
                return Err(held(Reason::ProviderThrottled, until - now.monotonic));
            }
            standing.rests_until = None;
        }
        match standing.breaker.admit(None, &now) {
            Admission::Go(probe) => Ok(probe),
            Admission::Hold { why, after } => Err(held(
                match why {
                    Why::Failing => Reason::ProviderUnavailable,
                    Why::Refusing => Reason::ConfigProviderAuth,
                },
                after,
            )),
        }
    }

    /// Notes what an outcome tells of the service.
    pub(super) fn on(&self, outcome: &Outcome, probe: Option<Probe>, clock: &dyn Clock) {
        let (now, mut standing) = (Now::read(clock), self.standing());
        if let Some(rest) = rest(outcome) {
            standing.rests_until = standing.rests_until.max(Some(now.monotonic + rest));
        }
        match sign(outcome) {
            Some(sign) => standing.breaker.on(sign, probe, &now),
            None => {
                if let Some(probe) = probe {
                    standing.breaker.give_back(probe);
                }
            }
        }
    }

    /// Notes that the service works, whatever it said of one recipient.
    pub(super) fn works(&self, probe: Option<Probe>, clock: &dyn Clock) {
        let (now, mut standing) = (Now::read(clock), self.standing());
        standing.breaker.on(Sign::Alive, probe, &now);
    }

    /// Gives a probe back that asked nothing.
    pub(super) fn give_back(&self, probe: Option<Probe>) {
        if let Some(probe) = probe {
            self.standing().breaker.give_back(probe);
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
