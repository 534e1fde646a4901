use std::collections::BTreeMap;

use jiff::SignedDuration;
use vestnik_model::{
    Channel, Devices, Evidence as Proof, Expansion, Reason,
    publish::{Goal, StepChannel, StepRequest, Steps},
};

use super::*;
use crate::{
    app_version::Build,
    device::{Addressed, Wanted},
    explain::{Address, DeliveryFindings, Device, NotificationFindings},
    schedule::{Held, HeldBy},
};

fn at(time: &str) -> Timestamp {
    format!("2026-11-29T{time}Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("10:30:00")
}

fn phone() -> Device {
    Device {
        installation: "ins_00000000000000000000000000000001".parse().unwrap(),
        build: Build::default(),
        blocked: None,
        connected: None,
        last_seen_at: at("10:00:00"),
        opened_at: None,
        has_it: false,
        addresses: vec![Address {
            channel: Channel::Fcm,
            died_at: None,
            has_provider: true,
        }],
    }
}

fn fcm() -> Target {
    Target::Device {
        installation: phone().installation,
        channel: Channel::Fcm,
    }
}

fn failed(reason: Reason) -> Try {
    Try {
        target: fcm(),
        attempt: Attempt {
            state: State::Failed,
            reason: Some(reason),
            tries: 7,
            unproven: 1,
            ..Attempt::HANDED
        },
        started_at: at("10:02:00"),
        delivered_at: None,
        read_at: None,
        tried_at: None,
        arrived_at: None,
        returned_at: None,
        provider: None,
        passed_over: Vec::new(),
    }
}

/// A delivery that ended for a reason, to a person with a phone that could be pushed to.
fn ended(reason: Reason) -> Findings {
    let mut state = DeliveryState::pending();
    if reason.is_after_hand_over() {
        state.merge(Proof::Sent, at("10:02:00"));
    }
    state.merge(Proof::Ended(reason), at("10:03:00"));
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
            state,
            course: None,
            addressed: Addressed::ALL,
            gave_way: false,
            is_deleted: false,
        }),
        devices: vec![phone()],
        mailbox: None,
        has_backend: false,
        gateways: Vec::new(),
        tries: Vec::new(),
        not_shown: BTreeMap::new(),
        hours: Hours::Open,
    }
}

#[test]
fn what_was_lost_begins_at_its_first_step() {
    let mut findings = ended(Reason::ProviderUnavailable);
    findings.tries = vec![failed(Reason::ProviderUnavailable)];
    let again = round(&findings, true, now()).unwrap();
    assert_eq!(again.advanced.state, DeliveryState::pending());
    assert!(again.advanced.is_changed && again.advanced.moved.is_some());
    assert_eq!(again.course, Some(Course::new(now())));
    let [(target, attempt)] = again.reopened.as_slice() else {
        panic!("one attempt: {again:?}");
    };
    assert_eq!(*target, fcm());
    assert_eq!((attempt.tries, attempt.state), (7, State::Retrying));
    assert_eq!(attempt.until, Some(now()));
}

/// Whether a delivery is tried anew depends on what has changed since.
#[test]
fn what_would_end_again_stays_as_it_ended() {
    #[track_caller]
    fn check(reason: Reason, spoil: impl Fn(&mut Findings)) {
        let findings = ended(reason);
        assert!(
            round(&findings, true, now()).is_some(),
            "{reason}: it has changed"
        );
        let mut unchanged = findings;
        spoil(&mut unchanged);
        assert_eq!(round(&unchanged, true, now()), None, "{reason}: it has not");
    }
    check(Reason::DeviceNoneActive, |findings| {
        findings.devices.clear();
    });
    check(Reason::DeviceNoAddress, |findings| {
        // The person has opted out since.
        findings.hours = Hours::Over(Reason::OptoutAll);
    });
    check(Reason::BlockedOs, |findings| {
        findings.devices[0].blocked = Some(Reason::BlockedOs);
    });
    check(Reason::ConfigNoRoute, |findings| {
        findings.devices[0].addresses[0].has_provider = false;
    });
    check(Reason::TokenDead, |findings| {
        findings.devices[0].addresses[0].died_at = Some(at("10:03:00"));
        findings.tries = vec![failed(Reason::TokenDead)];
    });
}

#[test]
fn what_is_tried_anew_in_closed_hours_begins_when_they_open() {
    let mut findings = ended(Reason::ProviderUnavailable);
    let until = now() + SignedDuration::from_hours(1);
    findings.hours = Hours::Closed(Held {
        until,
        by: HeldBy::QuietHours,
        zone: None,
        ends_at: None,
    });
    let again = round(&findings, true, now()).unwrap();
    let put_off = Course {
        is_put_off: true,
        ..Course::new(until)
    };
    assert_eq!(again.course, Some(put_off));
}

/// A delivery by its recipient's clock ends before its notification does.
#[test]
fn what_is_not_worth_delivering_any_more_stays_as_it_ended() {
    let mut findings = ended(Reason::TokenDead);
    findings.notification.expires_at = now() + SignedDuration::from_secs(1);
    assert!(round(&findings, true, now()).is_some());
    findings.notification.expires_at = now();
    assert_eq!(round(&findings, true, now()), None);
}

