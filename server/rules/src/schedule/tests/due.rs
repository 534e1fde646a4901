//! Single cases of when a delivery is due.

use jiff::{SignedDuration, civil::time};
use serde_json::json;
use vestnik_model::{Reason, publish::Schedule};

use super::{super::*, at, in_zone, now, schedule};

const BERLIN: &str = "Europe/Berlin";

#[track_caller]
fn check(schedule: &Schedule, recipient: &Recipient<'_>, asked: &str, expected: Due) {
    assert_eq!(due(schedule, recipient, now(at(asked))), expected);
}

fn held(text: &str, by: HeldBy) -> Due {
    Due::At { at: at(text), by }
}

#[test]
fn an_absolute_time_is_everybodys() {
    let absolute = schedule(json!({"send_at": "2026-11-21T09:00:00Z"}));
    for zone in [BERLIN, "Asia/Tokyo"] {
        let expected = held("2026-11-21T09:00:00Z", HeldBy::SendAt);
        check(&absolute, &in_zone(zone), "2026-11-20T00:00:00Z", expected);
        check(&absolute, &in_zone(zone), "2026-11-21T09:00:00Z", Due::Now);
    }
}

#[test]
fn a_local_time_is_each_recipients() {
    let local = schedule(json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient"}));
    for (zone, expected) in [
        ("Pacific/Kiritimati", "2026-11-20T19:00:00Z"),
        (BERLIN, "2026-11-21T08:00:00Z"),
        ("Etc/GMT+12", "2026-11-21T21:00:00Z"),
    ] {
        let expected = held(expected, HeldBy::SendAt);
        check(&local, &in_zone(zone), "2026-11-20T00:00:00Z", expected);
    }
    let named = schedule(json!({"send_at": "2026-11-21T09:00:00", "time_zone": "Asia/Tokyo"}));
    let expected = held("2026-11-21T00:00:00Z", HeldBy::SendAt);
    check(&named, &in_zone(BERLIN), "2026-11-20T00:00:00Z", expected);
}

#[test]
fn a_recipient_without_a_zone_follows_the_policy() {
    let local = |policy: &str| {
        schedule(json!({
            "send_at": "2026-11-21T09:00:00", "time_zone": "recipient", "on_no_time_zone": policy,
        }))
    };
    let asked = "2026-11-20T00:00:00Z";
    let nowhere = Recipient::default();
    let utc = held("2026-11-21T09:00:00Z", HeldBy::SendAt);
    check(&local("app_default"), &nowhere, asked, utc);
    let first = held("2026-11-20T19:00:00Z", HeldBy::SendAt);
    check(&local("send_now"), &nowhere, asked, first);
    let left_out = Due::Missed(Reason::SuppressedNoTimeZone);
    check(&local("drop"), &nowhere, asked, left_out);
}

#[test]
fn a_window_is_waited_for() {
    let office =
        schedule(json!({"window": {"from": "09:00", "to": "18:00", "weekdays": [1, 2, 3, 4, 5]}}));
    let berlin = in_zone(BERLIN);
    // 27 November 2026 is a Friday.
    let monday = held("2026-11-30T08:00:00Z", HeldBy::Window);
    check(&office, &berlin, "2026-11-27T16:59:59Z", Due::Now);
    check(&office, &berlin, "2026-11-27T17:00:00Z", monday);
    check(&office, &berlin, "2026-11-29T12:00:00Z", monday);
    check(&office, &berlin, "2026-11-30T08:00:00Z", Due::Now);
}

#[test]
fn a_window_across_midnight_is_one() {
    let night = schedule(json!({"window": {"from": "22:00", "to": "06:00", "weekdays": [5]}}));
    let berlin = in_zone(BERLIN);
    let friday = held("2026-11-27T21:00:00Z", HeldBy::Window);
    check(&night, &berlin, "2026-11-27T03:00:00Z", friday);
    check(&night, &berlin, "2026-11-27T21:00:00Z", Due::Now);
    check(&night, &berlin, "2026-11-28T04:59:59Z", Due::Now);
    let next = held("2026-12-04T21:00:00Z", HeldBy::Window);
    check(&night, &berlin, "2026-11-28T05:00:00Z", next);
}

#[test]
fn a_sender_may_want_only_the_first_window() {
    let drop = schedule(json!({
        "send_at": "2026-11-27T06:00:00Z", "on_missed_window": "drop",
        "window": {"from": "09:00", "to": "18:00", "weekdays": [5]},
    }));
    let berlin = in_zone(BERLIN);
    let opens = held("2026-11-27T08:00:00Z", HeldBy::Window);
    check(&drop, &berlin, "2026-11-27T06:00:00Z", opens);
    check(&drop, &berlin, "2026-11-27T16:59:59Z", Due::Now);
    check(
        &drop,
        &berlin,
        "2026-11-27T17:00:00Z",
        Due::Missed(Reason::ExpiredWindow),
    );
    // Tokyo's window is open already, Honolulu's Friday has not begun, and Auckland's is over.
    check(
        &drop,
        &in_zone("Asia/Tokyo"),
        "2026-11-27T06:00:00Z",
        Due::Now,
    );
    for zone in ["Pacific/Honolulu", "Pacific/Auckland"] {
        let missed = Due::Missed(Reason::ExpiredWindow);
        check(&drop, &in_zone(zone), "2026-11-27T06:00:00Z", missed);
    }
}

#[test]
fn quiet_hours_are_the_recipients() {
    let any = schedule(json!({}));
    let rude = schedule(json!({"respect_quiet_hours": false}));
    let quiet = Recipient {
        quiet: QuietHours::new(time(22, 0, 0, 0), time(7, 0, 0, 0)),
        ..in_zone(BERLIN)
    };
    let critical = Recipient {
        is_critical: true,
        ..quiet
    };
    let night = "2026-11-27T23:00:00Z";
    let morning = held("2026-11-28T06:00:00Z", HeldBy::QuietHours);
    check(&any, &quiet, night, morning);
    check(&any, &critical, night, Due::Now);
    check(&rude, &quiet, night, Due::Now);
    check(&any, &quiet, "2026-11-28T06:00:00Z", Due::Now);
    assert_eq!(QuietHours::new(time(7, 0, 0, 0), time(7, 0, 0, 0)), None);
}

#[test]
fn a_window_inside_quiet_hours_never_comes() {
    let night = schedule(json!({"window": {"from": "23:00", "to": "05:00"}}));
    let quiet = Recipient {
        quiet: QuietHours::new(time(22, 0, 0, 0), time(7, 0, 0, 0)),
        ..in_zone(BERLIN)
    };
    let missed = Due::Missed(Reason::ExpiredWindow);
    check(&night, &quiet, "2026-11-27T12:00:00Z", missed);
    let critical = Recipient {
        is_critical: true,
        ..quiet
    };
    let opens = held("2026-11-27T22:00:00Z", HeldBy::Window);
    check(&night, &critical, "2026-11-27T12:00:00Z", opens);
}

#[test]
fn after_the_deadline_nobody_is_notified() {
    let schedule = schedule(json!({
        "window": {"from": "09:00", "to": "18:00"}, "deadline": "2026-11-28T08:00:00Z",
    }));
    check(
        &schedule,
        &in_zone(BERLIN),
        "2026-11-27T12:00:00Z",
        Due::Now,
    );
    // Their window opens again as the deadline comes.
    let missed = Due::Missed(Reason::ExpiredDeadline);
    check(&schedule, &in_zone(BERLIN), "2026-11-27T18:00:00Z", missed);
    let opens = held("2026-11-28T07:00:00Z", HeldBy::Window);
    check(
        &schedule,
        &in_zone("Europe/Kyiv"),
        "2026-11-27T18:00:00Z",
        opens,
    );
}

#[test]
fn windows_go_by_what_the_clock_shows() {
    // On 29 March 2026 Berlin's clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
    let berlin = in_zone(BERLIN);
    let part = schedule(json!({"window": {"from": "02:30", "to": "03:30"}}));
    let at_the_change = held("2026-03-29T01:00:00Z", HeldBy::Window);
    check(&part, &berlin, "2026-03-29T00:00:00Z", at_the_change);
    let whole = schedule(json!({"window": {"from": "02:15", "to": "02:45"}}));
    let next_day = held("2026-03-30T00:15:00Z", HeldBy::Window);
    check(&whole, &berlin, "2026-03-29T00:00:00Z", next_day);
    let first = held("2026-10-25T00:15:00Z", HeldBy::Window);
    check(&whole, &berlin, "2026-10-24T23:00:00Z", first);
    let second = held("2026-10-25T01:15:00Z", HeldBy::Window);
    check(&whole, &berlin, "2026-10-25T00:45:00Z", second);
}

#[test]
fn its_life_counts_from_the_recipients_start() {
    let hour = SignedDuration::from_hours(1);
    let accepted = at("2026-11-20T12:00:00Z");
    let local = json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient"});
    let tokyo = life(&schedule(local), &in_zone("Asia/Tokyo"), accepted, hour).unwrap();
    assert_eq!(tokyo.starts_at, at("2026-11-21T00:00:00Z"));
    assert_eq!(tokyo.expires_at, at("2026-11-21T01:00:00Z"));
    let bounded = json!({
        "send_at": "2026-11-21T09:00:00", "time_zone": "recipient", "deadline": "2026-11-21T00:30:00Z",
    });
    let tokyo = life(&schedule(bounded), &in_zone("Asia/Tokyo"), accepted, hour).unwrap();
    assert_eq!(tokyo.expires_at, at("2026-11-21T00:30:00Z"));
}

#[test]
fn a_named_zone_is_the_same_for_everybody() {
    let (accepted, hour) = (at("2026-11-20T12:00:00Z"), SignedDuration::from_hours(1));
    let check = |value, starts: &str, expires: &str| {
        let life = span(&schedule(value), accepted, hour);
        assert_eq!((life.starts_at, life.expires_at), (at(starts), at(expires)));
    };
    let tokyo = json!({"send_at": "2026-11-21T09:00:00", "time_zone": "Asia/Tokyo"});
    check(tokyo, "2026-11-21T00:00:00Z", "2026-11-21T01:00:00Z");
    let anywhere = json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient"});
    check(anywhere, "2026-11-20T19:00:00Z", "2026-11-21T22:00:00Z");
    let absolute = json!({"send_at": "2026-11-21T09:00:00Z"});
    check(absolute, "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z");
    check(json!({}), "2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z");
}

#[test]
fn a_schedule_names_an_existing_zone_and_a_time_that_is_near() {
    let pointers = |value| {
        let problems = super::super::check(&schedule(value), at("2026-11-20T12:00:00Z"));
        let problems = problems.err().unwrap_or_default();
        problems
            .into_iter()
            .map(|problem| problem.pointer)
            .collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(pointers(json!({})), none);
    assert_eq!(pointers(json!({"send_at": "2020-01-01T00:00:00Z"})), none);
    assert_eq!(pointers(json!({"send_at": "2027-11-21T12:00:00Z"})), none);
    let far = json!({"send_at": "2027-11-21T12:00:01Z"});
    assert_eq!(pointers(far), ["/schedule/send_at"]);
    let both = json!({"send_at": "9999-12-31T00:00:00", "time_zone": "Mars/Olympus"});
    assert_eq!(pointers(both), ["/schedule/time_zone", "/schedule/send_at"]);
}

#[test]
fn the_end_of_the_calendar_is_no_panic() {
    let window = json!({"from": "09:00", "to": "10:00", "weekdays": [1]});
    let far = schedule(json!({
        "send_at": "9999-12-31T23:59:59", "time_zone": "Asia/Tokyo", "window": window,
    }));
    for accepted_at in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        let moment = Moment {
            accepted_at,
            now: jiff::Timestamp::MAX,
        };
        let end = due(&far, &in_zone(BERLIN), moment);
        assert_eq!(end, Due::Missed(Reason::ExpiredWindow));
    }
}
