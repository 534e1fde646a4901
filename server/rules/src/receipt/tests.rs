use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use vestnik_model::{DeliveryStatus, Fact, FactOutcome, Open};

use super::*;
use crate::{
    delivery::{Confirmation, expire},
    log::{Epoch, Place, Tag},
};

const ACCEPTED: i64 = 1_000;
const NOW: i64 = 2_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

fn notification() -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(1))
}

fn reporter() -> Reporter {
    Reporter {
        installation: installation(1),
        now: at(NOW),
    }
}

fn subject(state: DeliveryState) -> Subject<'static> {
    Subject {
        state,
        only: None,
        accepted_at: at(ACCEPTED),
        flags: &[],
        facts: 0,
        outside: None,
        by: Channel::Hub,
    }
}

fn pending() -> Subject<'static> {
    subject(DeliveryState::pending())
}

fn judged(about: About, at: Timestamp, subject: Option<Subject<'_>>) -> Judgement {
    let fact = FactId::parse("f1").unwrap();
    let report = Report {
        fact: &fact,
        notification: notification(),
        at,
        about,
    };
    judge(&report, &reporter(), subject)
}

fn taken(about: About, subject: Subject<'_>) -> Change {
    judged(about, at(1_500), Some(subject)).change.unwrap()
}

const READ: About = About::Receipt(ReceiptKind::Read);

const fn flag(flag: Flag, value: bool, version: u64) -> About {
    About::Flag(FlagState {
        flag,
        version,
        value,
    })
}

#[test]
fn a_fact_names_a_delivery_or_a_place() {
    let parsed = |fact: serde_json::Value| {
        serde_json::from_value::<Fact>(fact)
            .unwrap()
            .parse()
            .unwrap()
    };
    let id = notification().to_string();
    let of = |kind: &str, body: serde_json::Value| {
        parsed(json!({
            "id": "f1", "kind": kind, "notificationId": id, "version": 7, "body": body,
            "at": "1970-01-01T00:25:00Z"
        }))
    };
    for (fact, about) in [
        (
            of("clicked", json!(null)),
            About::Receipt(ReceiptKind::Clicked),
        ),
        (
            of("flag", json!({"flag": "deleted", "value": true})),
            flag(Flag::Deleted, true, 7),
        ),
        (of("reply", json!({"text": "yes"})), About::Reply),
        (of("not_shown", json!({"reason": "quiet"})), About::NotShown),
        (
            of("not_shown", json!({"reason": "blocked.os"})),
            About::NotShown,
        ),
        (
            of("not_shown", json!({"reason": "decrypt.failed"})),
            About::Useless(Reason::DecryptFailed),
        ),
        (
            of("not_shown", json!({"reason": "decrypt.unknown_key"})),
            About::Useless(Reason::DecryptUnknownKey),
        ),
        (
            of("not_shown", json!({"reason": "owner.mismatch_dropped"})),
            About::Useless(Reason::OwnerMismatchDropped),
        ),
        (
            of("not_shown", json!({"reason": "recalled"})),
            About::Dropped,
        ),
    ] {
        let report = Report {
            fact: &fact.id,
            notification: notification(),
            at: at(1_500),
            about,
        };
        assert_eq!(aim(&fact), Aim::Delivery(report));
    }
    let up_to = parsed(
        json!({"id": "f1", "kind": "read_up_to", "upTo": "c", "at": "1970-01-01T00:25:00Z"}),
    );
    assert_eq!(aim(&up_to), Aim::UpTo(&Cursor::parse("c").unwrap()));
}

#[test]
fn what_the_user_never_had_is_refused() {
    #[track_caller]
    fn check(subject: Option<Subject<'_>>) {
        let Judgement { result, change } = judged(READ, at(1_500), subject);
        assert_eq!(result.outcome, FactOutcome::Refused);
        assert_eq!(result.code, Some(FactRefusal::UnknownNotification.into()));
        assert_eq!((result.id.as_str(), change), ("f1", None));
    }
    check(None);
    check(Some(Subject {
        only: Some(&[]),
        ..pending()
    }));
    check(Some(Subject {
        only: Some(&[installation(2)]),
        ..pending()
    }));
    let meant = Subject {
        only: Some(&[installation(2), installation(1)]),
        ..pending()
    };
    let result = judged(READ, at(1_500), Some(meant)).result;
    assert_eq!(
        (result.outcome, result.code),
        (FactOutcome::Stored.into(), None)
    );
}

