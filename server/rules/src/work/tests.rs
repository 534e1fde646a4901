use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn life(keep: SignedDuration) -> Life {
    Life {
        opens_at: at(100),
        expires_at: at(200),
        keep,
    }
}

#[test]
fn one_row_is_a_notifications_life() {
    let life = life(days(8));
    let mut stage = first_stage(&life, false);
    let mut stages = vec![stage];
    while let Some(next) = next_stage(stage.kind, &life) {
        stages.push(next);
        stage = next;
    }
    let kinds: Vec<_> = stages.iter().map(|stage| (stage.kind, stage.due)).collect();
    let day = 24 * 60 * 60;
    assert_eq!(
        kinds,
        [
            (WorkKind::Expand, at(100)),
            (WorkKind::Expire, at(200)),
            (WorkKind::Settle, at(200 + 7 * day)),
            (WorkKind::Retain, at(200 + 8 * day)),
        ]
    );
    assert_eq!(first_stage(&life, true), stages[1]);
}

#[test]
fn what_is_not_kept_until_it_is_settled_is_deleted_without_that() {
    let behind = |keep| next_stage(WorkKind::Expire, &life(keep)).unwrap();
    for kept in [SignedDuration::ZERO, days(1), days(7)] {
        let retained = Stage {
            kind: WorkKind::Retain,
            due: kept_until(at(200), kept),
        };
        assert_eq!(behind(kept), retained);
    }
    let longer = days(7) + SignedDuration::from_secs(1);
    assert_eq!(behind(longer).kind, WorkKind::Settle);
}

#[test]
fn what_is_no_stage_of_a_notification_ends() {
    let stages = [WorkKind::Expand, WorkKind::Expire, WorkKind::Settle];
    for kind in WorkKind::WORDS {
        let next = next_stage(*kind, &life(days(1)));
        assert_eq!(next.is_some(), stages.contains(kind), "{kind:?}");
    }
}

#[test]
fn keeping_saturates() {
    assert_eq!(kept_until(at(5), days(u32::MAX)), Timestamp::MAX);
    assert_eq!(kept_until(at(5), SignedDuration::MIN), at(5));
    assert_eq!(kept_until(Timestamp::MAX, days(1)), Timestamp::MAX);
    assert_eq!(kept_until(at(5), days(2)), at(5 + 2 * 24 * 60 * 60));
    assert_eq!(next_sweep(Timestamp::MAX), Timestamp::MAX);
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    let words: BTreeSet<_> = WorkKind::WORDS.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(words.len(), WorkKind::WORDS.len());
    for kind in WorkKind::WORDS {
        assert_eq!(WorkKind::from_word(kind.as_str()), Some(*kind));
    }
}

proptest! {
    #[test]
    fn a_failing_row_backs_off_within_bounds(tries in any::<u32>(), random in any::<f64>()) {
        let pause = retry_at(tries, random, at(0)).duration_since(at(0));
        prop_assert!(pause >= SignedDuration::from_millis(500) && pause <= MAX_PAUSE);
        let longest = retry_at(tries, 1.0, at(0)).duration_since(at(0));
        prop_assert!(pause <= longest && longest <= retry_at(tries.saturating_add(1), 1.0, at(0)).duration_since(at(0)));
    }
}

#[test]
fn rows_that_failed_together_come_back_apart() {
    let pause = |tries, random| retry_at(tries, random, at(0)).duration_since(at(0));
    assert_eq!(pause(0, 1.0), SignedDuration::from_secs(1));
    assert_eq!(pause(3, 1.0), SignedDuration::from_secs(8));
    assert_eq!(pause(3, 0.0), SignedDuration::from_secs(4));
    assert_eq!(pause(3, f64::NAN), SignedDuration::from_secs(8));
    assert_eq!(pause(3, f64::NEG_INFINITY), SignedDuration::from_secs(4));
    assert_eq!(pause(30, 1.0), MAX_PAUSE);
    assert_eq!(retry_at(9, 1.0, Timestamp::MAX), Timestamp::MAX);
}
