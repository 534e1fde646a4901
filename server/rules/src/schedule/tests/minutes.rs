//! The rule against a clock that is read every minute.

use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};
use proptest::{prelude::*, test_runner::TestRunner};
use vestnik_model::publish::{
    LocalStart, OnMissedWindow, OnNoTimeZone, Schedule, Timing, Weekdays, Window, ZoneRule,
};

use super::{super::*, at, in_zone};

/// Zones with clocks that go back and forth by an hour, half an hour and two, around noon of the year and
/// in Ramadan, and some that never do.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/Nuuk",
    "Africa/Cairo",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
];
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// How long the clock is watched.
const MINUTES: i64 = 18 * 24 * 60;

#[derive(Debug, Clone)]
struct Case {
    zone: &'static str,
    start: Timestamp,
    late: i64,
    /// In minutes of the day.
    window: Option<(i64, i64)>,
    /// Monday is the lowest bit.
    weekdays: u8,
    is_drop: bool,
    quiet: Option<(i64, i64)>,
}

/// What a clock shows: the weekday from Monday, and the minute of the day.
fn reading(zone: &TimeZone, at: Timestamp) -> (i64, i64) {
    let wall = zone.to_datetime(at);
    let weekday = i64::from(wall.weekday().to_monday_zero_offset());
    (
        weekday,
        i64::from(wall.hour()) * 60 + i64::from(wall.minute()),
    )
}

fn is_within((from, to): (i64, i64), weekdays: u8, (weekday, minute): (i64, i64)) -> bool {
    let is_day = |day: i64| weekdays >> (day.rem_euclid(7)) & 1 == 1;
    if from < to {
        is_day(weekday) && from <= minute && minute < to
    } else {
        (minute >= from && is_day(weekday)) || (minute < to && is_day(weekday - 1))
    }
}

/// The first minute, counted from the start, that is allowed, by reading the clock at each.
fn expected(case: &Case) -> Option<Timestamp> {
    let zone = zone(case.zone)?;
    let date = |at: Timestamp| zone.to_datetime(at).date();
    let is_open = |at| {
        case.window
            .is_none_or(|hours| is_within(hours, case.weekdays, reading(&zone, at)))
    };
    let is_quiet = |at| {
        case.quiet
            .is_some_and(|hours| is_within(hours, 0x7f, reading(&zone, at)))
    };
    let (mut was_open, mut is_over) = (false, false);
    for minute in 0..MINUTES {
        let at = case.start + MINUTE * i32::try_from(minute).unwrap();
        let is_open = is_open(at);
        // The only window that counts begins on the day of the start.
        is_over |= (was_open && !is_open) || (!was_open && date(at) > date(case.start));
        was_open |= is_open;
        if case.is_drop && case.window.is_some() && is_over {
            return None;
        }
        if minute >= case.late && is_open && !is_quiet(at) {
            return Some(at);
        }
    }
    None
}

fn found(case: &Case) -> Option<Timestamp> {
    let clock = |minute: i64| {
        let (hour, minute) = (minute / 60, minute % 60);
        time(
            i8::try_from(hour).unwrap(),
            i8::try_from(minute).unwrap(),
            0,
            0,
        )
    };
    let days = jiff::civil::Weekday::Monday.cycle_forward().take(7);
    let days = days
        .enumerate()
        .filter(|(index, _)| case.weekdays >> index & 1 == 1);
    let window = case.window.map(|(from, to)| Window {
        from: clock(from),
        to: clock(to),
        weekdays: Weekdays::new(days.map(|(_, day)| day)).unwrap(),
        on_missed: if case.is_drop {
            OnMissedWindow::Drop
        } else {
            OnMissedWindow::NextAllowed
        },
    });
    let local = |window| Timing::Local {
        zone: ZoneRule::Recipient(OnNoTimeZone::Drop),
        start: LocalStart::Within {
            since: Some(case.start),
            window,
        },
    };
    let schedule = Schedule {
        timing: window.map_or(Timing::At(case.start), local),
        ..Schedule::default()
    };
    let recipient = Recipient {
        quiet: case
            .quiet
            .and_then(|(from, to)| QuietHours::new(clock(from), clock(to))),
        ..in_zone(case.zone)
    };
    let moment = Moment {
        accepted_at: at("2020-01-01T00:00:00Z"),
        now: case.start + MINUTE * i32::try_from(case.late).unwrap(),
    };
    match due(&schedule, &recipient, moment) {
        Due::Now => Some(moment.now),
        Due::At { at, .. } => Some(at),
        Due::Missed(_) => None,
    }
}

/// Hours whose edges are often where clocks are changed.
fn hours() -> impl Strategy<Value = (i64, i64)> {
    let edge = || prop_oneof![0..1_440_i64, 0..=240_i64, Just(1_380), Just(1_439)];
    (edge(), edge())
}

/// A start that is often shortly before a change.
fn start(zone: &'static str) -> impl Strategy<Value = Timestamp> {
    let begin = at("2026-01-01T00:00:00Z");
    let tz = super::super::zone(zone).unwrap();
    let changes: Vec<_> = tz
        .following(begin)
        .take(8)
        .map(|it| it.timestamp())
        .collect();
    let any = (0..730 * 24 * 60_i32).prop_map(move |minute| begin + MINUTE * minute);
    let near = (0..changes.len().max(1), 0..2 * 24 * 60_i32).prop_map(move |(index, minute)| {
        let change = changes.get(index).copied().unwrap_or(begin);
        change - MINUTE * minute
    });
    prop_oneof![any, near]
}

fn case() -> impl Strategy<Value = Case> {
    (0..ZONES.len()).prop_flat_map(|index| {
        let zone = ZONES[index];
        let quiet =
            proptest::option::of(hours().prop_filter("some quiet", |(from, to)| from != to));
        let (window, late) = (
            proptest::option::weighted(0.8, hours()),
            prop_oneof![Just(0), 0..3_000_i64],
        );
        (start(zone), late, window, 1..128_u8, any::<bool>(), quiet).prop_map(
            move |(start, late, window, weekdays, is_drop, quiet)| Case {
                zone,
                start,
                late,
                window,
                weekdays,
                is_drop,
                quiet,
            },
        )
    })
}

#[test]
fn it_is_due_at_the_first_minute_that_is_allowed() {
    let config = ProptestConfig {
        cases: 400,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&case(), |case| {
            let expected = expected(&case);
            // Of what the clock was not watched long enough for, nothing is known.
            prop_assume!(expected.is_some() || case.is_drop || case.window.is_none());
            prop_assert_eq!(found(&case), expected);
            Ok(())
        })
        .unwrap();
}