#[test]
fn a_time_is_between_acceptance_and_now() {
    #[track_caller]
    fn check(reported: Timestamp, expected: i64) {
        let change = judged(READ, reported, Some(pending())).change.unwrap();
        assert_eq!(
            (change.at, change.advanced.state.read_at),
            (at(expected), Some(at(expected)))
        );
    }
    check(Timestamp::MIN, ACCEPTED);
    check(at(ACCEPTED - 1), ACCEPTED);
    check(at(1_500), 1_500);
    check(Timestamp::MAX, NOW);
    // A clock that was set back makes no time before the notification.
    let later = Subject {
        accepted_at: at(NOW + 50),
        ..pending()
    };
    assert_eq!(taken(READ, later).at, at(NOW + 50));
}

#[test]
fn other_devices_learn_of_the_first_reading_only() {
    let first = taken(READ, pending());
    let entry = first.entry.unwrap();
    assert_eq!(
        (entry.id, entry.at, entry.flag),
        (notification(), at(1_500), Flag::Read.into())
    );
    assert_eq!((entry.value, entry.version), (true, 1_500_000));
    let state = first.advanced.state;
    assert_eq!(taken(READ, subject(state.clone())).entry, None);
    assert_eq!(taken(flag(Flag::Read, true, 9), subject(state)).entry, None);
}

#[test]
fn every_kind_of_fact_proves_delivery_and_only_reading_says_read() {
    for kind in ReceiptKind::ALL {
        let change = taken(About::Receipt(kind), pending());
        let is_read = kind == ReceiptKind::Read;
        assert_eq!(change.advanced.state.read_at.is_some(), is_read);
        assert_eq!(change.entry.is_some(), is_read);
        assert!(change.advanced.state.delivered_at.is_some());
    }
    for about in [
        About::Reply,
        About::NotShown,
        flag(Flag::Archived, true, 1),
        flag(Flag::Read, false, 1),
    ] {
        let change = taken(about, pending());
        assert_eq!(
            change.advanced.state.status,
            DeliveryStatus::Delivered,
            "{about:?}"
        );
        assert!(change.is_kept);
    }
}

/// The content never reached the device: a cascade goes on, and what nothing else brings is lost.
#[test]
fn a_push_that_was_dropped_proves_nothing() {
    for (about, useless) in [
        (About::Dropped, None),
        (
            About::Useless(Reason::DecryptFailed),
            Some(Reason::DecryptFailed),
        ),
    ] {
        let before = pending().state;
        let change = taken(about, pending());
        assert_eq!(
            (change.advanced.state, change.advanced.is_changed),
            (before, false)
        );
        assert_eq!((change.proof, change.entry), (None, None));
        assert_eq!(change.useless, useless);
        assert!(change.is_kept, "its repetition is known");
    }
    let read = taken(READ, pending()).proof;
    assert_eq!(read, Some(Proof::Read));
    assert_eq!(
        taken(About::NotShown, pending()).proof,
        Some(Proof::Arrived)
    );
}

#[test]
fn read_is_set_by_a_flag_and_never_taken_back() {
    let set = taken(flag(Flag::Read, true, 77), pending());
    assert_eq!(set.advanced.state.status, DeliveryStatus::Read);
    assert_eq!(
        (set.flag, set.entry.map(|entry| entry.version)),
        (None, Some(77))
    );
    let back = taken(
        flag(Flag::Read, false, 99),
        subject(set.advanced.state.clone()),
    );
    assert_eq!(
        (back.advanced.state, back.entry),
        (set.advanced.state, None)
    );
}

#[test]
fn a_flag_is_won_by_the_higher_version() {
    #[track_caller]
    fn check(known: Option<(bool, u64)>, value: bool, version: u64, wins: bool) {
        let known: Vec<_> = known
            .map(|(value, version)| FlagState {
                flag: Flag::Archived,
                version,
                value,
            })
            .into_iter()
            .chain([FlagState {
                flag: Flag::Deleted,
                version: 99,
                value: true,
            }])
            .collect();
        let change = taken(
            flag(Flag::Archived, value, version),
            Subject {
                flags: &known,
                ..pending()
            },
        );
        let written = FlagState {
            flag: Flag::Archived,
            version,
            value,
        };
        assert_eq!(change.flag, wins.then_some(written));
        let entry = change
            .entry
            .map(|entry| (entry.flag, entry.value, entry.version));
        assert_eq!(
            entry,
            wins.then_some((Open::Known(Flag::Archived), value, version))
        );
    }
    check(None, true, 0, true);
    check(None, false, 0, true);
    check(Some((true, 5)), false, 6, true);
    check(Some((true, 5)), true, 6, true);
    check(Some((true, 5)), false, 4, false);
    check(Some((false, 5)), true, 5, true);
    check(Some((true, 5)), false, 5, false);
    check(Some((true, 5)), true, 5, false);
}

