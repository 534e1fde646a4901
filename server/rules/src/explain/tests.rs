//! What is said of a delivery, and in which words.

mod devices;
mod sentences;
mod stories;
mod unproven;
mod waiting;

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryState, DeliveryStatus, Evidence as Proof, Expansion, MinVersions, Platform,
    Reason, ReceiptKind,
    publish::{Goal, StepChannel, StepRequest, Steps},
};

use super::*;
use crate::{
    app_version::Build,
    attempt::{Attempt, State},
    cascade::{Course as Stand, Target},
    device::{Addressed, Wanted},
    schedule::Hours,
};

/// A moment of the day of the acceptance, which is at 10:02.
fn at(time: &str) -> Timestamp {
    format!("2026-11-29T{time}Z").parse().unwrap()
}

fn phone(number: u8) -> Device {
    Device {
        installation: format!("ins_{number:032}").parse().unwrap(),
        build: Build {
            platform: Some(Platform::Android),
            version: None,
        },
        blocked: None,
        connected: None,
        last_seen_at: at("09:40:00"),
        opened_at: None,
        has_it: false,
        addresses: vec![Address {
            channel: Channel::Fcm,
            died_at: None,
            has_provider: true,
        }],
    }
}

/// A delivery to a person with one phone, of which nothing is known but that it is due.
fn findings() -> Findings {
    Findings {
        notification: NotificationFindings {
            accepted_at: at("10:02:00"),
            opens_at: at("10:02:00"),
            expires_at: at("22:02:00"),
            schedule: None,
            steps: Steps::default(),
            wanted: Wanted::ALL,
            expansion: Expansion::Done,
            is_cancelled: false,
            is_recalled: false,
            is_excluded: false,
            is_erased: false,
        },
        delivery: Some(DeliveryFindings {
            state: DeliveryState::pending(),
            course: Some(Stand {
                due_at: None,
                ..Stand::new(at("10:02:00"))
            }),
            addressed: Addressed::ALL,
            gave_way: false,
            is_deleted: false,
        }),
        devices: vec![phone(1)],
        mailbox: None,
        has_backend: true,
        gateways: Vec::new(),
        tries: Vec::new(),
        not_shown: [].into(),
        hours: Hours::Open,
    }
}

fn tried(channel: Channel, attempt: Attempt, started: &str) -> Try {
    Try {
        target: Target::Device {
            installation: phone(1).installation,
            channel,
        },
        attempt,
        started_at: at(started),
        delivered_at: None,
        read_at: None,
        tried_at: None,
        arrived_at: None,
        returned_at: None,
        provider: None,
        passed_over: Vec::new(),
    }
}

/// A dispatch looks at the delivery at a time.
fn is_due(findings: &mut Findings, time: &str) {
    let course = findings.delivery.as_mut().unwrap().course.as_mut().unwrap();
    course.due_at = Some(at(time));
}

fn taken() -> Attempt {
    Attempt {
        tries: 1,
        ..Attempt::HANDED
    }
}

fn state(findings: &mut Findings) -> &mut DeliveryState {
    &mut findings.delivery.as_mut().unwrap().state
}

fn said(findings: &Findings, now: &str) -> Vec<String> {
    let times = Times::of_day(findings.notification.accepted_at);
    let statements = explain(findings, at(now));
    statements.iter().map(|said| english(said, times)).collect()
}

#[track_caller]
fn check(findings: &Findings, now: &str, expected: &[&str]) {
    let said = said(findings, now);
    assert_eq!(
        said[0],
        "The notification was accepted on 2026-11-29 at 10:02:00 (all times are UTC)."
    );
    assert_eq!(said[1..], *expected);
}

#[test]
fn a_push_follows_a_connection_that_stayed_silent() {
    let mut findings = findings();
    findings.tries = vec![
        tried(Channel::Fcm, taken(), "10:02:05"),
        tried(Channel::Hub, Attempt::HANDED, "10:02:00"),
    ];
    state(&mut findings).merge(Proof::Sent, at("10:02:00"));
    check(
        &findings,
        "10:03:00",
        &[
            "The Android device has been offline since 09:40:00.",
            "It was written to the connection of the Android device at 10:02:00.",
            "A push for the Android device was handed to FCM at 10:02:05, because the Android device had not confirmed within 5 seconds what was written to its connection.",
            "It was handed over, and no device has confirmed it yet; it counts as lost if none does until 22:02:00.",
        ],
    );
}

