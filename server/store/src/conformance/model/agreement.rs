//! Where the store and the reference must agree.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    DeliveryStatus, Entry, InstallationId, Reason, contract::DeliveryChange, view::DeliveryView,
};

use super::{
    action::USERS,
    course::Course,
    reference::{Delivery, Item, Log, Number, State, What, Who},
};
use crate::{
    conformance::{
        name::{at, number_of},
        world,
    },
    ledger::WatchQuery,
    logs::StretchEntry,
};

/// Deliveries and logs, whole.
pub(super) async fn all_agrees(course: &Course) {
    deliveries_agree(course).await;
    for who in 0..USERS.len() {
        log_agrees(course, who).await;
    }
}

/// Counts, statuses and changes of every notification since the last look.
pub(super) async fn counts_agree(course: &mut Course) {
    for number in 1..=course.published {
        let after = course.versions.get(&number).copied();
        let watch = WatchQuery {
            app: course.app(),
            id: course.id(number),
            after,
            limit: 100,
            now: at(course.now),
        };
        let watched = course.store.watched(watch).await.unwrap();
        if !course.reference.notifications.contains_key(&number) {
            assert_eq!(watched, None);
            continue;
        }
        let watched = watched.expect("the notification is known");
        assert_eq!(watched.counts, course.reference.counts(number));
        assert_eq!(watched.status.as_str(), course.reference.status(number));
        assert!(after.is_none_or(|after| watched.version >= after));
        for change in &watched.deliveries {
            change_agrees(course, number, change);
        }
        course.versions.insert(number, watched.version);
    }
}

fn change_agrees(course: &Course, number: Number, change: &DeliveryChange) {
    let who = USERS.iter().position(|name| *name == change.user.as_str());
    let delivery = &course.reference.deliveries[&(number, who.unwrap())];
    let found = (change.status, change.reason.is_some(), change.late);
    let (status, reason) = status_of(delivery.state);
    assert_eq!(found, (status, reason.is_some(), delivery.late));
}

async fn deliveries_agree(course: &Course) {
    for number in course.reference.notifications.keys() {
        let mut found = BTreeMap::new();
        for view in course.views(*number).await {
            let who = USERS.iter().position(|name| *name == view.user.as_str());
            found.insert((*number, who.unwrap()), spelled(&view));
        }
        let all = course.reference.deliveries.iter();
        let expected: BTreeMap<_, _> = all
            .filter(|((of, _), _)| of == number)
            .map(|(key, delivery)| (*key, expected(delivery)))
            .collect();
        assert_eq!(found, expected);
    }
}

async fn log_agrees(course: &Course, who: Who) {
    let stretch = course.stretch(who).await;
    let empty = Log::default();
    let log = course.reference.logs.get(&who).unwrap_or(&empty);
    assert_eq!(stretch.head.seq, log.head);
    let mut found: BTreeMap<_, _> = stretch
        .entries
        .iter()
        .map(|read| (read.candidate.place.seq, spelled_entry(course, read)))
        .collect();
    let mut expected = BTreeMap::new();
    for (seq, item) in &log.entries {
        if item.is_outdated {
            found.remove(seq);
        } else {
            expected.insert(*seq, expected_entry(course, who, item));
        }
    }
    assert_eq!(found, expected);
}

fn spelled_entry(course: &Course, read: &StretchEntry) -> String {
    let only = read.candidate.only.as_ref().map(|only| {
        let devices = only.iter().map(|id| device_of(course, *id));
        devices.collect::<Vec<_>>()
    });
    let what = match read.entry.as_ref().and_then(Entry::id) {
        None => "-".to_owned(),
        Some(id) => {
            let spelled = world::spelled(read);
            let (what, _) = spelled.split_once('@').unwrap();
            what.replacen(
                &number_of(id).to_string(),
                &(number_of(id) - course.apart(0)).to_string(),
                1,
            )
        }
    };
    format!("{what} {only:?}")
}

/// The device's number in the course.
fn device_of(course: &Course, id: InstallationId) -> u32 {
    u32::try_from(id.uuid().as_u128()).unwrap() - course.apart(0)
}

fn expected_entry(course: &Course, who: Who, item: &Item) -> String {
    let number = item.number;
    let what = match item.what {
        What::Arrival if !course.reference.is_given(who, number, course.now) => "-".to_owned(),
        What::Arrival => number.to_string(),
        What::Read => format!("{number} read"),
        What::Flag(flag, value) => format!("{number} {flag}={value}"),
        What::Recall => format!("{number} recalled"),
    };
    let only = item.only.map(|device| vec![device]);
    format!("{what} {only:?}")
}

const fn status_of(state: State) -> (DeliveryStatus, Option<Reason>) {
    match state {
        State::Pending => (DeliveryStatus::Pending, None),
        State::Sent => (DeliveryStatus::Sent, None),
        State::Delivered => (DeliveryStatus::Delivered, None),
        State::Read => (DeliveryStatus::Read, None),
        State::NoDevice => (DeliveryStatus::Undelivered, Some(Reason::DeviceNoneActive)),
        State::Expired => (DeliveryStatus::Expired, Some(Reason::ExpiredTtl)),
        State::Unconfirmed => (
            DeliveryStatus::Undelivered,
            Some(Reason::DeliveryUnconfirmed),
        ),
        State::Cancelled => (DeliveryStatus::Cancelled, Some(Reason::CancelledSender)),
    }
}

/// Everything that a sender sees of a delivery.
fn spelled(view: &DeliveryView) -> String {
    let second = |at_: Option<Timestamp>| at_.map(|one| one.duration_since(at(0)).as_secs());
    let times = [view.sent_at, view.delivered_at, view.read_at].map(second);
    let reason = view
        .reason
        .as_ref()
        .map(|reason| reason.as_str().to_owned());
    let mut engaged: Vec<_> = view.engagement.iter().map(|one| one.as_str()).collect();
    engaged.sort_unstable();
    let (status, late) = (view.status, view.late);
    format!("{status} {reason:?} {late} {engaged:?} {times:?}")
}

fn expected(delivery: &Delivery) -> String {
    let (status, reason) = status_of(delivery.state);
    let reason = reason.map(|reason| reason.as_str().to_owned());
    let times = [delivery.sent, delivery.delivered, delivery.read];
    let engaged: Vec<_> = delivery.engaged.iter().collect();
    let late = delivery.late;
    format!("{status} {reason:?} {late} {engaged:?} {times:?}")
}
