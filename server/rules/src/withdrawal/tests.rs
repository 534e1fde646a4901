use std::convert::Infallible;

use jiff::SignedDuration;
use vestnik_model::{InstallationId, Reason};

use super::*;
use crate::cascade::Address;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn address(channel: Channel) -> Address {
    Address {
        channel,
        is_dead: false,
        has_provider: true,
        attempt: None,
    }
}

fn phone(channels: &[Channel]) -> Device {
    let addresses = channels.iter().copied().map(address).collect();
    Device::new(
        InstallationId::from_uuid(uuid::Uuid::from_u128(1)),
        addresses,
    )
}

fn attempt(state: State, until: Option<i64>) -> Attempt {
    Attempt {
        state,
        until: until.map(at),
        ..FRESH.clone()
    }
}

const fn by(channel: Channel, attempt: &Attempt) -> Trace<'_> {
    Trace {
        channel,
        attempt,
        delivered_at: None,
        read_at: None,
    }
}

/// A look at second 100 at a device from whose log a notification was recalled at second 90.
fn view<'a>(device: &'a Device, traces: &'a [Trace<'a>], own: &'a Attempt) -> View<'a> {
    View {
        device,
        traces,
        has_entry: false,
        since: at(90),
        expires_at: at(1_000),
        own,
        now: at(100),
    }
}

#[test]
fn what_surely_never_came_is_not_withdrawn() {
    let phone = phone(&[Channel::Fcm]);
    let unproven = |state| Attempt {
        unproven: 1,
        ..attempt(state, None)
    };
    let undecrypted = Attempt {
        undecrypted: 1,
        ..attempt(State::Failed, None)
    };
    for (attempt, expected) in [
        (attempt(State::Sent, None), true),
        (attempt(State::Retrying, None), false),
        (attempt(State::Failed, None), false),
        (unproven(State::Retrying), true),
        (unproven(State::Failed), true),
        // A text without content was drawn for it.
        (undecrypted, true),
    ] {
        let traces = [by(Channel::Fcm, &attempt)];
        let looked = look(&view(&phone, &traces, &FRESH));
        assert_eq!(looked == Step::Push(Channel::Fcm), expected, "{attempt:?}");
        let reported = [Trace {
            delivered_at: Some(at(50)),
            ..traces[0]
        }];
        assert!(may_be_on(&reported), "{attempt:?}");
        let read = [Trace {
            read_at: Some(at(60)),
            ..reported[0]
        }];
        assert_eq!(look(&view(&phone, &read, &FRESH)), Step::Done);
    }
    assert_eq!(look(&view(&phone, &[], &FRESH)), Step::Done);
}

#[test]
fn it_goes_by_the_service_that_brought_it() {
    let sent = attempt(State::Sent, None);
    let failed = attempt(State::Failed, None);
    let both = phone(&[Channel::Fcm, Channel::Webpush]);
    let traces = [by(Channel::Fcm, &failed), by(Channel::Webpush, &sent)];
    let looked = look(&view(&both, &traces, &FRESH));
    assert_eq!(looked, Step::Push(Channel::Webpush));
    // What came over the connection is withdrawn by whatever reaches the device now.
    let traces = [by(Channel::Hub, &sent)];
    let looked = look(&view(&both, &traces, &FRESH));
    assert_eq!(looked, Step::Push(Channel::Fcm));
    let mut lost = both;
    lost.addresses[0].is_dead = true;
    lost.addresses[1].has_provider = false;
    assert_eq!(look(&view(&lost, &traces, &FRESH)), Step::Done);
}

