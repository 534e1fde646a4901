use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn receipt() -> impl Strategy<Value = Evidence> {
    prop::sample::select(ReceiptKind::ALL.to_vec()).prop_map(Evidence::Receipt)
}

fn end() -> impl Strategy<Value = Evidence> {
    prop::sample::select(Reason::ALL.to_vec()).prop_map(Evidence::Ended)
}

fn positive() -> impl Strategy<Value = (Evidence, i64)> {
    (prop_oneof![Just(Evidence::Sent), receipt()], 0..1_000_i64)
}

fn any_evidence() -> impl Strategy<Value = (Evidence, i64)> {
    (
        prop_oneof![Just(Evidence::Sent), receipt(), end()],
        0..1_000_i64,
    )
}

fn merged(facts: &[(Evidence, i64)]) -> DeliveryState {
    let mut state = DeliveryState::pending();
    for (evidence, second) in facts {
        state.merge(*evidence, at(*second));
    }
    state
}

fn shuffled<T: Clone + std::fmt::Debug + 'static>(
    one: impl Strategy<Value = T>,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    prop::collection::vec(one, 0..12)
        .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
}

/// What positive evidence alone makes of a delivery.
fn proven(state: &DeliveryState) -> impl PartialEq + std::fmt::Debug + use<> {
    let times = (state.sent_at, state.delivered_at, state.read_at);
    (times, state.engagement.clone())
}

proptest! {
    #[test]
    fn order_and_repetition_never_matter((given, shuffled) in shuffled(positive())) {
        let mut twice = shuffled.clone();
        twice.extend(shuffled);
        prop_assert_eq!(merged(&given), merged(&twice));
    }

    #[test]
    fn ends_never_change_what_devices_confirm((given, shuffled) in shuffled(any_evidence())) {
        let (one, other) = (merged(&given), merged(&shuffled));
        prop_assert_eq!(proven(&one), proven(&other));
        if one.delivered_at.is_some() {
            prop_assert_eq!((one.status, &one.reason), (other.status, &other.reason));
            prop_assert!(one.status.rank() >= DeliveryStatus::Delivered.rank());
        }
    }

    #[test]
    fn evidence_is_merged_once(given in prop::collection::vec(any_evidence(), 1..12)) {
        let mut state = merged(&given);
        let (last, second) = *given.last().unwrap();
        let before = state.clone();
        prop_assert!(!state.merge(last, at(second)));
        prop_assert_eq!(state, before);
    }

    #[test]
    fn a_status_falls_only_to_an_end(
        given in prop::collection::vec(any_evidence(), 0..12), next in any_evidence()
    ) {
        let before = merged(&given);
        let mut after = before.clone();
        let changed = after.merge(next.0, at(next.1));
        prop_assert_eq!(changed, after != before);
        if let (Some(was), Some(is)) = (before.status.rank(), after.status.rank()) {
            prop_assert!(is >= was);
        }
        if after.status.rank().is_none() {
            prop_assert!(before.status.rank() < DeliveryStatus::Delivered.rank());
            prop_assert!(after.reason.is_some());
        } else {
            prop_assert_eq!(after.reason, None);
        }
        prop_assert!(after.late || !before.late);
    }

    #[test]
    fn a_receipt_beats_every_end(
        was_sent: bool, reason in end(), (receipt, second) in (receipt(), 0..1_000_i64)
    ) {
        let mut state = DeliveryState::pending();
        if was_sent {
            state.merge(Evidence::Sent, at(0));
        }
        let has_ended = state.merge(reason, at(0));
        prop_assert!(state.merge(receipt, at(second)));
        prop_assert!(state.reason.is_none() && state.status.rank().is_some());
        prop_assert_eq!(state.late, has_ended);
    }

    #[test]
    fn only_what_comes_after_it_ends_what_was_handed_over(
        reason in prop::sample::select(Reason::ALL.to_vec())
    ) {
        let mut state = merged(&[(Evidence::Sent, 1)]);
        prop_assert_eq!(state.merge(Evidence::Ended(reason), at(2)), reason.is_after_hand_over());
    }
}

#[test]
fn unconfirmed_needs_a_hand_over() {
    let unconfirmed = Evidence::Ended(Reason::DeliveryUnconfirmed);
    let mut state = DeliveryState::pending();
    assert!(!state.merge(unconfirmed, at(1)));
    state = merged(&[(Evidence::Sent, 1), (unconfirmed, 9)]);
    assert_eq!(state.status, DeliveryStatus::Undelivered);
    assert_eq!(state.reason, Some(Reason::DeliveryUnconfirmed.into()));
    // A repeated hand-over confirms nothing.
    state.merge(Evidence::Sent, at(0));
    assert_eq!(state.status, DeliveryStatus::Undelivered);
    assert_eq!(state.sent_at, Some(at(0)));
    state.merge(Evidence::Receipt(ReceiptKind::Displayed), at(20));
    assert_eq!(
        (state.status, state.late),
        (DeliveryStatus::Delivered, true)
    );
}

#[test]
fn a_late_hand_over_beats_an_expiry_and_may_end_unconfirmed() {
    let mut state = merged(&[
        (Evidence::Ended(Reason::ExpiredTtl), 1),
        (Evidence::Sent, 2),
    ]);
    assert_eq!((state.status, state.late), (DeliveryStatus::Sent, true));
    assert!(state.merge(Evidence::Ended(Reason::DeliveryUnconfirmed), at(3)));
    assert_eq!(state.status, DeliveryStatus::Undelivered);
}

#[test]
fn each_reason_has_its_end() {
    for reason in Reason::ALL {
        assert_eq!(reason.end().rank(), None, "{reason:?}");
    }
    let mut state = DeliveryState::pending();
    state.merge(Evidence::Ended(Reason::CancelledSender), at(1));
    assert_eq!(state.status, DeliveryStatus::Cancelled);
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
