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

/// A message may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// How long it waits.
    pub(super) wait: Duration,
    /// Until when its recipient gets no other message, counted from the clock's origin.
    pub(super) until: Option<Duration>,
}

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
    ) -> Result<Turn, Fate> {
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
        let interval = limits.recipient_interval;
        let until = interval.map(|interval| (at + interval).since_origin());
        if let Some(until) = until {
            let recipients = &mut standing.recipients;
            recipients.rest(recipient, until, now.since_origin());
        }
        Ok(Turn { wait, until })
    }

    /// The message of a turn was not taken: its recipient may get another one.
    pub(super) fn give_back(&self, recipient: [u8; 32], until: Option<Duration>) {
        if let Some(until) = until {
            self.standing().recipients.free(recipient, until);
        }
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;

    #[test]
    fn a_message_that_is_not_taken_spends_no_interval() {
        let minute = Duration::from_secs(60);
        let limits = Limits {
            in_flight: NonZeroU16::MIN,
            per_second: None,
            recipient_interval: Some(minute),
        };
        let (pace, anna) = (Pace::default(), [1; 32]);
        let now = Monotonic::from_origin(Duration::from_secs(10));
        let turn = |at| pace.turn(limits, anna, at);
        let first = turn(now).unwrap();
        assert!(turn(now).is_err(), "another one is on its way");
        pace.give_back(anna, first.until);
        let second = turn(now).unwrap();
        // It was taken: a former one that is given back late changes nothing.
        let later = now + Duration::from_secs(1);
        pace.give_back(
            anna,
            first.until.map(|until| until - Duration::from_millis(1)),
        );
        assert!(turn(later).is_err());
        assert_eq!(second.until, Some((now + minute).since_origin()));
        assert!(turn(now + minute).is_ok());
    }
}
