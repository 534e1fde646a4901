//! Deliveries that are not for all of a user's devices.

use super::*;

/// A phone on which the app was opened at a second.
fn opened(number: u128, second: i64) -> Device {
    Device {
        opened_at: Some(at(second)),
        last_seen_at: at(second),
        ..phone(number, None)
    }
}

fn ids(only: &[u128]) -> Addressed {
    Addressed::only(Some(only.iter().map(|number| id(*number)).collect()))
}

/// A delivery that is for these devices so far.
fn chosen(choice: Devices, only: &[u128], devices: Vec<Device>) -> Case {
    Case {
        wanted: Wanted {
            devices: choice,
            ..Wanted::ALL
        },
        addressed: ids(only),
        ..Case::new(devices)
    }
}

fn primary(only: &[u128], devices: Vec<Device>) -> Case {
    chosen(Devices::Primary, only, devices)
}

fn first(devices: Vec<Device>) -> Case {
    chosen(Devices::PrimaryThenAll, &[1], devices)
}

/// The same device with its push taken.
fn pushed(device: &Device) -> Device {
    Device {
        addresses: vec![address(
            Channel::Fcm,
            Some(attempt(State::Sent, None, None)),
        )],
        ..device.clone()
    }
}

#[test]
fn listed_devices_are_those_that_are_meant() {
    let listed = Case {
        addressed: ids(&[2]),
        ..Case::new(vec![phone(1, None), phone(2, None)])
    };
    listed.check(&[push(2, Channel::Fcm)], 0, Some(130), None);
}

#[test]
fn the_primary_device_is_reached_alone() {
    let case = primary(&[2], vec![opened(1, 50), opened(2, 60)]);
    case.check(&[push(2, Channel::Fcm)], 0, Some(130), None);
    assert_eq!(case.look().opens, None);
}

#[test]
fn another_takes_over_what_waits_and_nothing_that_was_handed_over() {
    let devices = || vec![opened(1, 90), pushed(&opened(2, 60))];
    let waits = primary(&[2], devices());
    let looked = waits.look();
    assert_eq!(looked.opens, Some(Opens::One(id(1))));
    assert_eq!(looked.tries, [push(1, Channel::Fcm)]);
    assert_eq!(looked.course.opened_at, Some(at(100)));
    let handed = primary(&[2], devices()).proven(Evidence::Sent);
    assert_eq!(handed.look().opens, None);
    handed.check(&[], 0, None, None);
    // Who is meant now comes last.
    let moved = primary(&[2, 1], devices());
    assert_eq!(moved.look().opens, None);
    moved.check(&[push(1, Channel::Fcm)], 0, Some(130), None);
}

#[test]
fn what_may_have_been_written_to_a_connection_is_not_taken_over() {
    let near = Device {
        heard_at: Some(at(98)),
        is_connected: true,
        ..opened(2, 60)
    };
    let case = |now| primary(&[2], vec![opened(1, 101), near.clone()]).at(now);
    assert_eq!(case(102).look().opens, None);
    case(102).check(&[], 0, Some(105), None);
    assert_eq!(case(105).look().opens, Some(Opens::One(id(1))));
    let has_it = Device {
        has_it: true,
        ..near
    };
    let confirmed = primary(&[2], vec![opened(1, 101), has_it]).at(105);
    assert_eq!(confirmed.look().opens, None);
}

#[test]
fn a_take_over_gives_the_window_to_confirm_anew() {
    let near = Device {
        heard_at: Some(at(110)),
        is_connected: true,
        ..opened(1, 110)
    };
    let mut case = primary(&[2], vec![near, opened(2, 60)]).at(112);
    case.check(&[], 0, Some(117), None);
    case.course = case.look().course;
    case.addressed = ids(&[2, 1]);
    case = case.at(117);
    case.check(&[push(1, Channel::Fcm)], 0, Some(147), None);
}

#[test]
fn a_primary_device_that_may_show_nothing_stays_the_primary_one() {
    let blocked = Device {
        blocked: Some(Reason::BlockedOs),
        ..opened(2, 60)
    };
    let devices = vec![opened(1, 50), blocked];
    primary(&[2], devices.clone()).check(&[], 0, None, Some(Reason::BlockedOs));
    let next = Case {
        steps: cascade(),
        ..primary(&[2], devices)
    };
    next.check(&[Target::Mailbox], 1, Some(1_540), None);
    assert_eq!(next.look().course.switched, Some(Reason::BlockedOs));
}

