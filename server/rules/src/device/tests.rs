use std::convert::Infallible;

use uuid::Uuid;
use vestnik_model::Platform;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

fn candidate(number: u128, opened_at: Option<i64>, last_seen_at: i64) -> Candidate {
    Candidate {
        installation: id(number),
        opened_at: opened_at.map(at),
        last_seen_at: at(last_seen_at),
        build: Build::default(),
    }
}

fn ids(numbers: &[u128]) -> Vec<InstallationId> {
    numbers.iter().map(|number| id(*number)).collect()
}

#[test]
fn the_one_that_was_opened_last_is_primary_until_another_is() {
    let mut devices = vec![
        candidate(1, Some(100), 900),
        candidate(2, Some(200), 200),
        candidate(3, None, 1_000),
    ];
    assert_eq!(primary(devices.clone()), Some(id(2)));
    devices[0].opened_at = Some(at(300));
    assert_eq!(primary(devices.clone()), Some(id(1)));
    // It logs out: the one before it is the primary one again.
    devices.remove(0);
    assert_eq!(primary(devices.clone()), Some(id(2)));
    devices.remove(0);
    assert_eq!(primary(devices), None);
}

#[test]
fn two_that_were_opened_at_once_have_one_winner() {
    let devices = [candidate(1, Some(5), 0), candidate(2, Some(5), 0)];
    let [first, second] = devices;
    assert_eq!(primary([first, second]), primary([second, first]));
}

#[test]
fn each_word_chooses_its_own() {
    let devices = [candidate(1, Some(100), 900), candidate(2, Some(200), 200)];
    let silent = [candidate(1, None, 900), candidate(2, None, 200)];
    let rows = [
        (Devices::All, Choice::All, Choice::All, Choice::All),
        (
            Devices::Primary,
            Choice::One(id(2)),
            Choice::Nobody,
            Choice::Nobody,
        ),
        (
            Devices::PrimaryThenAll,
            Choice::One(id(2)),
            Choice::All,
            Choice::All,
        ),
        (
            Devices::MostRecent,
            Choice::One(id(1)),
            Choice::One(id(1)),
            Choice::Nobody,
        ),
    ];
    for (asked, opened, never_opened, without) in rows {
        assert_eq!(choose(asked, devices), opened);
        assert_eq!(choose(asked, silent), never_opened);
        assert_eq!(choose(asked, []), without);
    }
}

#[test]
fn what_was_opened_is_not_taken_back() {
    assert_eq!(Choice::One(id(1)).only(), Some(vec![id(1)]));
    let both = Opens::One(id(2)).only(Some(vec![id(1)]));
    assert_eq!(both, Some(vec![id(1), id(2)]));
    // Who is meant comes last.
    let back = Opens::One(id(1)).only(both.clone());
    assert_eq!(back, Some(vec![id(2), id(1)]));
    assert_eq!(Opens::All.only(both), None);
    assert_eq!(Opens::One(id(1)).only(None), None);
}

#[test]
fn a_device_tells_how_long_ago_it_was_opened() {
    assert_eq!(opened_at(0, at(100)), at(100));
    assert_eq!(opened_at(40, at(100)), at(60));
    assert_eq!(opened_at(u32::MAX, Timestamp::MIN), Timestamp::MIN);
}

fn android(number: u128, version: &str) -> Candidate {
    Candidate {
        build: Build::of(Some(Platform::Android), Some(version)),
        ..candidate(number, Some(i64::try_from(number).unwrap()), 0)
    }
}

fn from_three(devices: Devices) -> Wanted {
    let written = [("android".to_owned(), "3".to_owned())];
    Wanted {
        devices,
        minimum: MinVersions::parse("", &written.into()).unwrap(),
    }
}

#[test]
fn a_delivery_is_for_those_whose_app_is_new_enough() {
    let found = [android(1, "3.0"), android(2, "3.1"), android(3, "2.9")];
    let made = |devices, listed: Option<&[u128]>| {
        let wanted = from_three(devices);
        let listed = listed.map(ids);
        let Ok(made) = address(&wanted, listed, || Ok::<_, Infallible>(found));
        (made.only.clone(), made.among.clone(), made)
    };
    let (only, among, _) = made(Devices::All, None);
    assert_eq!((only, among), (Some(ids(&[1, 2])), None));
    let (only, among, made_of) = made(Devices::All, Some(&[3, 2]));
    assert_eq!((only, among), (Some(ids(&[2])), Some(ids(&[3, 2]))));
    let named = made_of.named(&from_three(Devices::All)).map(<[_]>::to_vec);
    assert_eq!(named, Some(ids(&[3, 2])));
    assert!(made_of.has(id(2)) && !made_of.has(id(3)));
    let (only, among, _) = made(Devices::Primary, None);
    assert_eq!((only, among), (Some(ids(&[2])), Some(ids(&[2]))));
    // Without an oldest version nothing is known of versions.
    let plain = address(&Wanted::ALL, Some(ids(&[3])), || Err::<Vec<_>, _>(()));
    assert_eq!(plain, Ok(Addressed::only(Some(ids(&[3])))));
}

#[test]
fn who_had_it_keeps_it_when_it_is_opened_to_others() {
    let wanted = from_three(Devices::All);
    let before = Addressed {
        only: Some(ids(&[4, 1])),
        among: None,
    };
    let found = [android(1, "3.0"), android(2, "3.1"), android(3, "2.9")];
    let opened = before.open(Opens::Updated, &wanted, found);
    assert_eq!(opened.only, Some(ids(&[4, 1, 2])));
    assert_eq!(opened.among, None);
    let first = from_three(Devices::PrimaryThenAll);
    let chosen = Addressed {
        only: Some(ids(&[1])),
        among: Some(ids(&[1])),
    };
    let all = chosen.clone().open(Opens::All, &first, found);
    assert_eq!((all.only, all.among), (Some(ids(&[1, 2])), None));
    let one = chosen.open(Opens::One(id(2)), &from_three(Devices::Primary), found);
    assert_eq!(one.only, Some(ids(&[1, 2])));
    assert_eq!(one.among, Some(ids(&[1, 2])));
    let plain = Addressed::only(Some(ids(&[1]))).open(Opens::All, &Wanted::ALL, found);
    assert_eq!(plain, Addressed::ALL);
}

#[test]
fn a_delivery_is_asked_anew_as_long_as_somebody_else_can_get_it() {
    let chosen = Wanted {
        devices: Devices::Primary,
        ..Wanted::ALL
    };
    for (status, of_choice, of_versions) in [
        (DeliveryStatus::Pending, true, true),
        (DeliveryStatus::Sent, false, true),
        (DeliveryStatus::Delivered, false, true),
        (DeliveryStatus::Read, false, false),
        (DeliveryStatus::Scheduled, false, false),
        (DeliveryStatus::Undelivered, false, false),
    ] {
        assert!(!Wanted::ALL.is_asked_anew(status));
        assert_eq!(chosen.is_asked_anew(status), of_choice, "{status}");
        let versions = from_three(Devices::All);
        assert_eq!(versions.is_asked_anew(status), of_versions, "{status}");
    }
}
