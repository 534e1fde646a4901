//! Every change of every clock from 2020 to 2035.

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime, date},
    tz::{Offset, TimeZone},
};
use vestnik_model::publish::{LocalStart, OnNoTimeZone, Schedule, Timing, ZoneRule};

use super::{super::*, at, in_zone, now};

/// A change of a clock.
struct Change {
    at: Timestamp,
    before: Offset,
    after: Offset,
}

impl Change {
    /// What the clock would show without the change, and what it shows.
    fn walls(&self) -> (DateTime, DateTime) {
        let Self { at, before, after } = self;
        (before.to_datetime(*at), after.to_datetime(*at))
    }
}

fn changes(zone: &TimeZone) -> Vec<Change> {
    let (begin, end) = (at("2020-01-01T00:00:00Z"), at("2036-01-01T00:00:00Z"));
    let transitions = zone.following(begin).take_while(|it| it.timestamp() < end);
    transitions
        .map(|transition| Change {
            at: transition.timestamp(),
            before: zone.to_offset(transition.timestamp() - SignedDuration::from_secs(1)),
            after: transition.offset(),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

/// The zones, one for each course of their clocks from 2020 to 2035, and how many share it.
fn courses() -> Vec<(String, usize)> {
    let mut courses = BTreeMap::new();
    for name in zone_names() {
        let zone = zone(&name).unwrap();
        let changes = changes(&zone);
        let course: Vec<_> = changes
            .iter()
            .map(|it| (it.at, it.after.seconds()))
            .collect();
        let first = zone.to_offset(at("2020-01-01T00:00:00Z")).seconds();
        let entry = courses.entry((first, course)).or_insert((name, 0));
        entry.1 += 1;
    }
    courses.into_values().collect()
}

/// When a notification that is scheduled to a local time is due.
fn fires(zone: &str, wall: DateTime) -> Timestamp {
    let schedule = Schedule {
        timing: Timing::Local {
            zone: ZoneRule::Recipient(OnNoTimeZone::Drop),
            start: LocalStart::At { wall, window: None },
        },
        ..Schedule::default()
    };
    match due(&schedule, &in_zone(zone), now(Timestamp::UNIX_EPOCH)) {
        Due::At { at, .. } => at,
        other @ (Due::Now | Due::Missed(_)) => panic!("{zone} {wall}: {other:?}"),
    }
}

#[test]
fn every_zone_has_its_clock() {
    assert!(zone_names().count() > 590);
    for name in zone_names() {
        // The placeholder for a zone that is not known is none.
        assert_eq!(zone(&name).is_none(), name == "Etc/Unknown", "{name}");
    }
}

#[test]
fn what_is_skipped_goes_forward_and_what_is_shown_twice_fires_first() {
    let (mut gaps, mut folds) = (0, 0);
    for name in zone_names() {
        for change in changes(&zone(&name).unwrap()) {
            let (without, with) = change.walls();
            let length = without.duration_until(with);
            if length.is_positive() {
                gaps += 1;
                for into in [
                    SignedDuration::ZERO,
                    length / 2,
                    length - SignedDuration::from_mins(1),
                ] {
                    let fired = fires(&name, without + into);
                    assert_eq!(fired, change.at + into, "{name}: a gap at {}", change.at);
                }
                assert_eq!(fires(&name, with), change.at, "{name}: behind the gap");
            } else {
                folds += 1;
                for into in [
                    SignedDuration::ZERO,
                    length / 2,
                    length + SignedDuration::from_mins(1),
                ] {
                    let before = into.abs();
                    let wall = without - before;
                    // The clock reads `wall` this long before the change, and again as long behind it as
                    // the fold's rest.
                    let first = if before.is_zero() {
                        change.at - length.abs()
                    } else {
                        change.at - before
                    };
                    let wall = if before.is_zero() { with } else { wall };
                    assert_eq!(fires(&name, wall), first, "{name}: a fold at {}", change.at);
                }
                let behind = fires(&name, without);
                let rest = length.abs();
                assert_eq!(behind, change.at + rest, "{name}: behind the fold");
            }
        }
    }
    assert!(gaps > 3_000 && folds > 3_000, "{gaps} gaps, {folds} folds");
}

/// Walks through days and finds that each has its own 09:00, once, and in order.
fn check_days(name: &str, days: impl Iterator<Item = Date>) {
    let zone = zone(name).unwrap();
    let mut before = Timestamp::MIN;
    for day in days {
        let wall = day.at(9, 0, 0, 0);
        let fired = fires(name, wall);
        assert!(
            fired > before,
            "{name}: {day} does not come behind the day before"
        );
        assert_eq!(zone.to_datetime(fired), wall, "{name}: {day}");
        before = fired;
    }
}

#[test]
fn nine_o_clock_comes_once_a_day_around_every_change() {
    for name in zone_names() {
        for change in changes(&zone(&name).unwrap()) {
            let day = change.walls().0.date();
            let around = (-2..=2).map(|days: i64| day.checked_add(days.days()).unwrap());
            check_days(&name, around);
        }
    }
}

#[test]
fn nine_o_clock_comes_once_a_day_for_sixteen_years() {
    let (begin, end) = (date(2020, 1, 1), date(2035, 12, 31));
    let courses = courses();
    let zones: usize = courses.iter().map(|(_, zones)| zones).sum();
    assert_eq!(zones, zone_names().count());
    for (name, _) in courses {
        check_days(&name, begin.series(1.day()).take_while(|day| *day <= end));
    }
}
