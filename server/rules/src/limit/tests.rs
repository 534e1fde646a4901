use proptest::prelude::*;

use super::*;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn is_allowed(taken: Taken) -> bool {
    match taken {
        Taken::Allowed { .. } => true,
        Taken::Refused { .. } => false,
    }
}

#[test]
fn a_burst_goes_on_and_then_the_rate() {
    let (rate, mut bucket) = (Rate::per_minute(60, 3), Bucket::default());
    let allowed: Vec<_> = (0..5)
        .map(|_| is_allowed(take(&mut bucket, rate, seconds(7))))
        .collect();
    assert_eq!(allowed, [true, true, true, false, false]);
    assert!(is_allowed(take(&mut bucket, rate, seconds(8))));
    assert!(!is_allowed(take(&mut bucket, rate, seconds(8))));
    let expected = Taken::Allowed {
        remaining: 2,
        reset: seconds(1),
    };
    assert_eq!(take(&mut bucket, rate, seconds(100)), expected);
}

#[test]
fn more_than_a_burst_is_taken_when_nothing_is_owed() {
    let (rate, mut bucket) = (Rate::per_second(1, 10), Bucket::default());
    let expected = Taken::Allowed {
        remaining: 0,
        reset: seconds(50),
    };
    assert_eq!(take_many(&mut bucket, rate, 50, seconds(0)), expected);
    let refused = Taken::Refused {
        retry_after: seconds(41),
    };
    assert_eq!(take(&mut bucket, rate, seconds(0)), refused);
}

#[test]
fn extremes_neither_panic_nor_block_for_ever() {
    let none = Rate {
        interval: Duration::ZERO,
        burst: 0,
    };
    let mut bucket = Bucket::default();
    assert!((0..100).all(|_| is_allowed(take_many(&mut bucket, none, u32::MAX, Duration::MAX))));
    let slow = Rate {
        interval: Duration::MAX,
        burst: u32::MAX,
    };
    assert!(is_allowed(take_many(
        &mut Bucket::default(),
        slow,
        u32::MAX,
        Duration::MAX
    )));
    assert_eq!(Rate::per_second(0, 0), Rate::per_second(1, 1));
}

prop_compose! {
    fn calls()(
        steps in prop::collection::vec((0..700_u64, 1..4_u32), 1..60)
    ) -> Vec<(Duration, u32)> {
        let mut now = 0;
        let later = |(wait, count)| { now += wait; (Duration::from_millis(now), count) };
        steps.into_iter().map(later).collect()
    }
}

proptest! {
    #[test]
    fn no_window_holds_more_than_its_burst_and_rate(calls in calls(), per in 1..8_u32, burst in 3..9_u32) {
        let (rate, mut bucket) = (Rate::per_second(per, burst), Bucket::default());
        let mut went = Vec::new();
        for (now, count) in calls {
            if is_allowed(take_many(&mut bucket, rate, count, now)) {
                went.push((now, count));
            }
        }
        for (index, (first, _)) in went.iter().enumerate() {
            let mut sum = 0;
            for (now, count) in &went[index..] {
                sum += count;
                let window = (*now - *first).as_nanos();
                let refilled = window.div_ceil(rate.interval.as_nanos());
                prop_assert!(u128::from(sum) <= u128::from(burst) + refilled);
            }
        }
    }

    #[test]
    fn who_waits_as_told_goes_on(calls in calls(), per in 1..8_u32) {
        let (rate, mut bucket) = (Rate::per_second(per, 3), Bucket::default());
        for (now, count) in calls {
            if let Taken::Refused { retry_after } = take_many(&mut bucket, rate, count, now) {
                let just_before = now + retry_after - Duration::from_nanos(1);
                prop_assert!(!is_allowed(take_many(&mut bucket.clone(), rate, count, just_before)));
                prop_assert!(is_allowed(take_many(&mut bucket.clone(), rate, count, now + retry_after)));
            }
        }
    }

    #[test]
    fn what_remains_can_be_taken(calls in calls(), per in 1..8_u32) {
        let (rate, mut bucket) = (Rate::per_second(per, 5), Bucket::default());
        for (now, count) in calls {
            if let Taken::Allowed { remaining, reset } = take_many(&mut bucket, rate, count, now) {
                let mut copy = bucket;
                prop_assert!((0..remaining).all(|_| is_allowed(take(&mut copy, rate, now))));
                prop_assert!(!is_allowed(take(&mut copy, rate, now)));
                prop_assert!(bucket.is_full(now + reset));
                prop_assert!(!bucket.is_full(now + reset - Duration::from_nanos(1)));
            }
        }
    }

    /// With room for all, many buckets are as many buckets apart.
    #[test]
    fn keys_do_not_touch_each_other(calls in calls(), keys in prop::collection::vec(0..5_u8, 60)) {
        let rate = Rate::per_second(2, 3);
        let (mut buckets, mut apart) = (Buckets::new(rate, 5), [Bucket::default(); 5]);
        for ((now, count), key) in calls.into_iter().zip(keys) {
            let expected = take_many(&mut apart[usize::from(key)], rate, count, now);
            prop_assert_eq!(buckets.take_many(&key, count, now), expected);
        }
    }

    #[test]
    fn the_places_are_never_exceeded(calls in calls(), keys in prop::collection::vec(any::<u16>(), 60)) {
        let mut buckets = Buckets::new(Rate::per_second(2, 3), 4);
        for ((now, count), key) in calls.into_iter().zip(keys) {
            buckets.take_many(&key, count, now);
            prop_assert!(buckets.len() <= 4 && buckets.by_full.len() == buckets.len());
        }
    }
}

#[test]
fn many_keys_neither_wash_off_a_debt_nor_take_a_place() {
    let mut buckets = Buckets::new(Rate::per_minute(1, 2), 100);
    let now = seconds(1_000);
    assert!(is_allowed(buckets.take_many(&0, 2, now)));
    let flood = (1..10_000_u32)
        .filter(|key| is_allowed(buckets.take(key, now)))
        .count();
    // 99 have a place each; the others share one bucket.
    assert_eq!((flood, buckets.len()), (99 + 2, 100));
    assert!(!is_allowed(buckets.take(&0, now)), "the debt stands");
    assert!(
        is_allowed(buckets.take(&1, now)),
        "a key with a place goes on at its own rate"
    );

    // When their debts are paid, the places are free again.
    let later = now + seconds(121);
    assert!((20_000..20_100).all(|key| is_allowed(buckets.take(&key, later))));
    assert_eq!(buckets.len(), 100);
}

#[test]
fn a_turn_ends_with_its_budget() {
    let mut budget = Budget {
        pages: 3,
        bytes: 100,
    };
    let went: Vec<_> = [40, 40, 40].map(|bytes| budget.spend(bytes)).into();
    assert_eq!(went, [true, true, false]);
    assert!(
        !Budget {
            pages: 9,
            bytes: 100
        }
        .spend(1_000),
        "a large page is sent, and ends the turn"
    );
    assert!(!Budget { pages: 0, bytes: 0 }.spend(1));
}
