//! Deliveries that an old app gets nothing of.

use vestnik_model::{MinVersions, Platform};

use super::*;
use crate::app_version::Build;

/// From this version of Android's app on.
fn from(devices: Devices, oldest: &str) -> Wanted {
    let written = [("android".to_owned(), oldest.to_owned())];
    Wanted {
        devices,
        minimum: MinVersions::parse("", &written.into()).unwrap(),
    }
}

fn on(platform: Option<Platform>, version: &str, number: u128) -> Device {
    Device {
        build: Build::of(platform, Some(version)),
        ..phone(number, None)
    }
}

fn android(version: &str, number: u128) -> Device {
    on(Some(Platform::Android), version, number)
}

fn ids(numbers: &[u128]) -> Vec<InstallationId> {
    numbers.iter().map(|number| id(*number)).collect()
}

/// A delivery of what needs version 3.1, with whom it is for so far.
fn case(devices: Devices, only: &[u128], found: Vec<Device>) -> Case {
    Case {
        wanted: from(devices, "3.1"),
        addressed: Addressed {
            only: Some(ids(only)),
            among: None,
        },
        ..Case::cascade(found)
    }
}

fn all(only: &[u128], found: Vec<Device>) -> Case {
    case(Devices::All, only, found)
}

#[test]
fn an_old_app_gets_nothing_beside_a_new_one() {
    let devices = vec![android("3.0.9", 1), android("3.1.0", 2)];
    let beside = all(&[2], devices);
    beside.check(&[push(2, Channel::Fcm)], 0, Some(130), None);
    assert_eq!(beside.look().opens, None);
}

#[test]
fn who_has_only_old_apps_gets_the_letter_at_once() {
    let near = Device {
        is_connected: true,
        heard_at: Some(at(99)),
        // It has read beyond the entry, which is not for it.
        has_it: true,
        ..android("3.0", 1)
    };
    let devices = vec![near, android("2.9", 2)];
    let old = all(&[], devices.clone());
    assert_eq!(old.look().tries, [Target::Mailbox]);
    assert_eq!(old.look().course.switched, Some(Reason::DeviceAppTooOld));
    let last = Case {
        steps: Steps::default(),
        ..all(&[], devices)
    };
    last.check(&[], 0, None, Some(Reason::DeviceAppTooOld));
}

#[test]
fn a_device_that_tells_no_version_counts_as_too_old() {
    let silent = Device {
        build: Build::of(Some(Platform::Android), None),
        ..phone(1, None)
    };
    let imported = Device {
        build: Build::default(),
        ..phone(1, None)
    };
    for device in [silent, imported, android("beta", 1), on(None, "9", 1)] {
        let looked = all(&[], vec![device]).look();
        assert_eq!(looked.course.switched, Some(Reason::DeviceAppTooOld));
    }
    // A platform that is not named has no oldest version.
    let browser = on(Some(Platform::Web), "", 1);
    let other = all(&[1], vec![browser]);
    other.check(&[push(1, Channel::Fcm)], 0, Some(130), None);
}

#[test]
fn an_app_that_is_updated_while_the_delivery_goes_on_gets_it() {
    let pushed = Device {
        has_it: true,
        ..android("3.1", 1)
    };
    let case = |version| all(&[1], vec![pushed.clone(), android(version, 2)]);
    assert_eq!(case("3.0").look().opens, None);
    let looked = case("3.2").look();
    assert_eq!(looked.opens, Some(Opens::Updated));
    assert_eq!(looked.course.opened_at, Some(at(100)));
    assert_eq!(looked.tries, [push(2, Channel::Fcm)]);
    // That it has read beyond the entry which was not for it proves nothing.
    let beyond = Device {
        has_it: true,
        ..android("3.2", 2)
    };
    let looked = all(&[1], vec![pushed.clone(), beyond]).look();
    assert_eq!(looked.tries, [push(2, Channel::Fcm)]);
    let sent = case("3.2").proven(Evidence::Receipt(ReceiptKind::Delivered));
    assert_eq!(sent.look().opens, Some(Opens::Updated));
    let read = case("3.2").proven(Evidence::Receipt(ReceiptKind::Read));
    assert_eq!(read.look().opens, None);
    // In the step behind, it is opened to them too.
    let mut letter = case("3.2");
    letter.course.step = 1;
    assert_eq!(letter.look().opens, Some(Opens::Updated));
}

/// Its entry gets another place: that a device has read up to the former one says nothing then.
#[test]
fn who_has_it_is_noted_before_it_is_opened() {
    let reached = |version, number| Device {
        has_it: true,
        ..android(version, number)
    };
    let devices = |version| vec![reached("3.1", 1), reached(version, 2), android("3.1", 3)];
    let looked = all(&[1, 3], devices("3.2")).look();
    assert_eq!(looked.opens, Some(Opens::Updated));
    assert_eq!(looked.proven, ids(&[1]));
    assert_eq!(
        looked
            .left_to_dispatch(Course::new(at(100)), at(100))
            .proven,
        []
    );
    let looked = all(&[1, 3], devices("3.0")).look();
    assert_eq!((looked.opens, looked.proven), (None, Vec::new()));
}

