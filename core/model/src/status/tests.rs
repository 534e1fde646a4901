use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn facts() -> impl Strategy<Value = (Evidence, i64)> {
    let evidence = prop_oneof![
        Just(Evidence::Sent),
        Just(Evidence::Receipt(ReceiptKind::Delivered)),
        Just(Evidence::Receipt(ReceiptKind::Displayed)),
        Just(Evidence::Receipt(ReceiptKind::Read)),
        Just(Evidence::Receipt(ReceiptKind::Clicked)),
        Just(Evidence::Receipt(ReceiptKind::Dismissed)),
    ];
    (evidence, 0..1_000_i64)
}

fn merged(facts: &[(Evidence, i64)]) -> DeliveryState {
    let mut state = DeliveryState::pending();
    for (evidence, second) in facts {
        state.merge(*evidence, at(*second));
    }
    state
}

proptest! {
    #[test]
    fn order_and_repetition_never_matter(
        (given, shuffled) in prop::collection::vec(facts(), 0..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let mut twice = shuffled.clone();
        twice.extend(shuffled);
        prop_assert_eq!(merged(&given), merged(&twice));
    }

    #[test]
    fn a_positive_fact_beats_a_negative_end(fact in facts()) {
        let mut state = DeliveryState::pending();
        state.merge(Evidence::Ended(Reason::ExpiredTtl), at(0));
        prop_assert!(state.merge(fact.0, at(fact.1)));
        prop_assert!(state.late && state.reason.is_none() && state.status.rank().is_some());
    }

    #[test]
    fn a_negative_end_never_beats_a_hand_over(fact in facts()) {
        let mut state = merged(&[fact]);
        prop_assert!(!state.merge(Evidence::Ended(Reason::ExpiredTtl), at(0)));
    }
}

#[test]
fn read_implies_delivered() {
    let state = merged(&[(Evidence::Receipt(ReceiptKind::Read), 5)]);
    assert_eq!(
        (state.delivered_at, state.read_at),
        (Some(at(5)), Some(at(5)))
    );
}

#[test]
fn the_notification_follows_from_its_counts() {
    #[track_caller]
    fn check(expanding: bool, counts: Counts, expected: NotificationStatus) {
        assert_eq!(counts.status(expanding), expected);
    }
    let none = Counts::default();
    check(true, none, NotificationStatus::Accepted);
    check(false, none, NotificationStatus::Sent);
    check(
        false,
        Counts { pending: 2, ..none },
        NotificationStatus::Queued,
    );
    check(
        true,
        Counts { sent: 2, ..none },
        NotificationStatus::Sending,
    );
    check(
        false,
        Counts {
            pending: 1,
            read: 1,
            ..none
        },
        NotificationStatus::Sending,
    );
    check(
        false,
        Counts {
            sent: 1,
            delivered: 1,
            read: 1,
            ..none
        },
        NotificationStatus::Sent,
    );
    check(
        false,
        Counts {
            sent: 1,
            undelivered: 1,
            ..none
        },
        NotificationStatus::Error,
    );
    check(
        false,
        Counts {
            sent: 1,
            expired: 1,
            ..none
        },
        NotificationStatus::Error,
    );
    check(
        false,
        Counts { expired: 3, ..none },
        NotificationStatus::Expired,
    );
}

#[test]
fn the_old_words_stay_visible() {
    let words: Vec<_> = [
        NotificationStatus::Accepted,
        NotificationStatus::Sending,
        NotificationStatus::Sent,
        NotificationStatus::Error,
    ]
    .map(NotificationStatus::legacy_status)
    .into();
    assert_eq!(words, ["SCHEDULED", "QUEUED", "SENT", "ERROR"]);
}
