//! Reading users' logs.

use std::collections::BTreeSet;

use vestnik_model::{Entry, Feature, Flag, ReceiptKind};

use super::{
    Fixture,
    fact::{flag, receipt},
    name::{EXPIRED, at, bank, installation, shop, user, users},
    world::{World, slice, spelled},
};
use crate::logs::LogSlice;

async fn publish_all(world: &World, count: u32) {
    for number in 1..=count {
        world.publish(number, users(&["anna"])).await;
    }
}

pub async fn entries_are_numbered_without_gaps(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    publish_all(&world, 5).await;
    let stretch = world.stretch("anna").await;
    let places: Vec<_> = stretch
        .entries
        .iter()
        .map(|one| one.candidate.place)
        .collect();
    let numbers: Vec<_> = places.iter().map(|place| place.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let tags: BTreeSet<_> = places.iter().map(|place| place.tag).collect();
    assert_eq!(tags.len(), 5);
    assert!(places.iter().all(|place| place.tag.0 != 0));
    assert!(places.iter().all(|place| place.epoch == stretch.head.epoch));
    assert_eq!(places.last(), Some(&stretch.head));
    assert_eq!(world.head("anna").await, stretch.head);
    world.is_sound().await;
}

pub async fn pages_hold_each_entry_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    publish_all(&world, 5).await;
    let mut after = None;
    let mut found = Vec::new();
    loop {
        let part = LogSlice {
            after,
            entries: 2,
            ..slice("anna")
        };
        let stretch = world.store.read_log(part).await.unwrap();
        assert!(stretch.entries.len() <= 2);
        if let Some(after) = after {
            assert_eq!(stretch.after, after);
        }
        let Some(last) = stretch.entries.last() else {
            break;
        };
        after = Some(last.candidate.place);
        found.extend(stretch.entries.iter().map(spelled));
    }
    assert_eq!(found, ["1@1", "2@2", "3@3", "4@4", "5@5"]);
    world.is_sound().await;
}

pub async fn a_stretch_is_bounded_in_bytes(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    publish_all(&world, 4).await;
    let whole = world.stretch("anna").await;
    let sizes: Vec<_> = whole
        .entries
        .iter()
        .map(|one| one.candidate.bytes)
        .collect();
    for (read, size) in whole.entries.iter().zip(&sizes) {
        let entry = read.entry.as_ref().unwrap();
        let least = serde_json::to_vec(entry).unwrap().len();
        assert!(*size >= least, "{size} is less than the entry's {least}");
    }
    let read = |bytes| {
        let part = LogSlice {
            bytes,
            ..slice("anna")
        };
        world.store.read_log(part)
    };
    // The first one is read whatever its size.
    assert_eq!(read(1).await.unwrap().entries.len(), 1);
    let two = read(sizes[0] + sizes[1]).await.unwrap();
    assert_eq!(two.entries.len(), 2);
    assert_eq!(two.head, whole.head);
    let fewer = read(sizes[0] + sizes[1] - 1).await.unwrap();
    assert_eq!(fewer.entries.len(), 1);
    world.is_sound().await;
}

pub async fn an_unknown_user_has_an_empty_log(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let stretch = world.stretch("nobody").await;
    assert!(stretch.entries.is_empty() && stretch.sessions.is_empty());
    assert_eq!((stretch.head.seq, stretch.head.tag.0), (0, 0));
    assert_eq!(stretch.after, stretch.head);
    // The log that begins then is the same one.
    world.publish(1, users(&["nobody"])).await;
    let part = LogSlice {
        after: Some(stretch.head),
        ..slice("nobody")
    };
    let later = world.store.read_log(part).await.unwrap();
    assert_eq!((later.after, later.entries.len()), (stretch.head, 1));
    world.is_sound().await;
}

pub async fn what_expired_is_read_without_its_content(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    publish_all(&world, 1).await;
    let read = |second| {
        let part = LogSlice {
            now: at(second),
            ..slice("anna")
        };
        world.store.read_log(part)
    };
    let fresh = read(EXPIRED - 1).await.unwrap();
    assert!(fresh.entries[0].entry.is_some());
    assert_eq!(fresh.entries[0].candidate.expires_at, Some(at(EXPIRED)));
    let expired = read(EXPIRED).await.unwrap();
    assert_eq!(expired.entries[0].entry, None);
    // The place is there, so that a reader passes it.
    let place = |read: &crate::logs::Stretch| read.entries[0].candidate.place;
    assert_eq!(place(&expired), place(&fresh));
    world.is_sound().await;
}

pub async fn a_stretch_names_the_present_sessions(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 2).await;
    world.login("bert", 3).await;
    world.login_to(&bank(), "anna", 4).await;
    let mut sessions = world.stretch("anna").await.sessions;
    sessions.sort();
    let expected = [
        (installation(1), first.generation),
        (installation(2), second.generation),
    ];
    assert_eq!(sessions, expected);
    world.store.logout(second, at(20)).await.unwrap();
    assert_eq!(world.stretch("anna").await.sessions, expected[..1]);
    world.is_sound().await;
}

pub async fn heads_come_in_the_order_asked(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.publish(2, users(&["bert"])).await;
    world.publish_to(&bank(), 3, users(&["bert"])).await;
    let asked = vec![
        (shop(), user("bert")),
        (shop(), user("nobody")),
        (bank(), user("bert")),
        (shop(), user("anna")),
        (shop(), user("bert")),
    ];
    let heads = world.store.heads(asked).await.unwrap();
    let numbers: Vec<_> = heads.iter().map(|head| head.seq).collect();
    assert_eq!(numbers, [2, 0, 1, 1, 2]);
    assert_eq!(heads[0], heads[4]);
    world.is_sound().await;
}

pub async fn an_arrival_says_what_became_of_it(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    publish_all(&world, 1).await;
    let arrival = |read: crate::logs::Stretch| match read.entries[0].entry.clone() {
        Some(Entry::Notification(arrival)) => arrival,
        other => panic!("no notification: {other:?}"),
    };
    let unread = arrival(world.stretch("anna").await);
    assert_eq!(unread.delivery_id, world.delivery(1, "anna").await.id);
    assert_eq!(unread.read_at, None);
    assert_eq!(unread.notification.title.as_str(), "Order 1");
    let facts = vec![
        receipt(1, ReceiptKind::Read, 60),
        flag(1, Flag::Archived, (true, 5)),
    ];
    assert_eq!(world.report(&session, facts).await, ["stored"; 2]);
    let stretch = world.stretch("anna").await;
    let needs: Vec<_> = stretch
        .entries
        .iter()
        .map(|one| one.candidate.needs)
        .collect();
    assert_eq!(needs, [None, None, Some(Feature::Flags)]);
    assert_eq!(arrival(stretch).read_at, Some(at(60)));
    world.is_sound().await;
}
