use super::*;
use crate::{cascade::Target, patience::begin_at, work::LEASE};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn bounds(until: i64, now: i64) -> Bounds {
    Bounds {
        until: at(until),
        collapses: true,
        on_unproven: OnUnproven::Repeat,
        random: 1.0,
        now: at(now),
    }
}

fn busy(after: Option<i64>) -> Outcome {
    Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: after.map(SignedDuration::from_secs),
    }
}

#[test]
fn pauses_double_and_are_bounded() {
    let mut attempt = begin(None, at(30));
    for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let waits = settle(&attempt, &busy(None), bounds(100_000, 0));
        assert_eq!(
            (waits.state, waits.until),
            (State::Retrying, Some(at(expected)))
        );
        attempt = begin(Some(&waits), at(30));
    }
    assert_eq!((attempt.tries, attempt.unproven), (11, 0));
}

#[test]
fn what_a_service_asks_for_is_kept() {
    let first = begin(None, at(30));
    let waits = settle(&first, &busy(Some(600)), bounds(100_000, 0));
    assert_eq!(waits.until, Some(at(601)));
    let throttled = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: None,
    };
    let waits = settle(&first, &throttled, bounds(100_000, 0));
    assert_eq!(waits.until, Some(at(61)));
    // A service cannot bring a try forward.
    let waits = settle(&first, &busy(Some(-5)), bounds(100_000, 0));
    assert_eq!(waits.until, Some(at(1)));
}

#[test]
fn no_try_is_made_when_nobody_wants_it_any_more() {
    let first = begin(None, at(30));
    let over = settle(&first, &busy(Some(600)), bounds(600, 0));
    assert_eq!((over.state, over.until), (State::Failed, None));
    assert_eq!(over.reason, Some(Reason::ProviderUnavailable));
}

#[test]
fn a_try_that_nobody_settled_counts_as_unproven() {
    let first = begin(None, at(30));
    let second = begin(Some(&first), at(60));
    assert_eq!((second.tries, second.unproven), (1, 1));
    let lost = settle(&second, &Outcome::Unproven, bounds(100_000, 31));
    assert_eq!(
        (lost.state, lost.tries, lost.unproven),
        (State::Retrying, 2, 2)
    );
    assert_eq!(lost.reason, Some(Reason::ProviderUnproven));
    let third = begin(Some(&lost), at(90));
    let sent = settle(&third, &Outcome::Accepted, bounds(100_000, 61));
    assert_eq!(
        (sent.state, sent.reason, sent.unproven),
        (State::Sent, None, 2)
    );
}

#[test]
fn what_is_not_understood_is_tried_twice() {
    let unknown = Outcome::Rejected {
        reason: Reason::Unknown,
    };
    let first = settle(&begin(None, at(30)), &unknown, bounds(900, 0));
    assert_eq!(first.state, State::Retrying);
    let second = settle(&begin(Some(&first), at(30)), &unknown, bounds(900, 1));
    assert_eq!(second.state, State::Failed);
    let refused = Outcome::Rejected {
        reason: Reason::ProviderRejected,
    };
    let refused = settle(&begin(None, at(30)), &refused, bounds(900, 0));
    assert_eq!(refused.state, State::Failed);
}

#[test]
fn an_address_dies_only_by_a_newer_proof() {
    let dead = |since: Option<i64>| Outcome::Dead {
        reason: Reason::TokenDead,
        since: since.map(at),
    };
    assert!(kills(&dead(None), at(10), at(20)));
    assert!(!kills(&dead(None), at(21), at(20)));
    assert!(!kills(&dead(Some(10)), at(10), at(20)));
    assert!(kills(&dead(Some(11)), at(10), at(20)));
    assert!(!kills(&busy(None), at(10), at(20)));
}

#[test]
fn an_attempt_waits_for_a_lease_that_is_held_or_for_its_next_try() {
    let attempt = |state, until: Option<i64>| Attempt {
        state,
        until: until.map(at),
        ..begin(None, at(30))
    };
    for (state, until, waits) in [
        (State::Sending, Some(130), Some(130)),
        (State::Sending, Some(100), None),
        // Longer than a lease that is given at 100: the clock was ahead.
        (State::Sending, Some(131), None),
        (State::Retrying, Some(4_000), Some(4_000)),
        (State::Retrying, Some(99), None),
        (State::Failed, Some(160), Some(160)),
        (State::Sent, None, None),
    ] {
        let attempt = attempt(state, until);
        assert_eq!(
            attempt.waits_until(LEASE, at(100)),
            waits.map(at),
            "{state:?} {until:?}"
        );
    }
}

