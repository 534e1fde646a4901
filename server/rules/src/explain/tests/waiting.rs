//! What is said of what a delivery waits for by its schedule, and by what the person wants.

use super::*;
use crate::schedule::{Held, HeldBy, ZoneSource};

#[test]
fn a_scheduled_notification_waits_for_its_time() {
    let mut findings = findings();
    findings.delivery = None;
    findings.notification.opens_at = "2026-11-30T08:00:00Z".parse().unwrap();
    findings.notification.expansion = Expansion::Scheduled;
    check(
        &findings,
        "10:03:00",
        &[
            "Its sender scheduled it: nobody is notified before 2026-11-30 08:00:00.",
            "It has not been sent yet; it waits until 2026-11-30 08:00:00.",
        ],
    );
}

#[test]
fn what_a_schedule_waits_for_is_said_with_whose_clock() {
    let mut findings = findings();
    *state(&mut findings) = DeliveryState::scheduled();
    findings.hours = Hours::Closed(Held {
        until: at("14:00:00"),
        by: HeldBy::SendAt,
        zone: Some(("America/New_York".to_owned(), ZoneSource::UserAttribute)),
        ends_at: Some(at("13:00:00")),
    });
    check(
        &findings,
        "10:03:00",
        &[
            "The person's clock is that of America/New_York, which the App's backend set for them.",
            "It waits until 14:00:00, the time that the sender named.",
            "It expires before that, at 13:00:00.",
        ],
    );
    findings.hours = Hours::Open;
    check(
        &findings,
        "14:00:00",
        &["Its time has come: it goes out with the next part of the mailing."],
    );
}

/// Nothing is promised to a person who opted out meanwhile.
#[test]
fn what_is_not_wanted_any_more_is_tried_no_more() {
    let mut findings = findings();
    findings.hours = Hours::Over(Reason::OptoutAll);
    let said = said(&findings, "10:03:00");
    let last = said.last().map(String::as_str);
    let expected = "Nothing more will be tried, because the person wants no notifications.";
    assert_eq!(last, Some(expected), "{said:?}");
}