#[test]
fn who_has_no_primary_device_gets_the_next_step_with_the_reason() {
    let case = || primary(&[], vec![phone(1, None)]);
    case().check(&[], 0, None, Some(Reason::DeviceNoPrimary));
    let next = Case {
        steps: cascade(),
        ..case()
    };
    assert_eq!(next.look().course.switched, Some(Reason::DeviceNoPrimary));
    // Somebody without any device has no primary one either.
    primary(&[], Vec::new()).check(&[], 0, None, Some(Reason::DeviceNoneActive));
    // The device is opened before the end.
    let looked = primary(&[], vec![opened(1, 99)]).look();
    assert_eq!(looked.opens, Some(Opens::One(id(1))));
}

#[test]
fn the_one_before_it_is_primary_again_when_it_logs_out() {
    let looked = primary(&[2], vec![opened(1, 50)]).look();
    assert_eq!(looked.opens, Some(Opens::One(id(1))));
    assert_eq!(looked.tries, [push(1, Channel::Fcm)]);
}

#[test]
fn the_others_follow_when_the_primary_device_does_not_confirm() {
    let devices = || vec![pushed(&opened(1, 60)), phone(2, None)];
    let case = || first(devices()).proven(Evidence::Sent);
    case().check(&[], 0, Some(160), None);
    let late = case().at(160);
    assert_eq!(late.look().opens, Some(Opens::All));
    late.check(&[push(2, Channel::Fcm)], 0, Some(190), None);
    // Half of the step's minute is less.
    let stepped = |now| Case {
        steps: cascade(),
        ..case().at(now)
    };
    stepped(129).check(&[], 0, Some(130), None);
    assert_eq!(stepped(130).look().opens, Some(Opens::All));
}

#[test]
fn the_others_get_the_window_when_they_follow() {
    let near = Device {
        heard_at: Some(at(155)),
        is_connected: true,
        ..phone(2, None)
    };
    let late = first(vec![pushed(&opened(1, 60)), near]).proven(Evidence::Sent);
    late.at(160).check(&[], 0, Some(165), None);
}

#[test]
fn nobody_follows_when_the_primary_device_has_it() {
    let has_it = Device {
        has_it: true,
        ..pushed(&opened(1, 60))
    };
    let passed = first(vec![has_it, phone(2, None)]).proven(Evidence::Sent);
    passed.at(160).check(&[], 0, None, None);
    let confirmed = first(vec![pushed(&opened(1, 60)), phone(2, None)])
        .proven(Evidence::Receipt(ReceiptKind::Delivered));
    confirmed.at(160).check(&[], 0, None, None);
}

#[test]
fn the_others_follow_at_once_when_the_primary_device_cannot_be_reached() {
    let all = |device: Device| {
        let case = first(vec![device, phone(2, None)]);
        assert_eq!(case.look().opens, Some(Opens::All));
        case.check(&[push(2, Channel::Fcm)], 0, Some(130), None);
    };
    all(Device {
        blocked: Some(Reason::BlockedOs),
        ..opened(1, 60)
    });
    let mut dead = opened(1, 60);
    dead.addresses[0].is_dead = true;
    all(dead);
    all(Device {
        addresses: Vec::new(),
        ..opened(1, 60)
    });
    // It logged out, and no other one was ever opened.
    let gone = first(vec![phone(2, None)]);
    assert_eq!(gone.look().opens, Some(Opens::All));
}

#[test]
fn the_device_that_was_heard_from_last_is_kept_while_it_is_there() {
    let recent = |only: &[u128], devices| chosen(Devices::MostRecent, only, devices);
    let kept = recent(&[1], vec![opened(1, 50), opened(2, 99)]);
    assert_eq!(kept.look().opens, None);
    kept.check(&[push(1, Channel::Fcm)], 0, Some(130), None);
    let gone = recent(&[1], vec![opened(2, 99), opened(3, 40)]);
    assert_eq!(gone.look().opens, Some(Opens::One(id(2))));
}

#[test]
fn somebody_who_begins_no_tries_opens_nothing() {
    let looked = primary(&[2], vec![opened(1, 90), opened(2, 60)]).look();
    let left = looked.left_to_dispatch(Course::new(at(90)), at(100));
    assert_eq!((left.opens, left.course.due_at), (None, Some(at(100))));
}

/// The phone's token died, and the desktop has no address: the letter follows at once, and the desktop
/// still is to have it in its log.
#[test]
fn a_step_that_gives_way_while_others_follow_is_left_to_a_dispatch() {
    let dead = attempt(State::Failed, None, Some(Reason::TokenDead));
    let desktop = Device::new(id(2), Vec::new());
    let case = Case {
        steps: cascade(),
        ..first(vec![phone(1, Some(dead)), desktop])
    };
    let looked = case.look();
    assert_eq!((looked.course.step, looked.opens), (1, Some(Opens::All)));
    let left = looked.left_to_dispatch(case.course, at(110));
    assert_eq!((left.course.step, left.course.due_at), (0, Some(at(110))));
    assert_eq!((left.opens, left.end), (None, None));
    assert!(left.tries.is_empty());
}
