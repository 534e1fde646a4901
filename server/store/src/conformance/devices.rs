//! Which of a user's devices a notification is for.

use jiff::SignedDuration;
use serde_json::json;
use vestnik_model::{
    AudienceRequest, Channel, DeliveryStatus, Devices, Reason,
    view::{DeliveryView, InstallationView},
};
use vestnik_rules::{session::Session, work::WorkKind};

use super::{
    Fixture,
    name::{ACCEPTED, at, installation, shop, user, users},
    pushing::{
        accepted, begin, dispatch, dispatch_of, has_address, settle, standing, to_anna, token,
        tried,
    },
    timed::second,
    world::{World, due, grown, spelled},
};

const SOON: i64 = ACCEPTED + 1;

fn to(devices: Devices) -> AudienceRequest {
    AudienceRequest {
        devices,
        ..to_anna()
    }
}

async fn open(world: &World, session: &Session, second: i64) -> bool {
    let opened = world
        .store
        .note_opened(session.clone(), at(second), at(second));
    opened.await.unwrap()
}

async fn view(world: &World, number: u32) -> InstallationView {
    let view = world.store.installation(shop(), installation(number));
    view.await.unwrap().unwrap()
}

/// The primary installation of Anna by its number; each view says the same.
async fn primary(world: &World) -> Option<u32> {
    let views = world.store.installations_of(shop(), user("anna")).await;
    let mut primary = None;
    for listed in views.unwrap() {
        let number = (1..10).find(|number| installation(*number) == listed.id);
        assert_eq!(view(world, number.unwrap()).await, listed);
        if listed.is_primary {
            assert_eq!(primary, None, "two are primary");
            primary = number;
        }
    }
    primary
}

/// Each entry of Anna's log with the installations that it is for.
async fn log(world: &World) -> Vec<(String, Option<Vec<u32>>)> {
    let entries = world.stretch("anna").await.entries.into_iter();
    let number = |id| (1..10).find(|number| installation(*number) == id).unwrap();
    entries
        .map(|entry| {
            let only = entry.candidate.only.clone();
            let only = only.map(|only| only.into_iter().map(number).collect());
            (spelled(&entry), only)
        })
        .collect()
}

async fn delivery(world: &World) -> (DeliveryStatus, Option<Reason>) {
    let DeliveryView { status, reason, .. } = world.delivery(1, "anna").await;
    (status, reason.and_then(|reason| reason.known()))
}

/// A shop with credentials at FCM, in which Anna has two phones with addresses; the first was opened last.
async fn two_phones(fixture: &impl Fixture) -> (World, Session, Session) {
    let (world, first) = begin(fixture).await;
    let second = world.login("anna", 2).await;
    has_address(&world, &second, "token-2", 3).await;
    assert!(open(&world, &second, 4).await);
    assert!(open(&world, &first, 5).await);
    (world, first, second)
}

pub async fn the_installation_that_was_opened_last_is_the_primary_one(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let laptop = world.login("anna", 2).await;
    world.login("bert", 3).await;
    assert_eq!(primary(&world).await, None);
    assert!(open(&world, &phone, 5).await);
    assert_eq!(primary(&world).await, Some(1));
    assert!(open(&world, &laptop, 7).await);
    assert_eq!(primary(&world).await, Some(2));
    // It never goes back: reports may overtake each other.
    assert!(open(&world, &laptop, 3).await);
    assert_eq!(view(&world, 2).await.opened_at, Some(at(7)));
    assert!(open(&world, &phone, 6).await);
    assert_eq!(primary(&world).await, Some(2));
    assert!(!view(&world, 3).await.is_primary);
    world.is_sound().await;
}

pub async fn an_installation_is_primary_while_its_user_is_logged_in(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let laptop = world.login("anna", 2).await;
    assert!(open(&world, &phone, 5).await);
    assert!(open(&world, &laptop, 7).await);
    // A second login of the same user changes nothing.
    let again = world.login("anna", 2).await;
    assert!(!open(&world, &laptop, 9).await, "its session has ended");
    assert_eq!(primary(&world).await, Some(2));
    let ended = world.store.end_session(shop(), again.installation, at(8));
    ended.await.unwrap();
    assert_eq!(primary(&world).await, Some(1));
    // Who logs in next has not opened the app yet.
    world.login("bert", 1).await;
    assert_eq!(view(&world, 1).await.opened_at, None);
    assert_eq!(primary(&world).await, None);
    world.is_sound().await;
}

pub async fn only_the_primary_device_gets_what_is_for_it(fixture: &impl Fixture) {
    let (world, ..) = two_phones(fixture).await;
    world.publish(1, to(Devices::Primary)).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![1]))]);
    let begun = dispatch(&world, SOON).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-1"]);
    settle(&world, SOON, tried(&begun[0], SOON, accepted())).await;
    assert!(world.claim(WorkKind::Dispatch, SOON + 90).await.is_empty());
    assert_eq!(standing(&world, 1, "anna").await.len(), 1);
    world.is_sound().await;
}