#[test]
fn a_try_is_settled_by_its_outcome_and_what_is_known_since() {
    let begun = begin(None, at(130));
    let known = |has_other, set_at: Option<i64>| Known {
        has_other,
        set_at: set_at.map(at),
        lease: LEASE,
    };
    let settle = |outcome: &Outcome, lease, known| {
        settle_try(&begun, (outcome, at(lease)), known, bounds(900, 110))
            .map(|settled| (settled.state, settled.until))
    };
    let dead = Outcome::Dead {
        reason: Reason::TokenDead,
        since: None,
    };
    let (failed, at_once) = ((State::Failed, None), (State::Retrying, Some(at(110))));
    assert_eq!(settle(&dead, 130, known(false, None)), Some(failed));
    assert_eq!(
        settle(&dead, 130, known(true, None)).map(|settled| settled.0),
        Some(State::Retrying)
    );
    let refused = Outcome::Retry {
        reason: Reason::ConfigProviderAuth,
        after: Some(SignedDuration::from_mins(5)),
    };
    let later = settle(&refused, 130, known(false, Some(99))).unwrap();
    assert!(later.1 >= Some(at(410)), "{later:?}");
    assert_eq!(
        settle(&refused, 130, known(false, Some(105))),
        Some(at_once)
    );
    // Another try, or one that was settled before.
    assert_eq!(settle(&Outcome::Accepted, 129, known(false, None)), None);
    let sent = settle_try(
        &begun,
        (&Outcome::Accepted, at(130)),
        known(false, None),
        bounds(900, 110),
    );
    let again = settle_try(
        &sent.unwrap(),
        (&dead, at(130)),
        known(false, None),
        bounds(900, 111),
    );
    assert_eq!(again, None);
}

#[test]
fn what_was_held_back_was_no_try() {
    let held = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_secs(40)),
    };
    let waits = settle(&begin(None, at(30)), &held, bounds(900, 0));
    assert_eq!(
        (waits.state, waits.tries, waits.until),
        (State::Retrying, 0, Some(at(41)))
    );
    let unsaid = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    let waits = settle(&begin(Some(&waits), at(30)), &unsaid, bounds(900, 50));
    assert_eq!((waits.tries, waits.until), (0, Some(at(56))));
    // Whatever failed before, it waits no longer than it is asked to.
    let often = Attempt {
        tries: 30,
        unproven: 30,
        ..waits.clone()
    };
    let again = settle(&begin(Some(&often), at(30)), &held, bounds(900, 0));
    assert_eq!((again.tries, again.until), (30, Some(at(41))));
    let late = settle(&begin(Some(&waits), at(30)), &held, bounds(40, 0));
    assert_eq!((late.state, late.tries), (State::Failed, 0));
}

#[test]
fn a_dead_address_with_a_successor_is_tried_again_at_once() {
    let dead = Outcome::Dead {
        reason: Reason::TokenDead,
        since: None,
    };
    assert_eq!(for_delivery(dead.clone(), false), dead);
    let again = settle(
        &begin(None, at(30)),
        &for_delivery(dead, true),
        bounds(900, 0),
    );
    assert_eq!(
        (again.state, again.reason, again.until),
        (State::Retrying, Some(Reason::TokenDead), Some(at(1)))
    );
    assert_eq!(for_delivery(Outcome::Unproven, true), Outcome::Unproven);
}

/// What a service said of credentials holds back none that were set since.
#[test]
fn a_refusal_of_former_credentials_holds_the_next_ones_back_no_longer() {
    let reason = Reason::ConfigProviderAuth;
    let after = Some(SignedDuration::from_mins(5));
    let begun = begin(None, at(130));
    for outcome in [
        Outcome::Retry { reason, after },
        Outcome::Held { reason, after },
    ] {
        let next = |set_at: Option<i64>| {
            let of = (outcome.clone(), bounds(200, 110));
            let (outcome, bounds) = after_renewal(of, at(100), set_at.map(at));
            let settled = settle(&begun, &outcome, bounds);
            (settled.state, settled.until)
        };
        // It began at 100.
        assert_eq!(next(Some(105)), (State::Retrying, Some(at(110))));
        assert_eq!(next(Some(100)), (State::Retrying, Some(at(110))));
        assert_eq!(next(Some(99)), (State::Failed, None));
        assert_eq!(next(None), (State::Failed, None));
    }
    // What is not about credentials waits as it would.
    let of = (busy(Some(60)), bounds(1_000, 110));
    assert_eq!(after_renewal(of.clone(), at(100), Some(at(120))), of);
}

#[test]
fn what_waits_for_credentials_is_tried_at_once_when_they_are_renewed() {
    let begun = begin(None, at(30));
    let waits = |reason| {
        let after = Some(SignedDuration::from_mins(5));
        settle(&begun, &Outcome::Retry { reason, after }, bounds(9_000, 0))
    };
    let refused = waits(Reason::ConfigProviderAuth);
    let next = renewed(&refused, at(10)).unwrap();
    assert_eq!(next.until, Some(at(10)));
    assert_eq!((next.state, next.tries), (refused.state, refused.tries));
    // Once is enough, and nothing is put off.
    assert_eq!(renewed(&next, at(10)), None);
    assert_eq!(renewed(&refused, at(8_000)), None);
    assert_eq!(renewed(&waits(Reason::ProviderUnavailable), at(10)), None);
    let sending = begin(Some(&refused), at(60));
    assert_eq!(renewed(&sending, at(10)), None);
}