#[test]
fn facts_about_one_delivery_have_an_end() {
    let full = || Subject {
        facts: MAX_FACTS,
        ..pending()
    };
    let reply = judged(About::Reply, at(1_500), Some(full()));
    assert_eq!(
        (reply.result.code, reply.change),
        (Some(FactRefusal::TooLarge.into()), None)
    );
    let read = taken(READ, full());
    assert_eq!(
        (read.is_kept, read.advanced.state.status),
        (false, DeliveryStatus::Read)
    );
    assert!(
        taken(
            About::Reply,
            Subject {
                facts: MAX_FACTS - 1,
                ..pending()
            }
        )
        .is_kept
    );
}

#[test]
fn reading_up_to_a_place_passes_over_what_the_device_cannot_have() {
    let mark = |subject: Subject<'_>| mark_read(notification(), &reporter(), subject, at(1_500));
    let marked = mark(pending()).unwrap();
    assert_eq!(marked.advanced.state.read_at, Some(at(1_500)));
    assert_eq!(marked.entry.map(|entry| entry.version), Some(1_500_000));
    assert_eq!(mark(subject(marked.advanced.state)), None);
    assert_eq!(
        mark(Subject {
            only: Some(&[installation(2)]),
            ..pending()
        }),
        None
    );
    let ended = expire(
        DeliveryState::pending(),
        false,
        Confirmation::Missing,
        at(1_500),
    )
    .state;
    assert_eq!(mark(subject(ended)), None);
}

#[test]
fn a_place_is_read_up_to_only_if_it_is_the_logs() {
    let place = Place {
        epoch: Epoch(1),
        seq: 17,
        tag: Tag(3),
    };
    assert_eq!(up_to(Standing::Known(place)), Ok(17));
    assert_eq!(up_to(Standing::None), Err(FactRefusal::UnknownCursor));
    assert_eq!(
        up_to(Standing::OtherHistory),
        Err(FactRefusal::UnknownCursor)
    );
}

fn receipts() -> impl Strategy<Value = (ReceiptKind, i64)> {
    (prop::sample::select(&ReceiptKind::ALL[..]), 0..3_000_i64)
}

fn state_after(receipts: &[(ReceiptKind, i64)]) -> DeliveryState {
    receipts
        .iter()
        .fold(DeliveryState::pending(), |state, (kind, second)| {
            judged(About::Receipt(*kind), at(*second), Some(subject(state)))
                .change
                .unwrap()
                .advanced
                .state
        })
}

/// What the server and each device know of the flags of one notification.
type Flags = BTreeMap<&'static str, (u64, bool)>;

/// A device applies what it sets itself and what it is told by the same rule.
fn apply(flags: &mut Flags, flag: &'static str, version: u64, value: bool) {
    let known = flags.entry(flag).or_default();
    *known = (*known).max((version, value));
}

proptest! {
    #[test]
    fn the_order_of_receipts_never_matters(
        (given, shuffled) in prop::collection::vec(receipts(), 0..10)
            .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
    ) {
        let twice = [shuffled.clone(), shuffled].concat();
        prop_assert_eq!(state_after(&given), state_after(&twice));
    }

    /// Devices set flags, offline for any time, and report them in any order; in the end each has read
    /// the log, and all have what the server has.
    #[test]
    fn devices_and_server_come_to_the_same_flags(
        sets in prop::collection::vec(
            (0..3_usize, prop::sample::select(vec![Flag::Archived, Flag::Deleted]), any::<bool>(), 0..5_u64),
            0..15,
        ).prop_shuffle()
    ) {
        let mut devices = vec![Flags::new(); 3];
        let mut rows: BTreeMap<Flag, FlagState> = BTreeMap::new();
        let mut log = Vec::new();
        for (device, flag, value, version) in &sets {
            apply(&mut devices[*device], flag.as_str(), *version, *value);
        }
        for (_, name, value, version) in sets {
            let known: Vec<_> = rows.values().copied().collect();
            let change = taken(flag(name, value, version), Subject { flags: &known, ..pending() });
            rows.extend(change.flag.map(|row| (row.flag, row)));
            log.extend(change.entry);
        }
        let mut server = Flags::new();
        for row in rows.values() {
            server.insert(row.flag.as_str(), (row.version, row.value));
        }
        for device in &mut devices {
            for entry in &log {
                apply(device, entry.flag.known().unwrap().as_str(), entry.version, entry.value);
            }
            prop_assert_eq!(&*device, &server);
        }
    }
}

#[test]
fn the_rest_of_a_reading_is_stored_as_it_was() {
    let rest = MarkRead {
        installation: installation(1),
        before: 17,
        at: at(1_500),
    };
    let stored = json!({
        "installation": "ins_00000000000000000000000000000001", "before": 17,
        "at": "1970-01-01T00:25:00Z"
    });
    assert_eq!(serde_json::to_value(rest).unwrap(), stored);
    assert_eq!(serde_json::from_value::<MarkRead>(stored).unwrap(), rest);
}
