use vestnik_clock::ManualClock;
use vestnik_outbound::{ConnectError, Forbidden};
use vestnik_push::driver::{Sign, Why};

use super::*;
use crate::channel::outcome::sign;

fn backend() -> Backend {
    let text = r#"{"url": "https://shop.example/deliver", "keys": {"current": "whsec_AAAA"}}"#;
    let app = AppId::parse("shop").unwrap();
    let client = Client::new(Reach::default(), &Trust::system(), LIMITS).unwrap();
    Backend::new(&app, read(&app, Some(text)).unwrap(), client)
}

fn clock() -> ManualClock {
    ManualClock::new(jiff::Timestamp::UNIX_EPOCH, 7)
}

const fn retry(reason: Reason, after: Option<i64>) -> Outcome {
    Outcome::Retry {
        reason,
        after: match after {
            Some(seconds) => Some(SignedDuration::from_secs(seconds)),
            None => None,
        },
    }
}

/// Why a backend is not asked, and for how many seconds.
fn held_back(backend: &Backend, clock: &ManualClock) -> Option<(Reason, i64)> {
    match backend.gate.admit(clock) {
        Ok(_) => None,
        Err(Outcome::Held {
            reason,
            after: Some(after),
        }) => Some((reason, after.as_secs())),
        Err(outcome) => panic!("{outcome:?}"),
    }
}

#[test]
fn an_account_that_cannot_be_read_waits_for_another() {
    let app = AppId::parse("shop").unwrap();
    for text in [None, Some("{}"), Some("nothing")] {
        assert_eq!(read(&app, text).err(), Some(Unusable::Unreadable));
    }
}

#[test]
fn what_was_not_sent_is_told_from_what_may_have_been_taken() {
    let unavailable = retry(Reason::ProviderUnavailable, None);
    for (error, expected) in [
        (
            SendError::Forbidden(Forbidden::NotPublic),
            Outcome::Rejected {
                reason: Reason::ConfigNoRoute,
            },
        ),
        (SendError::Connect(ConnectError::NoAddress), unavailable),
        (SendError::Unwritten, retry(Reason::ProviderTimeout, None)),
        (SendError::Unanswered, Outcome::Unproven),
        (
            SendError::Busy(Duration::ZERO),
            Outcome::Held {
                reason: Reason::ProviderUnavailable,
                after: None,
            },
        ),
    ] {
        assert_eq!(unanswered(&error), expected, "{error:?}");
    }
}

#[test]
fn each_outcome_tells_of_the_backend_or_of_the_delivery() {
    let failing = Some(Sign::Bad(Why::Failing));
    let held = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    let rejected = Outcome::Rejected {
        reason: Reason::ProviderRejected,
    };
    for (outcome, expected) in [
        (Outcome::Accepted, Some(Sign::Alive)),
        (rejected, Some(Sign::Alive)),
        (retry(Reason::ProviderThrottled, None), Some(Sign::Alive)),
        (retry(Reason::ProviderInternal, None), failing),
        (retry(Reason::ProviderUnavailable, Some(9)), failing),
        (Outcome::Unproven, failing),
        (
            retry(Reason::ConfigProviderAuth, Some(300)),
            Some(Sign::Bad(Why::Refusing)),
        ),
        (held, None),
    ] {
        assert_eq!(sign(&outcome), expected, "{outcome:?}");
    }
}

#[test]
fn a_backend_that_wants_a_rest_is_asked_nothing_meanwhile() {
    let (backend, clock) = (backend(), clock());
    backend
        .gate
        .on(&retry(Reason::ProviderThrottled, Some(90)), None, &clock);
    assert_eq!(
        held_back(&backend, &clock),
        Some((Reason::ProviderThrottled, 90))
    );
    // A shorter one that was asked for before the longer one ends nothing.
    backend
        .gate
        .on(&retry(Reason::ProviderUnavailable, Some(5)), None, &clock);
    clock.advance(Duration::from_secs(89));
    assert_eq!(
        held_back(&backend, &clock),
        Some((Reason::ProviderThrottled, 1))
    );
    clock.advance(Duration::from_secs(1));
    assert_eq!(held_back(&backend, &clock), None);
    // Without a number it is a minute, and never more than an hour.
    backend
        .gate
        .on(&retry(Reason::ProviderThrottled, None), None, &clock);
    assert_eq!(
        held_back(&backend, &clock),
        Some((Reason::ProviderThrottled, 60))
    );
    backend.gate.on(
        &retry(Reason::ProviderThrottled, Some(90_000)),
        None,
        &clock,
    );
    assert_eq!(
        held_back(&backend, &clock),
        Some((Reason::ProviderThrottled, 3_600))
    );
}

#[test]
fn a_backend_that_fails_or_refuses_its_account_is_tried_by_one_at_a_time() {
    for (outcome, why) in [
        (Outcome::Unproven, Reason::ProviderUnavailable),
        (
            retry(Reason::ConfigProviderAuth, Some(300)),
            Reason::ConfigProviderAuth,
        ),
    ] {
        let (backend, clock) = (backend(), clock());
        for _ in 0..5 {
            let probe = backend.gate.admit(&clock).unwrap();
            backend.gate.on(&outcome, probe, &clock);
        }
        let (reason, after) = held_back(&backend, &clock).unwrap();
        assert_eq!(reason, why);
        clock.advance(Duration::from_secs(u64::try_from(after).unwrap() + 1));
        let probe = backend.gate.admit(&clock).unwrap();
        assert!(probe.is_some());
        assert!(held_back(&backend, &clock).is_some(), "one is enough");
        backend.gate.on(&Outcome::Accepted, probe, &clock);
        assert_eq!(held_back(&backend, &clock), None);
    }
}