#[test]
fn a_push_without_a_connection_says_so() {
    let mut findings = findings();
    findings.tries = vec![tried(Channel::Fcm, taken(), "10:02:01")];
    let said = said(&findings, "10:03:00");
    assert_eq!(
        said[2],
        "A push for the Android device was handed to FCM at 10:02:01, because the Android device had not been heard from over a connection."
    );
}

#[test]
fn a_device_that_confirms_needs_no_more_words_of_how_it_is_reached() {
    let mut findings = findings();
    findings.tries = vec![Try {
        delivered_at: Some(at("10:02:02")),
        read_at: Some(at("10:04:00")),
        ..tried(Channel::Hub, Attempt::HANDED, "10:02:00")
    }];
    findings.devices[0].has_it = true;
    state(&mut findings).merge(Proof::Receipt(ReceiptKind::Clicked), at("10:02:02"));
    state(&mut findings).merge(Proof::Receipt(ReceiptKind::Read), at("10:04:00"));
    check(
        &findings,
        "10:05:00",
        &[
            "It was written to the connection of the Android device at 10:02:00.",
            "The Android device confirmed at 10:02:02 that it has it.",
            "It was read on the Android device at 10:04:00.",
            "The person opened it by a tap.",
            "The person read it at 10:04:00.",
        ],
    );
}

#[test]
fn a_dead_address_is_why_it_was_not_delivered() {
    let mut findings = findings();
    let dead = Attempt {
        state: State::Failed,
        reason: Some(Reason::TokenDead),
        tries: 1,
        ..Attempt::HANDED
    };
    findings.tries = vec![tried(Channel::Fcm, dead, "10:02:01")];
    state(&mut findings).merge(Proof::Ended(Reason::TokenDead), at("10:02:02"));
    check(
        &findings,
        "10:05:00",
        &[
            "A push for the Android device was given up after 1 try, because the device's address at the push service is dead.",
            "It was not delivered, because the device's address at the push service is dead.",
        ],
    );
}

#[test]
fn a_push_that_was_not_decrypted_says_what_follows() {
    let mut findings = findings();
    let waits = Attempt {
        state: State::Failed,
        reason: Some(Reason::DecryptUnknownKey),
        tries: 1,
        undecrypted: 1,
        until: Some(at("10:02:14")),
        ..Attempt::HANDED
    };
    let anew = Attempt {
        tries: 2,
        undecrypted: 1,
        ..Attempt::HANDED
    };
    state(&mut findings).merge(Proof::Sent, at("10:02:01"));
    let mut pushed = |attempt| {
        findings.tries = vec![tried(Channel::Fcm, attempt, "10:02:01")];
        said(&findings, "10:02:10")[2..4].to_vec()
    };
    assert_eq!(
        pushed(waits)[0],
        "A push for the Android device came to nothing, because it was encrypted for a key that the \
         device no longer has; until 10:02:14 the server waits for the key that the Android device has now."
    );
    assert_eq!(
        pushed(anew)[1],
        "A push for the Android device could not be decrypted there once, and was encrypted anew for the \
         key that the Android device has now."
    );
}

#[test]
fn what_is_tried_anew_says_so() {
    let mut findings = findings();
    let anew = Attempt {
        state: State::Retrying,
        reason: None,
        tries: 4,
        until: Some(at("10:30:00")),
        ..Attempt::HANDED
    };
    is_due(&mut findings, "10:30:00");
    findings.tries = vec![tried(Channel::Fcm, anew, "10:02:01")];
    let said = |findings: &Findings| said(findings, "10:29:00");
    assert_eq!(
        said(&findings)[2],
        "A push for the Android device is tried anew at 10:30:00, because the sender asked for it."
    );
    findings.notification.is_cancelled = true;
    assert_eq!(
        said(&findings)[1..],
        [
            "The Android device has been offline since 09:40:00.",
            "The sender cancelled it before it was handed over.",
        ]
    );
}