#[test]
fn a_server_that_takes_letters_and_never_answers_gets_three_at_most() {
    let letters = |until, now| Bounds {
        collapses: false,
        ..bounds(until, now)
    };
    let mut attempt = begin(None, at(30));
    for unproven in [1, 2] {
        let waits = settle(&attempt, &Outcome::Unproven, letters(100_000, 0));
        assert_eq!((waits.state, waits.unproven), (State::Retrying, unproven));
        assert!(waits.until >= Some(at(600)), "{waits:?}");
        attempt = begin(Some(&waits), at(30));
    }
    let last = settle(&attempt, &Outcome::Unproven, letters(100_000, 0));
    let seen = (last.state, last.reason, last.tries, last.unproven);
    assert_eq!(seen, (State::Sent, Some(Reason::ProviderUnproven), 3, 3));

    // So does one that says now and then that it takes nothing, or that could not be asked.
    let away = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    for between in [busy(None), away] {
        let mut attempt = begin(None, at(30));
        for _ in [1, 2] {
            let silent = settle(&attempt, &Outcome::Unproven, letters(100_000, 0));
            let begun = begin(Some(&silent), at(30));
            let waits = settle(&begun, &between, letters(100_000, 0));
            assert_eq!(waits.state, State::Retrying);
            attempt = begin(Some(&waits), at(30));
        }
        let last = settle(&attempt, &Outcome::Unproven, letters(100_000, 0));
        assert_eq!((last.state, last.unproven), (State::Sent, 3));
    }

    // A push takes the place of the one before: it goes on.
    let mut attempt = begin(None, at(30));
    for _ in 0..10 {
        let waits = settle(&attempt, &Outcome::Unproven, bounds(100_000, 0));
        assert_eq!(waits.state, State::Retrying);
        attempt = begin(Some(&waits), at(30));
    }

    // Processes that ended may have written nothing: their tries alone prove nothing.
    let mut attempt = begin(None, at(30));
    for _ in 0..10 {
        attempt = begin(Some(&attempt), at(30));
    }
    let waits = settle(&attempt, &Outcome::Unproven, letters(100_000, 0));
    assert_eq!((waits.state, waits.unproven), (State::Retrying, 11));
}

#[test]
fn what_the_sender_wants_given_up_has_one_try_that_nobody_answered() {
    for collapses in [true, false] {
        let once = Bounds {
            collapses,
            on_unproven: OnUnproven::GiveUp,
            ..bounds(100_000, 0)
        };
        let begun = begin(None, at(30));
        let over = settle(&begun, &Outcome::Unproven, once);
        let seen = (over.state, over.reason, over.until, over.unproven);
        let unproven = Some(Reason::ProviderUnproven);
        assert_eq!(seen, (State::Failed, unproven, None, 1));
        assert_eq!(over.tries, 1);
        // A try that its process left behind ends in the same way.
        let left = Attempt {
            unanswered: 0,
            ..over
        };
        assert_eq!(begun.given_up(), left);
        // What is known not to have been taken is repeated.
        let begun = begin(None, at(30));
        let waits = settle(&begun, &busy(None), once);
        assert_eq!(waits.state, State::Retrying);
        assert_eq!(waits.clone().given_up(), waits);
    }
}

#[test]
fn what_is_dropped_while_nobody_knows_of_its_try_may_have_been_taken() {
    let begun = begin(None, at(30));
    assert_eq!(begun.clone().dropped(), begun.given_up());
    let waits = settle(&begin(None, at(30)), &busy(None), bounds(100_000, 0));
    let over = waits.clone().dropped();
    assert!(!over.may_be_taken());
    let failed = Attempt {
        state: State::Failed,
        until: None,
        ..waits
    };
    assert_eq!(over, failed);
}

#[test]
fn a_letter_that_never_had_its_turn_was_not_taken() {
    let lease = at(1_440);
    let begun = begin_at(Target::Mailbox, None, lease);
    assert!(begun.is_try_of(lease) && !begun.may_be_taken());
    // Its process ended.
    let next = begin_at(Target::Mailbox, Some(&begun), at(2_000));
    assert_eq!((next.tries, next.unproven), (0, 0));
    assert_eq!(begun.clone().given_up(), begun);
    assert!(!begun.clone().dropped().may_be_taken());
    // It is settled like one that had it.
    let held = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    let waits = settle(&begun, &held, bounds(900, 0));
    assert_eq!((waits.state, waits.tries), (State::Retrying, 0));
}
