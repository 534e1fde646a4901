//! Flags of notifications in a history.

use vestnik_model::{DeliveryStatus, Entry, Flag, StateChange};
use vestnik_rules::session::Session;

use super::{
    Fixture,
    fact::flag,
    name::{at, notification, user, users},
    world::{World, grown},
};

async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    (world, session)
}

/// The value that a device that reads the whole log ends with, and its version.
async fn value(world: &World, flag: Flag) -> Option<(bool, u64)> {
    let mut winner: Option<(u64, bool)> = None;
    for change in changes(world).await {
        if change.flag == flag {
            winner = winner.max(Some((change.version, change.value)));
        }
    }
    winner.map(|(version, value)| (value, version))
}

async fn changes(world: &World) -> Vec<StateChange> {
    let entries = world.stretch("anna").await.entries.into_iter();
    let changes = entries.filter_map(|read| match read.entry {
        Some(Entry::State(change)) => Some(change),
        Some(Entry::Notification(_) | Entry::Recall(_) | Entry::Unknown(_)) | None => None,
    });
    changes.collect()
}

pub async fn the_higher_version_wins_in_any_order(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    for (said, expected) in [
        ((true, 5), (true, 5)),
        ((false, 3), (true, 5)),
        ((false, 7), (false, 7)),
        ((true, 6), (false, 7)),
        ((true, 9), (true, 9)),
    ] {
        let told = vec![flag(1, Flag::Archived, said)];
        assert_eq!(world.report(&session, told).await, ["stored"]);
        assert_eq!(value(&world, Flag::Archived).await, Some(expected));
    }
    // Each flag has versions of its own.
    let told = vec![flag(1, Flag::Deleted, (true, 1))];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    assert_eq!(value(&world, Flag::Deleted).await, Some((true, 1)));
    assert_eq!(value(&world, Flag::Archived).await, Some((true, 9)));
    world.is_sound().await;
}

pub async fn a_flag_is_an_entry_of_the_log(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.taken();
    let told = vec![flag(1, Flag::Archived, (true, 5))];
    assert_eq!(world.report(&session, told.clone()).await, ["stored"]);
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    assert_eq!(world.log("anna").await, ["1@1", "1 archived=true@2"]);
    let expected = StateChange {
        id: notification(1),
        at: at(100),
        flag: Flag::Archived.into(),
        value: true,
        version: 5,
    };
    assert_eq!(changes(&world).await, [expected]);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    // A version that does not win is no news.
    let older = vec![flag(1, Flag::Archived, (false, 4))];
    assert_eq!(world.report(&session, older).await, ["stored"]);
    assert_eq!(world.report(&session, told).await, ["duplicate"]);
    assert_eq!(grown(&world.taken()), [].into());
    assert_eq!(world.head("anna").await.seq, 2);
    world.is_sound().await;
}

pub async fn the_flag_read_is_a_reading(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let told = vec![flag(1, Flag::Read, (true, 5))];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Read);
    assert_eq!(delivery.read_at, Some(at(100)));
    assert_eq!(world.log("anna").await, ["1@1", "1 read@2"]);
    // Read is only ever set.
    let back = vec![flag(1, Flag::Read, (false, 9))];
    assert_eq!(world.report(&session, back).await, ["stored"]);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Read);
    assert_eq!(world.log("anna").await, ["1@1", "1 read@2"]);
    world.is_sound().await;
}

pub async fn true_wins_a_tie(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let other = world.login("anna", 2).await;
    let told = vec![flag(1, Flag::Archived, (false, 5))];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    let told = vec![flag(1, Flag::Archived, (true, 5))];
    assert_eq!(world.report(&other, told).await, ["stored"]);
    assert_eq!(value(&world, Flag::Archived).await, Some((true, 5)));
    let told = vec![flag(1, Flag::Archived, (false, 5))];
    assert_eq!(world.report(&other, told).await, ["stored"]);
    assert_eq!(value(&world, Flag::Archived).await, Some((true, 5)));
    world.is_sound().await;
}
