use std::time::Duration;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn id(text: &str) -> EventId {
    text.parse().unwrap()
}

fn answer(status: u16, second: i64) -> WebhookAnswer {
    WebhookAnswer {
        at: at(second),
        status: Some(status),
        trouble: None,
    }
}

fn note(event: u64, verdict: Verdict, status: u16, second: i64) -> Note {
    let tried = Tried {
        event: EventId::of(event),
        verdict,
        answer: answer(status, second),
    };
    Note {
        passed: None,
        tried: Some(tried),
        random: 100,
    }
}

const FAILED: Verdict = Verdict::Failed { slow: None };

fn webhook() -> Webhook {
    Webhook {
        id: "whk_0192f0c1000070008000000000000001".parse().unwrap(),
        target: Target {
            url: "https://shop.example/hook".to_owned(),
            keys: Keys::new("one".to_owned()),
        },
        events: None,
        state: State::new(4),
        created_at: at(0),
    }
}

#[test]
fn the_cursor_moves_over_what_was_taken_and_never_back() {
    let state = State::new(4).noted(&note(5, Verdict::Taken, 200, 1), at(1));
    assert_eq!(state.cursor, EventId::of(5));
    let late = state.noted(&note(4, Verdict::Taken, 204, 2), at(2));
    assert_eq!(late.cursor, EventId::of(5));
    let passed = Note {
        passed: Some(EventId::of(9)),
        tried: None,
        random: 0,
    };
    let passed = late.noted(&passed, at(3));
    assert_eq!(passed.cursor, EventId::of(9));
    assert_eq!(passed.last, Some(answer(204, 2)));
}

#[test]
fn a_receiver_that_fails_is_asked_for_three_days_and_disabled() {
    let (mut state, mut now, mut tries) = (State::new(4), at(0), 0);
    while state.disabled.is_none() {
        state = state.noted(&note(5, FAILED, 500, 0), now);
        tries += 1;
        assert_eq!(state.cursor, EventId::of(4), "nothing was taken");
        assert_eq!(state.failing_since, Some(at(0)));
        let Some(due) = state.due(true, now) else {
            break;
        };
        assert!(due > now, "a try has a pause behind it");
        now = due;
    }
    assert_eq!(tries, 10);
    assert_eq!(state.disabled, Some((WebhookDisabledReason::Failing, now)));
    assert_eq!(now.duration_since(at(0)).as_hours(), 75);
    assert_eq!(state.due(true, now), None);
    let again = state.enabled();
    assert_eq!((again.failures, again.failing_since), (0, None));
    assert_eq!(again.due(true, now), Some(now), "from its cursor, at once");
}

#[test]
fn what_is_taken_ends_a_failure() {
    let state = State::new(4).noted(&note(5, FAILED, 500, 0), at(0));
    let state = state.noted(&note(5, FAILED, 500, 5), at(5));
    assert_eq!(state.failures, 2);
    let state = state.noted(&note(5, Verdict::Taken, 200, 300), at(300));
    assert_eq!((state.failures, state.failing_since), (0, None));
    assert_eq!(state.due(false, at(300)), Some(IDLE));
    let state = state.noted(&note(6, FAILED, 500, 400), at(400));
    assert_eq!(state.due(true, at(400)), Some(at(405)), "the first pause");
}

#[test]
fn a_receiver_that_asks_for_time_is_given_it() {
    let slow = |seconds| Verdict::Failed {
        slow: Some(Duration::from_secs(seconds)),
    };
    let state = State::new(4).noted(&note(5, slow(600), 429, 0), at(0));
    assert_eq!(state.retry_at, Some(at(600)));
    let state = State::new(4).noted(&note(5, slow(1), 503, 0), at(0));
    assert_eq!(state.retry_at, Some(at(5)), "the schedule's own is longer");
}

#[test]
fn a_receiver_that_is_gone_is_disabled_at_once() {
    let state = State::new(4).noted(&note(5, Verdict::Gone, 410, 0), at(0));
    let gone = Some((WebhookDisabledReason::Gone, at(0)));
    assert_eq!(state.disabled, gone);
    assert_eq!(state.cursor, EventId::of(4), "the event was not taken");
    let state = state.disabled(WebhookDisabledReason::Operator, at(9));
    assert_eq!(state.disabled, gone, "the first reason stands");
}

#[test]
fn what_is_kept_no_longer_is_missed_once() {
    let state = State::new(7);
    assert_eq!(state.missed(0), None);
    assert_eq!(state.missed(7), None, "it was taken before it was deleted");
    assert_eq!(state.missed(8), Some(EventId::of(8)));
    let within = State {
        cursor: id("evt_8_0192f0c1000070008000000000000002"),
        ..State::new(0)
    };
    assert_eq!(
        within.missed(8),
        Some(EventId::of(8)),
        "the rest of a commit"
    );
    let told = state.noted(&note(8, Verdict::Taken, 200, 0), at(0));
    assert_eq!(told.missed(8), None);
    assert_eq!(State::new(0).missed(0), None);
}

