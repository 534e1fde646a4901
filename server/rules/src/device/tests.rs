use uuid::Uuid;

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
    }
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
