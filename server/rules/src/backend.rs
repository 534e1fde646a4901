//! What the App's own backend answers to the request to deliver something.
//!
//! | status | means |
//! |---|---|
//! | 2xx | it took it |
//! | 3xx | the account's address is not that of the backend: redirects are not followed |
//! | 401, 403, 407 | it refuses the account: tried again when an operator has mended it |
//! | 408 | it gave up waiting: tried again |
//! | 410 | it takes nothing by this account any more |
//! | 413 | the request is too large for it |
//! | 425, 502, 503, 504 | it cannot take requests now: tried again |
//! | 429 | too many requests: tried again |
//! | other 4xx | it does not deliver this: the cascade goes on |
//! | other 5xx | it failed: tried again |
//!
//! A wait that it asks for by `Retry-After` is kept. What was not answered is repeated too: a repetition has the
//! same `webhook-id`, and a backend drops what it has.

use jiff::SignedDuration;
use vestnik_model::Reason;

use crate::attempt::{Outcome, REFUSED_PAUSE};

/// What an answer with a status means for the try, with the wait that it asks for, if it does.
#[must_use]
pub fn answered(status: u16, retry_after: Option<SignedDuration>) -> Outcome {
    let again = |reason| Outcome::Retry {
        reason,
        after: retry_after,
    };
    let never = |reason| Outcome::Rejected { reason };
    match status {
        200..=299 => Outcome::Accepted,
        300..=399 | 410 => never(Reason::ConfigNoRoute),
        401 | 403 | 407 => Outcome::Retry {
            reason: Reason::ConfigProviderAuth,
            after: retry_after.or(Some(REFUSED_PAUSE)),
        },
        408 => again(Reason::ProviderTimeout),
        413 => never(Reason::ProviderPayloadTooLarge),
        429 => again(Reason::ProviderThrottled),
        425 | 502..=504 => again(Reason::ProviderUnavailable),
        400..=499 => never(Reason::ProviderRejected),
        500..=599 => again(Reason::ProviderInternal),
        _ => never(Reason::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::{Escalation, consequences};

    const ASKED: Option<SignedDuration> = Some(SignedDuration::from_secs(90));

    fn retry(reason: Reason, after: Option<SignedDuration>) -> Outcome {
        Outcome::Retry { reason, after }
    }

    #[test]
    fn each_status_has_its_outcome() {
        use Reason::*;
        let never = |reason| Outcome::Rejected { reason };
        for (status, expected) in [
            (200, Outcome::Accepted),
            (202, Outcome::Accepted),
            (204, Outcome::Accepted),
            (301, never(ConfigNoRoute)),
            (308, never(ConfigNoRoute)),
            (400, never(ProviderRejected)),
            (401, retry(ConfigProviderAuth, Some(REFUSED_PAUSE))),
            (403, retry(ConfigProviderAuth, Some(REFUSED_PAUSE))),
            (404, never(ProviderRejected)),
            (405, never(ProviderRejected)),
            (407, retry(ConfigProviderAuth, Some(REFUSED_PAUSE))),
            (408, retry(ProviderTimeout, None)),
            (409, never(ProviderRejected)),
            (410, never(ConfigNoRoute)),
            (413, never(ProviderPayloadTooLarge)),
            (422, never(ProviderRejected)),
            (425, retry(ProviderUnavailable, None)),
            (429, retry(ProviderThrottled, None)),
            (451, never(ProviderRejected)),
            (500, retry(ProviderInternal, None)),
            (501, retry(ProviderInternal, None)),
            (502, retry(ProviderUnavailable, None)),
            (503, retry(ProviderUnavailable, None)),
            (504, retry(ProviderUnavailable, None)),
            (100, never(Unknown)),
            (600, never(Unknown)),
        ] {
            assert_eq!(answered(status, None), expected, "{status}");
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_where_it_is_tried_again() {
        for status in 0..=999 {
            let outcome = answered(status, ASKED);
            if let Outcome::Retry { after, .. } = outcome {
                assert_eq!(after, ASKED, "{status}");
            } else {
                assert_eq!(outcome, answered(status, None), "{status}");
            }
        }
    }

    /// What is not tried again does not keep the next step waiting.
    #[test]
    fn what_the_backend_does_not_deliver_goes_to_the_next_step_at_once() {
        for status in 0..=999 {
            let Outcome::Rejected { reason } = answered(status, None) else {
                continue;
            };
            assert_eq!(
                consequences(reason).escalation,
                Escalation::AtOnce,
                "{status}"
            );
        }
    }
}