/// It comes into the history of the app that was updated, where it is deleted.
#[test]
fn what_the_person_deleted_is_not_pushed() {
    let deleted = |devices| Case {
        is_deleted: true,
        ..all(&[1], devices).proven(Evidence::Receipt(ReceiptKind::Delivered))
    };
    let looked = deleted(vec![android("3.1", 1), android("3.2", 2)]).look();
    assert_eq!(
        (looked.opens, looked.tries),
        (Some(Opens::Updated), Vec::new())
    );
    // A letter follows if the sender waits for more than a delivery.
    let steps = [
        (StepChannel::Push, Goal::Read, Some(30)),
        (StepChannel::Email, Goal::Handed, None),
    ];
    let steps = steps.map(|(channel, wait_for, within_seconds)| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    });
    let read = Case {
        steps: Steps::from_stored(steps.to_vec()),
        ..deleted(vec![android("3.1", 1)])
    };
    read.check(&[], 0, Some(130), None);
    read.at(130).check(&[Target::Mailbox], 1, Some(1_570), None);
}

#[test]
fn listed_devices_get_it_when_they_are_updated_and_no_others() {
    let listed = |version| Case {
        addressed: Addressed {
            only: Some(ids(&[1])),
            among: Some(ids(&[1, 2])),
        },
        ..all(
            &[],
            vec![android("3.1", 1), android(version, 2), android("3.1", 3)],
        )
    };
    listed("3.0").check(&[push(1, Channel::Fcm)], 0, Some(130), None);
    assert_eq!(listed("3.0").look().opens, None);
    assert_eq!(listed("3.1").look().opens, Some(Opens::Updated));
}

/// A device on which the app was opened at a second.
fn opened(version: &str, number: u128, second: i64) -> Device {
    Device {
        opened_at: Some(at(second)),
        last_seen_at: at(second),
        ..android(version, number)
    }
}

fn chosen(devices: Devices, among: &[u128], found: Vec<Device>) -> Case {
    Case {
        addressed: Addressed {
            only: Some(ids(among)),
            among: Some(ids(among)),
        },
        ..case(devices, &[], found)
    }
}

#[test]
fn a_choice_is_made_among_the_new_apps() {
    for devices in [
        Devices::Primary,
        Devices::MostRecent,
        Devices::PrimaryThenAll,
    ] {
        let found = vec![opened("3.1", 1, 50), opened("3.0", 2, 90)];
        let case = chosen(devices, &[1], found);
        case.check(&[push(1, Channel::Fcm)], 0, Some(130), None);
        assert_eq!(case.look().opens, None, "{devices}");
        let updated = vec![opened("3.1", 1, 50), opened("3.1", 2, 90)];
        let opens = chosen(devices, &[1], updated).look().opens;
        // The one that was heard from last is kept while it is there.
        let expected = (devices != Devices::MostRecent).then_some(Opens::One(id(2)));
        assert_eq!(opens, expected, "{devices}");
    }
}

#[test]
fn a_choice_that_finds_only_old_apps_says_so() {
    let reason = |devices, found| chosen(devices, &[], found).look().course.switched;
    for devices in [Devices::Primary, Devices::MostRecent] {
        let old = vec![opened("3.0", 1, 50)];
        assert_eq!(reason(devices, old), Some(Reason::DeviceAppTooOld));
    }
    // The app was opened on the old one and never on the new one.
    let mixed = vec![opened("3.0", 1, 50), android("3.1", 2)];
    let found = reason(Devices::Primary, mixed);
    assert_eq!(found, Some(Reason::DeviceAppTooOld));
    let unopened = vec![android("3.0", 1), android("3.1", 2)];
    let found = reason(Devices::Primary, unopened);
    assert_eq!(found, Some(Reason::DeviceNoPrimary));
    let nobody = reason(Devices::Primary, Vec::new());
    assert_eq!(nobody, Some(Reason::DeviceNoneActive));
}

#[test]
fn the_others_who_follow_are_those_with_a_new_app() {
    let mut primary = opened("3.1", 1, 60);
    primary.addresses[0].is_dead = true;
    let found = vec![primary, android("3.0", 2), android("3.1", 3)];
    let follow = chosen(Devices::PrimaryThenAll, &[1], found);
    assert_eq!(follow.look().opens, Some(Opens::All));
    assert_eq!(follow.look().tries, [push(3, Channel::Fcm)]);
}

#[test]
fn an_oldest_version_is_looked_at_without_a_push_service() {
    let steps = Steps::default();
    assert!(is_routed(&steps, &from(Devices::All, "3.1"), false));
    assert!(!is_routed(&steps, &Wanted::ALL, false));
}