#[test]
fn an_address_that_was_replaced_is_tried() {
    let mut findings = ended(Reason::TokenDead);
    findings.tries = vec![failed(Reason::TokenDead)];
    let again = round(&findings, true, now()).unwrap();
    assert_eq!(again.reopened.len(), 1);
}

#[test]
fn what_nobody_wanted_or_somebody_took_is_not_tried_anew() {
    for reason in Reason::ALL {
        let is_lost = matches!(
            reason.end(),
            DeliveryStatus::Suppressed | DeliveryStatus::Failed | DeliveryStatus::Undelivered
        );
        let is_over = reason.is_after_hand_over()
            || consequences(reason).escalation == Escalation::Stops
            || !is_lost;
        let again = round(&ended(reason), true, now());
        assert_eq!(again.is_none(), is_over, "{reason}");
    }
    let mut findings = ended(Reason::ProviderTimeout);
    for status in [DeliveryStatus::Pending, DeliveryStatus::Read] {
        findings.delivery.as_mut().unwrap().state.status = status;
        assert_eq!(round(&findings, true, now()), None, "{status}");
    }
    findings.delivery = None;
    assert_eq!(round(&findings, true, now()), None);
}

#[test]
fn what_no_dispatch_looks_at_waits_for_a_connection() {
    let mut findings = ended(Reason::DeviceNoneActive);
    findings.devices[0].addresses.clear();
    let again = round(&findings, false, now()).unwrap();
    assert_eq!((again.course, again.reopened), (None, Vec::new()));
}

#[test]
fn a_cascade_begins_at_its_first_step_again() {
    let mut findings = ended(Reason::TokenDead);
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
    findings.delivery.as_mut().unwrap().course = Some(Course {
        opened_at: None,
        step: 1,
        began_at: at("10:03:00"),
        due_at: None,
        is_put_off: false,
        switched: Some(Reason::TokenDead),
    });
    let again = round(&findings, false, now()).unwrap();
    assert_eq!(again.course, Some(Course::new(now())));
}

#[test]
fn a_notification_says_why_nothing_is_tried_anew() {
    let lost = Prospect {
        counts: Counts {
            undelivered: 1,
            delivered: 4,
            ..Counts::default()
        },
        expires_at: at("22:02:00"),
        is_cancelled: false,
    };
    let late = at("22:02:00");
    assert_eq!(admit(&lost, now()), Ok(()));
    assert_eq!(admit(&lost, late), Err(Obstacle::Expired));
    let cancelled = Prospect {
        is_cancelled: true,
        ..lost
    };
    assert_eq!(admit(&cancelled, late), Err(Obstacle::Cancelled));
    for counts in [
        Counts::default(),
        Counts {
            pending: 1,
            sent: 1,
            unconfirmed: 1,
            expired: 1,
            ..Counts::default()
        },
    ] {
        let well = Prospect { counts, ..lost };
        assert_eq!(admit(&well, now()), Err(Obstacle::NothingLost));
    }
    for counts in [
        Counts {
            failed: 1,
            ..Counts::default()
        },
        Counts {
            suppressed: 1,
            ..Counts::default()
        },
    ] {
        assert_eq!(admit(&Prospect { counts, ..lost }, now()), Ok(()));
    }
}

/// A mailbox that refused a letter for a while is written to again; a dead one is not.
#[test]
fn a_letter_that_was_lost_is_written_again() {
    let mut findings = ended(Reason::ProviderUnavailable);
    let step = StepRequest {
        channel: StepChannel::Email,
        wait_for: Some(Goal::Handed),
        within_seconds: None,
        on_unproven: None,
    };
    findings.notification.steps = Steps::from_stored(vec![step]);
    findings.devices = Vec::new();
    assert_eq!(round(&findings, true, now()), None);
    let mailbox = Address {
        channel: Channel::Email,
        died_at: None,
        has_provider: true,
    };
    findings.mailbox = Some(mailbox);
    findings.tries = vec![Try {
        target: Target::Mailbox,
        ..failed(Reason::ProviderUnavailable)
    }];
    let again = round(&findings, true, now()).unwrap();
    assert_eq!(again.reopened[0].0, Target::Mailbox);
    findings.mailbox = Some(Address {
        died_at: Some(at("10:02:30")),
        ..mailbox
    });
    assert_eq!(round(&findings, true, now()), None);
}

#[test]
fn who_has_a_primary_device_by_now_gets_what_asked_for_one() {
    let mut findings = ended(Reason::DeviceNoPrimary);
    findings.notification.wanted.devices = Devices::Primary;
    findings.delivery.as_mut().unwrap().addressed = Addressed::only(Some(Vec::new()));
    assert_eq!(round(&findings, true, now()), None);
    findings.devices[0].opened_at = Some(at("10:04:00"));
    assert!(round(&findings, true, now()).is_some());
}