#[test]
fn who_gets_nothing_is_told_why() {
    let mut findings = findings();
    findings.delivery = None;
    check(
        &findings,
        "10:03:00",
        &["This person was not among the recipients when they were looked up."],
    );
    findings.notification.expansion = Expansion::Running;
    check(
        &findings,
        "10:03:00",
        &["Its recipients are still being looked up; this person may be among those who are left."],
    );
    findings.notification.is_cancelled = true;
    findings.notification.expansion = Expansion::Stopped;
    check(
        &findings,
        "10:03:00",
        &["The sender stopped the notification before this person was reached."],
    );
    findings.notification.is_erased = true;
    check(
        &findings,
        "10:03:00",
        &["The user whom the sender named was erased since."],
    );
    findings.notification.is_excluded = true;
    check(
        &findings,
        "10:03:00",
        &["The sender excluded this person from the recipients."],
    );
}

#[test]
fn the_next_step_says_what_the_former_one_missed() {
    let mut findings = findings();
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven: None,
    };
    findings.notification.steps = Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ]);
    let delivery = findings.delivery.as_mut().unwrap();
    delivery.course = Some(Stand::new(at("10:02:00")));
    let waiting = Stand {
        due_at: Some(at("10:02:59")),
        ..Stand::new(at("10:02:00"))
    };
    findings.delivery.as_mut().unwrap().course = Some(waiting);
    let words = said(&findings, "10:02:30");
    assert!(
        words.contains(
            &"If it is not delivered by connection and push before 10:03:00, e-mail is next."
                .to_owned()
        )
    );
    assert!(words.contains(&"The server looks at it again at 10:02:59.".to_owned()));
    findings.delivery.as_mut().unwrap().course = Some(Stand {
        step: 1,
        due_at: None,
        ..Stand::new(at("10:03:00"))
    });
    let words = said(&findings, "10:04:00");
    assert!(words.contains(
        &"Step 2 (e-mail) began at 10:03:00, because by connection and push it was not delivered in time."
            .to_owned()
    ));
}

#[test]
fn an_end_is_told_by_its_reason() {
    let end = |reason| {
        let mut findings = findings();
        let state = state(&mut findings);
        if reason == Reason::DeliveryUnconfirmed {
            state.merge(Proof::Sent, at("10:02:00"));
        }
        state.merge(Proof::Ended(reason), at("10:03:00"));
        findings
    };
    let last = |findings: &Findings| said(findings, "23:00:00").pop().unwrap();
    assert_eq!(
        last(&end(Reason::ExpiredTtl)),
        "It expired at 22:02:00, before it could be handed to any device."
    );
    assert_eq!(
        last(&end(Reason::DeliveryUnconfirmed)),
        "It was handed over, and no device had confirmed it when its time ran out at 22:02:00."
    );
    assert_eq!(
        last(&end(Reason::CancelledSender)),
        "The sender cancelled it before it was handed over."
    );
    let mut recalled = end(Reason::CancelledSender);
    recalled.notification.is_recalled = true;
    assert_eq!(
        last(&recalled),
        "The sender recalled it before it was handed over."
    );
    assert_eq!(
        last(&end(Reason::OptoutAll)),
        "It was held back, because the person wants no notifications."
    );
    let mut late = end(Reason::ExpiredTtl);
    state(&mut late).merge(Proof::Receipt(ReceiptKind::Delivered), at("22:30:00"));
    assert_eq!(state(&mut late).status, DeliveryStatus::Delivered);
    assert_eq!(
        last(&late),
        "This became known after the delivery had been given up."
    );
}

#[test]
fn a_device_that_has_seconds_left_is_waited_for() {
    let mut findings = findings();
    is_due(&mut findings, "10:02:05");
    let online = Device {
        connected: Some(at("10:01:59")),
        ..phone(1)
    };
    findings.devices = vec![online.clone()];
    findings.tries = vec![tried(Channel::Hub, Attempt::HANDED, "10:02:00")];
    let waits = "The Android device has until 10:02:05 to confirm it; then a push is sent.";
    assert!(said(&findings, "10:02:03").contains(&waits.to_owned()));
    assert!(!said(&findings, "10:02:05").contains(&waits.to_owned()));
    findings.devices[0].addresses.clear();
    assert!(!said(&findings, "10:02:03").contains(&waits.to_owned()));
    findings.devices = vec![online];
    findings.devices[0].has_it = true;
    findings.tries[0].delivered_at = Some(at("10:02:01"));
    assert!(!said(&findings, "10:02:03").contains(&waits.to_owned()));
}
