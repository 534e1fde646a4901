use jiff::{SignedDuration, Timestamp, civil::DateTime};
use serde_json::{Value, json};

use super::*;
use crate::problem::FieldCode;

fn request(value: Value) -> ScheduleRequest {
    serde_json::from_value(value).unwrap()
}

fn parse(value: Value) -> Schedule {
    Schedule::parse(&request(value)).unwrap()
}

#[track_caller]
fn check_refused(value: Value, expected: &[(&str, FieldCode)]) {
    let problems = Schedule::parse(&request(value)).unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            let pointer = problem.pointer.strip_prefix("/schedule/").unwrap();
            (pointer, problem.code.known().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn nothing_said_is_now() {
    assert_eq!(parse(json!({})), Schedule::default());
    assert_eq!(
        serde_json::to_value(ScheduleRequest::default()).unwrap(),
        json!({})
    );
    let nulls = json!({"send_at": null, "respect_quiet_hours": null, "on_missed_window": null});
    assert_eq!(parse(nulls), Schedule::default());
}

#[test]
fn a_time_with_an_offset_is_a_moment() {
    for (text, utc) in [
        ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"),
        ("2026-11-21T12:00:00+03:00", "2026-11-21T09:00:00Z"),
        ("2026-11-21T09:00:00.5Z", "2026-11-21T09:00:00.5Z"),
    ] {
        let schedule = parse(json!({"send_at": text}));
        assert_eq!(schedule.timing, Timing::At(at(utc)), "{text}");
    }
}

#[test]
fn a_time_without_an_offset_is_read_by_a_clock() {
    let wall: DateTime = "2026-11-21T09:00:00".parse().unwrap();
    let local = |zone: &str| parse(json!({"send_at": "2026-11-21T09:00:00", "time_zone": zone}));
    let start = LocalStart::At { wall, window: None };
    let zone = ZoneRule::Recipient(OnNoTimeZone::AppDefault);
    let expected = Timing::Local {
        zone,
        start: start.clone(),
    };
    assert_eq!(local("recipient").timing, expected);
    let zone = ZoneRule::Named(ZoneName::parse("Europe/Berlin").unwrap());
    let expected = Timing::Local { zone, start };
    assert_eq!(local("Europe/Berlin").timing, expected);
}

#[test]
fn a_window_is_the_recipients_unless_said_otherwise() {
    let window = json!({"from": "18:00", "to": "24:00", "weekdays": [7, 6]});
    let schedule = parse(json!({"window": window, "on_no_time_zone": "send_now"}));
    let Timing::Local { zone, start } = &schedule.timing else {
        panic!("it is read by a clock");
    };
    assert_eq!(*zone, ZoneRule::Recipient(OnNoTimeZone::SendNow));
    assert!(matches!(start, LocalStart::Within { since: None, .. }));
    let window = schedule.window().unwrap();
    let days: Vec<_> = window.weekdays.iter().collect();
    let weekend = [jiff::civil::Weekday::Saturday, jiff::civil::Weekday::Sunday];
    assert_eq!(days, weekend);
    assert!(window.contains("2026-11-21T23:59:59".parse().unwrap()));
    assert!(!window.contains("2026-11-22T00:00:00".parse().unwrap()));
}

#[test]
fn a_window_across_midnight_belongs_to_the_day_it_opened() {
    let window = json!({"from": "22:00", "to": "06:00", "weekdays": [1]});
    let schedule = parse(json!({"window": window}));
    let contains = |wall: &str| schedule.window().unwrap().contains(wall.parse().unwrap());
    // 23 November 2026 is a Monday.
    for inside in [
        "2026-11-23T22:00:00",
        "2026-11-24T00:00:00",
        "2026-11-24T05:59:59",
    ] {
        assert!(contains(inside), "{inside}");
    }
    for outside in [
        "2026-11-23T05:00:00",
        "2026-11-23T21:59:59",
        "2026-11-24T06:00:00",
        "2026-11-24T22:00:00",
    ] {
        assert!(!contains(outside), "{outside}");
    }
}

/// Well-formed, and later than the last time that can be told in every zone.
#[test]
fn a_time_beyond_the_range_is_refused_with_the_bound() {
    for far in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.5+01:00"] {
        for field in ["send_at", "deadline"] {
            let value = json!({field: far});
            check_refused(value.clone(), &[(field, FieldCode::OutOfRange)]);
            let request: ScheduleRequest = serde_json::from_value(value).unwrap();
            let problems = Schedule::parse(&request).unwrap_err();
            assert_eq!(
                problems[0].detail, "must be at the latest 9999-12-30T22:00:00Z",
                "{far}"
            );
        }
    }
    for last in ["9999-12-30T22:00:00Z", "9999-12-30T23:00:00+01:00"] {
        parse(json!({"send_at": last}));
    }
    check_refused(
        json!({"deadline": "9999-12-31T24:00:00Z"}),
        &[("deadline", FieldCode::Malformed)],
    );
}

#[test]
fn each_wrong_field_is_named() {
    use FieldCode::{Malformed, Missing, NotAllowed, OutOfRange, TooLong};
    for wrong in [
        "tomorrow",
        "2026-11-21",
        "2026-11-21T25:00:00Z",
        "2026-02-30T09:00:00",
        "2026-11-21T09:00:00[Europe/Berlin]",
        "2026-11-21 09:00:00Z",
    ] {
        check_refused(json!({"send_at": wrong}), &[("send_at", Malformed)]);
    }
    let local = "2026-11-21T09:00:00";
    check_refused(json!({"send_at": local}), &[("time_zone", Missing)]);
    for wrong in ["", "Berlin!", "../etc/passwd", "+03:00"] {
        let value = json!({"send_at": local, "time_zone": wrong});
        check_refused(value, &[("time_zone", Malformed)]);
    }
    let value = json!({"window": {"from": "9:00", "to": "24:01", "weekdays": [1, 0, 8]}});
    let expected = [
        ("window/from", Malformed),
        ("window/to", Malformed),
        ("window/weekdays/1", OutOfRange),
        ("window/weekdays/2", OutOfRange),
    ];
    check_refused(value, &expected);
    let value =
        json!({"window": {"from": "09:00", "to": "10:00", "weekdays": [1, 1, 1, 1, 1, 1, 1, 1]}});
    check_refused(value, &[("window/weekdays", TooLong)]);
    check_refused(json!({"deadline": local}), &[("deadline", Malformed)]);
    for wrong in [0, MAX_PER_MINUTE + 1] {
        let value = json!({"throttle_per_minute": wrong});
        check_refused(value, &[("throttle_per_minute", OutOfRange)]);
    }
    let value = json!({"send_at": "2026-11-21T09:00:00Z", "deadline": "2026-11-21T09:00:00Z"});
    check_refused(value, &[("deadline", OutOfRange)]);
    let value =
        json!({"send_at": local, "time_zone": "recipient", "deadline": "2026-11-20T19:00:00Z"});
    check_refused(value, &[("deadline", OutOfRange)]);
    check_refused(
        json!({"time_zone": "recipient", "on_missed_window": "drop", "send_at": "2026-11-21T09:00:00Z"}),
        &[("time_zone", NotAllowed), ("on_missed_window", NotAllowed)],
    );
    check_refused(
        json!({"send_at": local, "time_zone": "Europe/Berlin", "on_no_time_zone": "drop"}),
        &[("on_no_time_zone", NotAllowed)],
    );
}

#[test]
fn a_deadline_that_the_easternmost_clock_reaches_in_time_is_taken() {
    let value = json!({
        "send_at": "2026-11-21T09:00:00", "time_zone": "recipient", "deadline": "2026-11-20T19:00:01Z",
    });
    parse(value);
}

#[test]
fn unknown_fields_and_words_are_refused() {
    for wrong in [
        json!({"sendat": "2026-11-21T09:00:00Z"}),
        json!({"on_missed_window": "later"}),
        json!({"window": {"from": "09:00", "to": "10:00", "days": [1]}}),
    ] {
        serde_json::from_value::<ScheduleRequest>(wrong).unwrap_err();
    }
}

#[test]
fn a_schedule_is_written_as_it_is_read() {
    for value in [
        json!({}),
        json!({"send_at": "2026-11-21T09:00:00Z", "throttle_per_minute": 60, "respect_quiet_hours": false}),
        json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient", "on_no_time_zone": "drop"}),
        json!({
            "send_at": "2026-11-21T09:00:00Z", "time_zone": "Asia/Tokyo", "on_missed_window": "drop",
            "window": {"from": "22:00", "to": "06:30", "weekdays": [1, 5]},
            "deadline": "2026-11-30T00:00:00Z",
        }),
    ] {
        let schedule = parse(value.clone());
        let written = serde_json::to_value(ScheduleRequest::from(&schedule)).unwrap();
        assert_eq!(written, value);
    }
    let hub = json!({
        "sendAt": "2026-11-21T09:00:00", "timeZone": "recipient", "onNoTimeZone": "drop",
        "onMissedWindow": "drop", "respectQuietHours": false, "throttlePerMinute": 1,
        "window": {"from": "00:00", "to": "00:00"},
    });
    let schedule = parse(hub);
    assert_eq!(
        parse(serde_json::to_value(ScheduleRequest::from(&schedule)).unwrap()),
        schedule
    );
}

#[test]
fn its_life_counts_from_its_start() {
    let (accepted, hour) = (at("2026-11-20T12:00:00Z"), SignedDuration::from_hours(1));
    let check = |value: Value, opens: &str, expires: &str| {
        let schedule = parse(value);
        assert_eq!(schedule.opens_at(accepted), at(opens));
        assert_eq!(schedule.expires_at(accepted, hour), at(expires));
    };
    check(json!({}), "2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z");
    let past = json!({"send_at": "2026-11-19T12:00:00Z"});
    check(past, "2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z");
    let later = json!({"send_at": "2026-11-21T09:00:00Z"});
    check(later, "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z");
    let early = json!({"send_at": "2026-11-21T09:00:00Z", "deadline": "2026-11-21T09:30:00Z"});
    check(early, "2026-11-21T09:00:00Z", "2026-11-21T09:30:00Z");
    let local = json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient"});
    check(local, "2026-11-20T19:00:00Z", "2026-11-21T22:00:00Z");
}

#[test]
fn the_end_of_the_calendar_is_no_panic() {
    let far = json!({"send_at": "9999-12-31T23:59:59", "time_zone": "recipient"});
    let schedule = parse(far);
    let hour = SignedDuration::from_hours(1);
    assert_eq!(schedule.expires_at(Timestamp::MAX, hour), Timestamp::MAX);
}

#[test]
fn a_schedule_is_read_back_from_its_view() {
    for value in [
        json!({}),
        json!({
            "send_at": "2026-11-21T09:00:00", "time_zone": "recipient", "on_no_time_zone": "drop",
            "window": {"from": "22:00", "to": "06:30", "weekdays": [1, 5]}, "on_missed_window": "drop",
            "deadline": "2026-11-30T00:00:00Z", "respect_quiet_hours": false, "throttle_per_minute": 60,
        }),
    ] {
        let schedule = parse(value.clone());
        let view = ScheduleView::from(&schedule);
        assert_eq!(serde_json::to_value(&view).unwrap(), value);
        assert_eq!(view.schedule(), Some(schedule));
    }
    // What a later version wrote is shown, and not taken for something else.
    let newer: ScheduleView = serde_json::from_value(json!({
        "window": {"from": "09:00", "to": "10:00", "holidays": false}, "on_missed_window": "ask",
    }))
    .unwrap();
    assert_eq!(newer.schedule(), None);
}
