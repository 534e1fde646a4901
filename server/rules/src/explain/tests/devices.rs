//! Which devices there are, and why one is no way to its user.

use super::*;

#[test]
fn devices_are_told_apart_and_each_gap_is_named() {
    let mut findings = findings();
    let mut blocked = phone(2);
    blocked.blocked = Some(Reason::BlockedOs);
    let mut dead = phone(3);
    dead.addresses[0].died_at = Some(at("10:02:01"));
    let mut foreign = phone(4);
    foreign.addresses[0].has_provider = false;
    let bare = Device {
        connected: Some(at("10:01:59")),
        addresses: Vec::new(),
        build: Build {
            platform: Some(Platform::Web),
            version: None,
        },
        ..phone(5)
    };
    findings.devices = vec![blocked, dead, foreign, bare];
    let said = said(&findings, "10:03:00");
    assert_eq!(
        said[1..9],
        [
            "The Android device (…0002) has been offline since 09:40:00.",
            "The Android device (…0002) can show nothing, because notifications are switched off in the device's settings.",
            "The Android device (…0003) has been offline since 09:40:00.",
            "The Android device (…0003) cannot be reached by FCM: its address was found dead at 10:02:01.",
            "The Android device (…0004) has been offline since 09:40:00.",
            "The Android device (…0004) has an address at FCM, but the App has no credentials at FCM.",
            "The browser (…0005) is connected; it was last heard from at 10:01:59.",
            "The browser (…0005) has reported no address at a push service, so only its connection reaches it.",
        ]
    );
}

#[test]
fn a_device_with_an_old_app_is_told_with_both_versions() {
    let mut findings = findings();
    let written = [("android".to_owned(), "3.1".to_owned())];
    findings.notification.wanted.minimum = MinVersions::parse("", &written.into()).unwrap();
    let android = |number, version| Device {
        build: Build::of(Some(Platform::Android), Some(version)),
        ..phone(number)
    };
    let old = Device {
        // It has read beyond the entry, which is not for it.
        has_it: true,
        ..android(1, "3.0.9")
    };
    findings.devices = vec![old, android(2, "3.1")];
    let delivery = findings.delivery.as_mut().unwrap();
    delivery.addressed.only = Some(vec![phone(2).installation]);
    let told = said(&findings, "10:03:00");
    assert_eq!(
        told[1..4],
        [
            "The Android device (…0001) has been offline since 09:40:00.",
            "The Android device (…0001) gets nothing: it has version 3.0.9 of the app, and the sender allows 3.1.0 and later.",
            "The Android device (…0002) has been offline since 09:40:00.",
        ]
    );
}

#[test]
fn a_choice_that_finds_only_old_apps_names_them() {
    let mut findings = findings();
    let written = [("android".to_owned(), "3.1".to_owned())];
    findings.notification.wanted = Wanted {
        devices: vestnik_model::Devices::Primary,
        minimum: MinVersions::parse("", &written.into()).unwrap(),
    };
    let delivery = findings.delivery.as_mut().unwrap();
    (delivery.addressed.only, delivery.addressed.among) = (Some(Vec::new()), Some(Vec::new()));
    let told = said(&findings, "10:03:00");
    assert_eq!(
        told[3],
        "The Android device gets nothing: it did not tell the version of its app, and the sender allows 3.1.0 and later.",
    );
}

#[test]
fn a_dead_address_beside_a_live_one_is_no_gap() {
    let mut findings = findings();
    let dead = Address {
        died_at: Some(at("10:00:00")),
        ..findings.devices[0].addresses[0]
    };
    findings.devices[0].addresses.push(dead);
    assert!(
        !said(&findings, "10:03:00")
            .iter()
            .any(|said| said.contains("dead"))
    );
}