#[test]
fn a_device_that_has_it_from_its_log_is_not_pushed_to() {
    let sent = attempt(State::Sent, None);
    let traces = [by(Channel::Fcm, &sent)];
    let phone = phone(&[Channel::Fcm]);
    let view = view(&phone, &traces, &FRESH);
    let has_entry = View {
        has_entry: true,
        ..view
    };
    assert_eq!(look(&has_entry), Step::Done);
    // Heard from before the entry can have come: it is looked at again.
    for (heard, expected) in [(94, Step::Later(at(105))), (95, Step::Done)] {
        let connected = Device {
            is_connected: true,
            heard_at: Some(at(heard)),
            ..phone.clone()
        };
        let view = View {
            device: &connected,
            ..view
        };
        assert_eq!(look(&view), expected, "{heard}");
    }
    // The connection fell before that.
    let silent = Device {
        heard_at: None,
        ..phone.clone()
    };
    let view = View {
        device: &silent,
        ..view
    };
    assert_eq!(look(&view), Step::Push(Channel::Fcm));
}

#[test]
fn a_device_that_was_heard_from_has_time_to_connect() {
    let sent = attempt(State::Sent, None);
    let traces = [by(Channel::Fcm, &sent)];
    let push = Step::Push(Channel::Fcm);
    // The entry was written at second 90.
    for (seen, now, expected) in [
        (55, 94, Step::Later(at(95))),
        (92, 94, Step::Later(at(95))),
        (54, 94, push),
        (55, 95, push),
    ] {
        let phone = Device {
            last_seen_at: at(seen),
            ..phone(&[Channel::Fcm])
        };
        let view = View {
            now: at(now),
            ..view(&phone, &traces, &FRESH)
        };
        assert_eq!(look(&view), expected, "{seen} {now}");
    }
}

#[test]
fn it_ends_with_the_notification_and_where_nothing_is_shown() {
    let sent = attempt(State::Sent, None);
    let traces = [by(Channel::Fcm, &sent)];
    let mut phone = phone(&[Channel::Fcm]);
    let expired = View {
        now: at(1_000),
        ..view(&phone, &traces, &FRESH)
    };
    assert_eq!(look(&expired), Step::Done);
    let just = View {
        now: at(1_000) - SignedDuration::from_nanos(1),
        ..expired
    };
    assert_eq!(look(&just), Step::Push(Channel::Fcm));
    phone.blocked = Some(Reason::BlockedOs);
    assert_eq!(look(&view(&phone, &traces, &FRESH)), Step::Done);
}

#[test]
fn its_tries_wait_for_their_time() {
    let sent = attempt(State::Sent, None);
    let traces = [by(Channel::Fcm, &sent)];
    let phone = phone(&[Channel::Fcm]);
    let push = Step::Push(Channel::Fcm);
    for (own, expected) in [
        (FRESH.clone(), push),
        (attempt(State::Sending, Some(101)), Step::Later(at(101))),
        // Nobody settled it: it is repeated.
        (attempt(State::Sending, Some(100)), push),
        (attempt(State::Retrying, Some(101)), Step::Later(at(101))),
        (attempt(State::Retrying, Some(100)), push),
        (attempt(State::Sent, None), Step::Done),
        (attempt(State::Failed, None), Step::Done),
    ] {
        assert_eq!(look(&view(&phone, &traces, &own)), expected, "{own:?}");
    }
    // The notification itself is on its way.
    let sending = attempt(State::Sending, Some(120));
    let traces = [by(Channel::Fcm, &sending)];
    let looked = look(&view(&phone, &traces, &FRESH));
    assert_eq!(looked, Step::Later(at(120)));
}

#[test]
fn a_delivery_that_was_never_handed_over_is_nowhere() {
    let state = |status, sent: Option<i64>| DeliveryState {
        status,
        sent_at: sent.map(at),
        ..DeliveryState::pending()
    };
    for (status, expected) in [
        (DeliveryStatus::Scheduled, false),
        (DeliveryStatus::Pending, true),
        (DeliveryStatus::Sent, true),
        (DeliveryStatus::Cancelled, true),
        (DeliveryStatus::Failed, false),
        (DeliveryStatus::Expired, false),
    ] {
        assert_eq!(can_be(&state(status, None), true, &[]), expected);
        assert!(!can_be(&state(status, Some(1)), false, &[]));
    }
    let handed = state(DeliveryStatus::Undelivered, Some(1));
    assert!(can_be(&handed, true, &[]));
}

