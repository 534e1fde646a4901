//! Reading everything up to a place.

use vestnik_model::{Cursor, DeliveryStatus, ReceiptKind};
use vestnik_rules::{
    log::{Epoch, Place},
    receipt::READ_UP_TO,
    session::Session,
    work::WorkKind,
};

use super::{
    Fixture,
    fact::{read_up_to, receipt},
    name::{EXPIRED, at, installations, page, shop, users},
    world::{World, due},
};

async fn begin(fixture: &impl Fixture, count: u32) -> (World, Session) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for number in 1..=count {
        world.publish(number, users(&["anna"])).await;
    }
    (world, session)
}

/// The cursor of an entry of the log.
async fn cursor(world: &World, seq: u64) -> Cursor {
    let stretch = world.stretch("anna").await;
    let mut places = stretch.entries.iter().map(|one| one.candidate.place);
    let place = places.find(|place| place.seq == seq);
    place.expect("the log has the entry").cursor()
}

async fn statuses(world: &World, count: u32) -> Vec<DeliveryStatus> {
    let mut statuses = Vec::new();
    for number in 1..=count {
        statuses.push(world.delivery(number, "anna").await.status);
    }
    statuses
}

pub async fn everything_up_to_a_place_is_read(fixture: &impl Fixture) {
    let (world, session) = begin(fixture, 4).await;
    world.login("anna", 2).await;
    // One is read already, and one is not for this device.
    world.publish(5, installations(&[2])).await;
    world.publish(6, users(&["anna"])).await;
    let earlier = vec![receipt(2, ReceiptKind::Read, 30)];
    world.report(&session, earlier).await;
    let told = vec![read_up_to("r", cursor(&world, 5).await, 70)];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    let read = DeliveryStatus::Read;
    let pending = DeliveryStatus::Pending;
    let expected = [read, read, read, read, pending, pending];
    assert_eq!(statuses(&world, 6).await, expected);
    assert_eq!(world.delivery(1, "anna").await.read_at, Some(at(70)));
    assert_eq!(world.delivery(2, "anna").await.read_at, Some(at(30)));
    // The other device withdraws each, once.
    let log = world.log("anna").await;
    let told: Vec<_> = log.iter().filter(|entry| entry.contains("read")).collect();
    assert_eq!(told.len(), 4, "{log:?}");
    world.is_sound().await;
}

pub async fn an_unknown_cursor_is_refused(fixture: &impl Fixture) {
    let (world, session) = begin(fixture, 2).await;
    let head = world.head("anna").await;
    let beyond = Place {
        seq: head.seq + 1,
        ..head
    };
    let other = Place {
        epoch: Epoch(head.epoch.0 ^ 1),
        ..head
    };
    for cursor in [
        beyond.cursor(),
        other.cursor(),
        Cursor::parse("odd").unwrap(),
    ] {
        let told = vec![read_up_to("r", cursor, 70)];
        let results = world.report(&session, told).await;
        assert_eq!(results, ["fact.unknown_cursor"]);
    }
    assert_eq!(statuses(&world, 2).await, [DeliveryStatus::Pending; 2]);
    // A fact renews no epoch.
    assert_eq!(world.head("anna").await, head);
    world.is_sound().await;
}

pub async fn a_repeated_reading_is_a_duplicate(fixture: &impl Fixture) {
    let (world, session) = begin(fixture, 2).await;
    let told = vec![read_up_to("r", cursor(&world, 2).await, 70)];
    assert_eq!(world.report(&session, told.clone()).await, ["stored"]);
    let log = world.log("anna").await;
    world.taken();
    assert_eq!(world.report(&session, told).await, ["duplicate"]);
    assert_eq!(world.log("anna").await, log);
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn what_ended_unseen_stays_as_it_is(fixture: &impl Fixture) {
    let (world, session) = begin(fixture, 2).await;
    world.hand_over(&session, 2, 50).await;
    let read = vec![receipt(2, ReceiptKind::Delivered, 60)];
    world.report(&session, read).await;
    let up_to = cursor(&world, 2).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let told = vec![read_up_to("r", up_to, EXPIRED + 1)];
    let told = world.report_at(&session, told, (None, EXPIRED + 1)).await;
    assert_eq!(told.unwrap(), ["stored"]);
    let expected = [DeliveryStatus::Expired, DeliveryStatus::Read];
    assert_eq!(statuses(&world, 2).await, expected);
    world.is_sound().await;
}

pub async fn the_rest_is_work(fixture: &impl Fixture) {
    let count = READ_UP_TO + 5;
    let (world, session) = begin(fixture, count).await;
    let up_to = world.head("anna").await.cursor();
    world.taken();
    let told = vec![read_up_to("r", up_to, 70)];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    let kinds: Vec<_> = due(&world.taken())
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, [WorkKind::MarkRead]);
    // The newest are marked at once.
    assert_eq!(
        world.delivery(5, "anna").await.status,
        DeliveryStatus::Pending
    );
    assert_eq!(world.delivery(6, "anna").await.status, DeliveryStatus::Read);
    assert!(world.work(WorkKind::MarkRead, 2, 100).await >= 3);
    let list = world.store.notifications(shop(), page(None, count)).await;
    let list = list.unwrap().data;
    assert_eq!(list.len(), count as usize);
    assert!(list.iter().all(|view| view.counts.read == 1));
    assert_eq!(world.delivery(1, "anna").await.read_at, Some(at(70)));
    world.is_sound().await;
}