#[test]
fn a_gap_has_an_id_of_its_own_at_its_place() {
    let (webhook, other) = (webhook().id, WebhookId::from_uuid(uuid::Uuid::from_u128(9)));
    let (after, up_to) = (EventId::of(4), EventId::of(8));
    let gap = gap_id(webhook, after, up_to);
    assert_eq!(
        gap,
        gap_id(webhook, after, up_to),
        "a repetition has it too"
    );
    assert!(up_to < gap && gap < id("evt_9_0192f0c1000070008000000000000002"));
    assert_eq!(missed(gap, 8), None, "a receiver reads on behind it");
    for another in [
        gap_id(other, after, up_to),
        gap_id(webhook, EventId::of(3), up_to),
        gap_id(webhook, after, EventId::of(9)),
    ] {
        assert_ne!(another, gap);
    }
}

#[test]
fn an_address_that_was_corrected_is_tried_at_once() {
    let mut failing = webhook();
    failing.state = failing.state.noted(&note(5, FAILED, 500, 0), at(0));
    let edit = Change::Edit {
        url: Some("https://shop.example/other".to_owned()),
        events: None,
    };
    let (moved, is_anew) = change(failing, edit, 9, at(1)).unwrap();
    assert!(is_anew);
    assert_eq!(moved.state.due(true, at(1)), Some(at(1)));
}

#[test]
fn a_turn_ends_when_it_would_go_on_as_before() {
    let mut failing = webhook();
    failing.state = failing.state.noted(&note(5, FAILED, 500, 0), at(0));
    let kinds = Some(BTreeSet::from([EventKind::DeliveryRead]));
    let edit = |events| Change::Edit { url: None, events };
    let (other, is_anew) = change(failing.clone(), edit(Some(kinds.clone())), 9, at(1)).unwrap();
    assert_eq!((&other.events, is_anew), (&kinds, true));
    assert_eq!(other.state, failing.state, "the pause stays");
    let (same, is_anew) = change(other.clone(), edit(Some(kinds)), 9, at(1)).unwrap();
    assert_eq!((&same, is_anew), (&other, false));
    assert!(!change(other, edit(None), 9, at(1)).unwrap().1);
    let rotate = Change::Rotate {
        key: SecretText("whsec_new".to_owned()),
        until: at(1),
    };
    let (rotated, is_anew) = change(failing.clone(), rotate, 9, at(1)).unwrap();
    assert_eq!(rotated.target.keys.signing(at(1)), ["whsec_new"]);
    assert_eq!((rotated.state, is_anew), (failing.state, true));
}

#[test]
fn a_replay_goes_on_behind_an_event_that_is_there() {
    let replayed = |after| change(webhook(), Change::Replay(EventId::of(after)), 9, at(1));
    let (back, is_anew) = replayed(2).unwrap();
    assert_eq!((back.state.cursor, is_anew), (EventId::of(2), true));
    assert_eq!(replayed(9).unwrap().0.state.cursor, EventId::of(9));
    assert_eq!(replayed(10), Err(Beyond));
}

#[test]
fn only_what_was_asked_for_is_sent_and_always_a_gap() {
    let every = webhook();
    assert!(every.wants(EventKind::DeliveryRead));
    let some = Webhook {
        events: Some(BTreeSet::from([EventKind::NotificationError])),
        ..every
    };
    assert!(some.wants(EventKind::NotificationError));
    assert!(some.wants(EventKind::WebhookGap));
    assert!(!some.wants(EventKind::DeliveryRead));
}

#[test]
fn two_keys_sign_for_as_long_as_the_former_may() {
    let keys = Keys::new("one".to_owned());
    assert_eq!(keys.signing(at(0)), ["one"]);
    let keys = keys.rotated("two".to_owned(), at(10));
    assert_eq!(keys.signing(at(9)), ["two", "one"]);
    assert_eq!(keys.former_until(at(9)), Some(at(10)));
    assert_eq!(keys.signing(at(10)), ["two"]);
    let keys = keys.rotated("three".to_owned(), at(20));
    assert_eq!(keys.signing(at(9)), ["three", "two"], "no third key signs");
    let text = serde_json::to_string(&keys).unwrap();
    assert_eq!(serde_json::from_str::<Keys>(&text).unwrap(), keys);
    assert_eq!(format!("{keys:?} {:?}", webhook().target), "Keys Target");
}

#[test]
fn an_app_has_a_bounded_number_of_them() {
    assert!(has_room(0, 1) && !has_room(1, 1) && !has_room(2, 1));
}