fn can_be(state: &DeliveryState, was_logged: bool, attempts: &[Attempt]) -> bool {
    let attempts = || Ok::<_, Infallible>(attempts.to_vec());
    let Ok(can_be) = can_be_on_a_device(state, was_logged, attempts);
    can_be
}

/// Somebody opted out while a push was on its way, or while nobody knew what had become of it.
#[test]
fn what_ended_before_its_try_did_can_be_on_a_device() {
    let ended = DeliveryState {
        status: DeliveryStatus::Suppressed,
        ..DeliveryState::pending()
    };
    let unproven = |state| Attempt {
        unproven: 1,
        ..attempt(state, None)
    };
    let refused = attempt(State::Failed, None);
    for (attempts, expected) in [
        (vec![refused.clone()], false),
        (vec![attempt(State::Retrying, Some(9))], false),
        (
            vec![refused.clone(), attempt(State::Sending, Some(9))],
            true,
        ),
        (vec![unproven(State::Retrying)], true),
        (vec![refused, unproven(State::Failed)], true),
    ] {
        assert_eq!(can_be(&ended, true, &attempts), expected, "{attempts:?}");
    }
}

#[test]
fn what_becomes_known_later_is_made_up_for_once() {
    let sent = attempt(State::Sent, None);
    let failed = attempt(State::Failed, None);
    let written = [by(Channel::Hub, &sent)];
    let refused = [by(Channel::Fcm, &failed)];
    let read = [Trace {
        delivered_at: Some(at(50)),
        read_at: Some(at(50)),
        ..written[0]
    }];
    let both = CatchUp {
        is_told: true,
        is_begun: true,
    };
    let told = CatchUp {
        is_begun: false,
        ..both
    };
    let begun = CatchUp {
        is_told: false,
        ..both
    };
    let nothing = CatchUp::default();
    for (has_entry, before, after, expected) in [
        // The recall passed over the delivery, or has not come to it yet.
        (false, &[][..], &written, both),
        (false, &refused, &written, both),
        (false, &written, &written, both),
        // It knew of other installations only.
        (true, &[], &written, begun),
        (true, &refused, &written, begun),
        (true, &written, &written, nothing),
        // What was read has left the screen, and not the history.
        (false, &[], &read, told),
        (true, &written, &read, nothing),
        // That it cannot have come is no evidence.
        (false, &[], &refused, nothing),
    ] {
        let found = catch_up(has_entry, before, after);
        assert_eq!(found, expected, "{has_entry} {before:?} {after:?}");
    }
}

/// The app's own switch does not speak against taking something off the screen.
#[test]
fn an_app_that_is_switched_off_is_told_what_to_take_off_the_screen() {
    let sent = attempt(State::Sent, None);
    let traces = [by(Channel::Fcm, &sent)];
    for (reason, expected) in [
        (Reason::BlockedOs, Step::Done),
        (Reason::BlockedApp, Step::Push(Channel::Fcm)),
    ] {
        let phone = Device {
            blocked: Some(reason),
            ..phone(&[Channel::Fcm])
        };
        assert_eq!(look(&view(&phone, &traces, &FRESH)), expected, "{reason}");
    }
}

#[test]
fn a_lease_that_was_given_while_the_clock_was_ahead_holds_nothing_up() {
    let phone = phone(&[Channel::Fcm]);
    for (until, wanted) in [
        (125, Step::Later(at(125))),
        (90_000, Step::Push(Channel::Fcm)),
    ] {
        let sending = attempt(State::Sending, Some(until));
        let traces = [by(Channel::Fcm, &sending)];
        assert_eq!(look(&view(&phone, &traces, &FRESH)), wanted);
        let sent = attempt(State::Sent, None);
        let traces = [by(Channel::Fcm, &sent)];
        assert_eq!(look(&view(&phone, &traces, &sending)), wanted);
    }
    // A pause that was asked for is kept.
    let sent = attempt(State::Sent, None);
    let paused = attempt(State::Retrying, Some(500));
    let traces = [by(Channel::Fcm, &sent)];
    assert_eq!(look(&view(&phone, &traces, &paused)), Step::Later(at(500)));
}
