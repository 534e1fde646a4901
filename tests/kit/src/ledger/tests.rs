use uuid::Uuid;

use super::*;

fn id(n: u128) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(n))
}

fn acknowledged(n: u128, devices: &[&str]) -> Acknowledged {
    Acknowledged {
        notification: id(n),
        devices: devices.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn shown(device: &str, n: u128, again: bool) -> Shown {
    Shown {
        device: device.to_owned(),
        notification: id(n),
        again,
    }
}

#[test]
fn what_was_written_is_read_back_without_a_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown");
    assert_eq!(read::<Shown>(&path).unwrap(), []);
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.append(&[shown("a", 1, false)]).unwrap();
    ledger.file.write_all(b"{\"device\":\"a\",").unwrap();
    assert_eq!(read::<Shown>(&path).unwrap(), [shown("a", 1, false)]);

    let mut ledger = Ledger::open(&path).unwrap();
    ledger.append(&[shown("a", 2, true)]).unwrap();
    let entries = read::<Shown>(&path).unwrap();
    assert_eq!(entries, [shown("a", 1, false), shown("a", 2, true)]);
}

#[test]
fn a_foreign_line_is_an_error_and_not_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown");
    fs::write(&path, "nonsense\n").unwrap();
    assert!(read::<Shown>(&path).is_err());
}

#[test]
fn once_each_is_how_it_should_be() {
    let verdict = Verdict::of(
        &[acknowledged(1, &["a", "b"]), acknowledged(2, &["a"])],
        &[
            shown("a", 2, false),
            shown("b", 1, false),
            shown("a", 1, false),
        ],
    );
    assert!(verdict.holds());
    assert_eq!(
        (verdict.acknowledged, verdict.expected, verdict.shown),
        (2, 3, 3)
    );
}

#[test]
fn a_missing_toast_is_lost_on_its_device() {
    let verdict = Verdict::of(&[acknowledged(1, &["a", "b"])], &[shown("a", 1, false)]);
    assert_eq!(verdict.lost, [("b".to_owned(), id(1))]);
    assert!(!verdict.holds());
}

#[test]
fn a_second_new_toast_is_one_too_many() {
    let verdict = Verdict::of(
        &[acknowledged(1, &["a"])],
        &[shown("a", 1, false), shown("a", 1, false)],
    );
    assert_eq!(verdict.shown_twice, [("a".to_owned(), id(1))]);
    assert!(!verdict.holds());
}

#[test]
fn a_repeat_replaces_and_does_not_double() {
    let verdict = Verdict::of(
        &[acknowledged(1, &["a"]), acknowledged(2, &["a"])],
        &[
            shown("a", 1, false),
            shown("a", 1, true),
            shown("a", 2, true),
        ],
    );
    assert!(verdict.holds());
    assert_eq!((verdict.shown, verdict.replaced), (2, 1));
}

#[test]
fn an_unanswered_publish_may_be_shown_but_once() {
    let verdict = Verdict::of(&[], &[shown("a", 1, false)]);
    assert!(verdict.holds());
    assert_eq!(verdict.unasked, 1);
    let verdict = Verdict::of(&[], &[shown("a", 1, false), shown("a", 1, false)]);
    assert_eq!(verdict.shown_twice.len(), 1);
}
