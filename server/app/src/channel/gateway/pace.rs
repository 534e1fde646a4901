//! How fast a provider is sent to.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use vestnik_clock::Monotonic;
use vestnik_gateway::Limits;
use vestnik_model::Reason;
use vestnik_rules::spacing::Spacing;

use super::{
    super::outcome::held,
    order::{Fate, not_asked},
};

/// The longest that a message waits here for the pace of its provider; for longer it waits in the store.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(2);

/// What a provider may be sent at a time.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Standing>);

#[derive(Debug, Default)]
struct Standing {
    /// When the next message may go.
    next_at: Option<Monotonic>,
    /// What keeps the messages to one recipient apart.
    recipients: Spacing,
}

impl Pace {
    /// How long a message to a recipient, by the hash of their address, waits; what becomes of it if that is too long
    /// to wait here.
    pub(super) fn turn(
        &self,
        limits: Limits,
        recipient: [u8; 32],
        now: Monotonic,
    ) -> Result<Duration, Fate> {
        let mut standing = self.standing();
        let own = standing.recipients.wait(&recipient, now.since_origin());
        if let Some(wait) = own {
            // No other provider: the person is to get less at a time.
            return Err(Fate::over(held(Reason::ProviderThrottled, wait)));
        }
        let at = standing.next_at.map_or(now, |next_at| next_at.max(now));
        let wait = at.saturating_since(now);
        if wait > MAX_WAIT {
            return Err(not_asked(held(Reason::ProviderThrottled, wait)));
        }
        if let Some(per_second) = limits.per_second {
            standing.next_at = Some(at + Duration::from_secs(1) / per_second.get());
        }
        if let Some(interval) = limits.recipient_interval {
            let until = (at + interval).since_origin();
            let recipients = &mut standing.recipients;
            recipients.rest(recipient, until, now.since_origin());
        }
        Ok(wait)
    }

    /// Leaves a recipient alone for so long.
    pub(super) fn rest(&self, recipient: [u8; 32], rest: Duration, now: Monotonic) {
        let until = (now + rest).since_origin();
        let recipients = &mut self.standing().recipients;
        recipients.rest(recipient, until, now.since_origin());
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
