//! What a receiver's answer means.

use std::time::Duration;

/// The longest wait that a receiver may ask for.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest wait after an answer that asks for fewer requests.
const MIN_SLOW: Duration = Duration::from_secs(60);

/// What a receiver's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has the event.
    Taken,
    /// It does not have it; it is sent again by the [schedule](crate::schedule).
    Failed {
        /// The receiver is overloaded: the next try waits at least so long.
        slow: Option<Duration>,
    },
    /// It wants no more events: the webhook is disabled at once.
    Gone,
}

impl Verdict {
    /// The meaning of a status and of the wait that `Retry-After` asks for, if it does. A redirect is a
    /// failure: its target was not checked as the webhook's address was.
    #[must_use]
    pub fn of(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            200..=299 => Self::Taken,
            410 => Self::Gone,
            429 | 502 | 504 => Self::Failed {
                slow: Some(retry_after.unwrap_or_default().clamp(MIN_SLOW, MAX_WAIT)),
            },
            _ => Self::Failed {
                slow: retry_after.map(|wait| wait.min(MAX_WAIT)),
            },
        }
    }

    /// The meaning of a connection that failed, timed out or was refused by a rule of ours.
    #[must_use]
    pub const fn unanswered() -> Self {
        Self::Failed { slow: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn failed(slow: Option<u64>) -> Verdict {
        let slow = match slow {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => None,
        };
        Verdict::Failed { slow }
    }

    #[test]
    fn only_success_takes_an_event_and_only_gone_disables() {
        for status in 100..=599 {
            let verdict = Verdict::of(status, None);
            assert_eq!(
                verdict == Verdict::Taken,
                (200..300).contains(&status),
                "{status}"
            );
            assert_eq!(verdict == Verdict::Gone, status == 410, "{status}");
        }
    }

    #[test]
    fn an_overloaded_receiver_is_left_alone_for_longer() {
        let hour = Some(Duration::from_secs(3_600));
        for status in [429, 502, 504] {
            assert_eq!(Verdict::of(status, None), failed(Some(60)));
            assert_eq!(Verdict::of(status, hour), failed(Some(3_600)));
            assert_eq!(
                Verdict::of(status, Some(Duration::from_secs(1))),
                failed(Some(60))
            );
        }
        assert_eq!(Verdict::of(503, hour), failed(Some(3_600)));
        assert_eq!(Verdict::of(500, None), failed(None));
        assert_eq!(Verdict::of(302, None), failed(None));
        let ages = Some(Duration::from_secs(u64::MAX));
        assert_eq!(Verdict::of(429, ages), failed(Some(86_400)));
    }
}