/// Who is primary when a delivery is made says nothing of who is when its time comes.
pub async fn who_is_primary_when_its_time_comes_gets_it(fixture: &impl Fixture) {
    let (world, _, second_phone) = two_phones(fixture).await;
    let zone = json!({"time_zone": "Europe/Berlin"});
    world.attributes("anna", zone, 6).await;
    let nine = json!({"send_at": "2027-01-20T09:00:00", "time_zone": "recipient"});
    let ttl = SignedDuration::from_secs(1_000);
    world
        .publish_timed(1, to(Devices::Primary), nine, ttl)
        .await;
    let evening = second("2027-01-19T19:00:00Z");
    world.work(WorkKind::Expand, 10, evening).await;
    assert_eq!(log(&world).await, []);
    assert!(open(&world, &second_phone, evening + 1).await);
    let morning = second("2027-01-20T08:00:00Z");
    world.work(WorkKind::Release, 10, morning).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![2]))]);
    let begun = dispatch(&world, morning).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-2"]);
    world.is_sound().await;
}

/// Without a push service too: nothing was tried yet.
pub async fn a_new_primary_device_takes_over_what_waits(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let laptop = world.login("anna", 2).await;
    open(&world, &phone, 5).await;
    world.publish(1, to(Devices::Primary)).await;
    world.publish(2, to_anna()).await;
    assert!(dispatch(&world, SOON).await.is_empty());
    assert!(world.claim(WorkKind::Dispatch, SOON + 60).await.is_empty());
    world.taken();
    open(&world, &phone, SOON + 60).await;
    assert_eq!(due(&world.taken()), [], "it was the primary one before");
    open(&world, &laptop, SOON + 61).await;
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, SOON + 61)]);
    assert!(dispatch(&world, SOON + 61).await.is_empty());
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    let expected = [
        ("2@2".to_owned(), None),
        ("1@3".to_owned(), Some(vec![1, 2])),
    ];
    assert_eq!(log(&world).await, expected);
    world.is_sound().await;
}

pub async fn a_take_over_leaves_what_was_handed_over(fixture: &impl Fixture) {
    let (world, _, second) = two_phones(fixture).await;
    world.publish(1, to(Devices::Primary)).await;
    let begun = dispatch(&world, SOON).await;
    settle(&world, SOON, tried(&begun[0], SOON, accepted())).await;
    world.taken();
    open(&world, &second, SOON + 1).await;
    assert_eq!(due(&world.taken()), []);
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![1]))]);
    world.is_sound().await;
}

pub async fn who_has_no_primary_device_is_told_apart(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to(Devices::Primary)).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![]))]);
    assert!(dispatch(&world, SOON).await.is_empty());
    let expected = (DeliveryStatus::Undelivered, Some(Reason::DeviceNoPrimary));
    assert_eq!(delivery(&world).await, expected);
    // What was lost is tried anew once there is one.
    open(&world, &anna, SOON + 1).await;
    let retry = crate::publishing::Retry {
        app: shop(),
        id: super::name::notification(1),
        now: at(SOON + 2),
    };
    world.store.retry(retry).await.unwrap();
    let begun = dispatch(&world, SOON + 2).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-1"]);
    assert_eq!(log(&world).await, [("1@2".to_owned(), Some(vec![1]))]);
    world.is_sound().await;
}

pub async fn the_others_follow_the_primary_device(fixture: &impl Fixture) {
    let (world, ..) = two_phones(fixture).await;
    world.publish(1, to(Devices::PrimaryThenAll)).await;
    let begun = dispatch(&world, SOON).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-1"]);
    settle(&world, SOON, tried(&begun[0], SOON, accepted())).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![1]))]);
    let later = ACCEPTED + 60;
    assert!(world.claim(WorkKind::Dispatch, later - 1).await.is_empty());
    let begun = dispatch(&world, later).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-2"]);
    assert_eq!(log(&world).await, [("1@2".to_owned(), None)]);
    settle(&world, later, tried(&begun[0], later, accepted())).await;
    let kinds = standing(&world, 1, "anna").await.into_iter();
    assert_eq!(
        kinds.map(|(channel, _)| channel).collect::<Vec<_>>(),
        [Channel::Fcm, Channel::Fcm]
    );
    world.is_sound().await;
}

pub async fn all_are_meant_where_none_is_primary(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    world.publish(1, to(Devices::PrimaryThenAll)).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), None)]);
    // A desktop that is off cannot be reached: the others follow at once.
    world.login("anna", 2).await;
    open(&world, &anna, 5).await;
    world.publish(2, to(Devices::PrimaryThenAll)).await;
    assert_eq!(log(&world).await[1], ("2@2".to_owned(), Some(vec![1])));
    loop {
        let claims = world.claim(WorkKind::Dispatch, SOON).await;
        if claims.is_empty() {
            break;
        }
        for claim in claims {
            dispatch_of(&world, &claim, SOON).await;
        }
    }
    assert_eq!(log(&world).await[1], ("2@3".to_owned(), None));
    world.is_sound().await;
}

pub async fn the_device_that_was_heard_from_last_is_meant(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let laptop = world.login("anna", 2).await;
    open(&world, &phone, 9).await;
    let note = crate::installations::PresenceNote {
        session: laptop,
        node: "a".to_owned(),
        connection: "c".to_owned(),
        lease_until: None,
        last_seen: at(8),
    };
    world.store.note_presence(vec![note]).await.unwrap();
    let to = AudienceRequest {
        devices: Devices::MostRecent,
        ..users(&["anna", "nobody"])
    };
    world.publish(1, to).await;
    assert_eq!(log(&world).await, [("1@1".to_owned(), Some(vec![2]))]);
    let nobody = world.delivery(1, "nobody").await;
    assert_eq!(nobody.status, DeliveryStatus::Pending);
    dispatch(&world, SOON).await;
    let nobody = world.delivery(1, "nobody").await;
    assert_eq!(nobody.reason, Some(Reason::DeviceNoneActive.into()));
    world.is_sound().await;
}
