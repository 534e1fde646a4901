//! Notifications that an old app gets nothing of.

use jiff::SignedDuration;
use serde_json::json;
use vestnik_model::{
    AttemptStatus, AudienceRequest, Channel, DeliveryStatus, Devices, Flag, Reason, ReceiptKind,
    contract::UpdateState,
};
use vestnik_rules::{session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::{flag, read_up_to, receipt},
    name::{ACCEPTED, EXPIRED, at, installation, installations, notification, shop, user, users},
    pushing::{accepted, dispatch, dispatch_of, provide, settle, standing, to_anna, token, tried},
    reach::reach,
    timed::second,
    world::{World, due, grown, spelled},
};
use crate::audiences::ReachOutcome;

const SOON: i64 = ACCEPTED + 1;

/// What needs version 3.1 of Android's app.
fn new_only(to: AudienceRequest) -> AudienceRequest {
    AudienceRequest {
        min_app_version: [("android".to_owned(), "3.1".to_owned())].into(),
        ..to
    }
}

/// Logs a user in on a phone with a version of the app and an address.
async fn phone(world: &World, who: &str, number: u32, version: &str) -> Session {
    let session = world.login(who, number).await;
    let state = json!({
        "platform": "android", "permission": "granted", "app_version": version,
        "push_addresses": [{"kind": "fcm_token", "value": format!("token-{number}")}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(session.clone(), state, at(2));
    assert!(put.await.unwrap());
    session
}

/// A device greets with a version of its app.
async fn greets(world: &World, session: &Session, version: &str, second: i64) {
    let update = UpdateState {
        app_version: Some(version.to_owned()),
        ..UpdateState::default()
    };
    let updated = world
        .store
        .update_state(session.clone(), update, at(second));
    assert!(updated.await.unwrap());
}

/// A shop with credentials at FCM, in which Anna has a phone with a new app and one with an old app.
async fn two_phones(fixture: &impl Fixture) -> (World, Session, Session) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let new = phone(&world, "anna", 1, "3.1.0").await;
    let old = phone(&world, "anna", 2, "3.0.9").await;
    (world, new, old)
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

fn entry(what: &str, only: &[u32]) -> (String, Option<Vec<u32>>) {
    (what.to_owned(), Some(only.to_vec()))
}

/// Begins the tries that are due; gives where they go.
async fn pushed(world: &World, second: i64) -> Vec<String> {
    let begun = dispatch(world, second).await;
    for begun in &begun {
        settle(world, second, tried(begun, second, accepted())).await;
    }
    begun.iter().map(|begun| token(begun).to_owned()).collect()
}

async fn ended(world: &World, who: &str) -> (DeliveryStatus, Option<Reason>) {
    let delivery = world.delivery(1, who).await;
    let reason = delivery.reason.and_then(|reason| reason.known());
    (delivery.status, reason)
}

pub async fn an_old_app_gets_neither_push_nor_entry(fixture: &impl Fixture) {
    let (world, new, old) = two_phones(fixture).await;
    world.publish(1, new_only(to_anna())).await;
    assert_eq!(log(&world).await, [entry("1@1", &[1])]);
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    // It can say nothing of what it has not, and reads over it.
    let head = world.head("anna").await.cursor();
    let told = vec![read_up_to("r", head, SOON + 1)];
    world.report(&old, told).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let told = vec![receipt(1, ReceiptKind::Read, SOON + 1)];
    world.report(&new, told).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Read);
    let told = log(&world).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|(_, only)| *only == Some(vec![1])),
        "{told:?}"
    );
    world.is_sound().await;
}

/// Without a push service too.
pub async fn who_has_only_old_apps_is_told_apart(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    phone(&world, "anna", 1, "3.0.9").await;
    phone(&world, "anna", 2, "3.1.0-beta").await;
    // A device that has told nothing counts as too old.
    world.login("bert", 3).await;
    world.publish(1, new_only(users(&["anna", "bert"]))).await;
    assert_eq!(log(&world).await, [entry("1@1", &[])]);
    assert!(dispatch(&world, SOON).await.is_empty());
    let expected = (DeliveryStatus::Undelivered, Some(Reason::DeviceAppTooOld));
    assert_eq!(ended(&world, "anna").await, expected);
    assert_eq!(ended(&world, "bert").await, expected);
    world.is_sound().await;
}

pub async fn an_app_that_is_updated_gets_what_goes_on(fixture: &impl Fixture) {
    let (world, new, old) = two_phones(fixture).await;
    world.publish(1, new_only(to_anna())).await;
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    world.taken();
    greets(&world, &old, "3.0.9", SOON + 1).await;
    assert_eq!(due(&world.taken()), [], "nothing has changed");
    greets(&world, &old, "3.2", SOON + 2).await;
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, SOON + 2)]);
    assert_eq!(pushed(&world, SOON + 2).await, ["token-2"]);
    assert_eq!(log(&world).await, [entry("1@2", &[1, 2])]);
    // What was read goes to nobody else.
    let told = vec![receipt(1, ReceiptKind::Read, SOON + 3)];
    world.report(&new, told).await;
    world.taken();
    phone(&world, "anna", 3, "3.1").await;
    assert_eq!(due(&world.taken()), []);
    world.is_sound().await;
}

/// One that logs in is no other than one that is updated.
pub async fn a_new_app_that_logs_in_gets_what_goes_on(fixture: &impl Fixture) {
    let (world, ..) = two_phones(fixture).await;
    phone(&world, "bert", 4, "3.1").await;
    world.publish(1, new_only(to_anna())).await;
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    phone(&world, "anna", 3, "3.1").await;
    assert_eq!(pushed(&world, SOON + 1).await, ["token-3"]);
    // It told its version while it was another user's.
    world.login("anna", 4).await;
    dispatch(&world, SOON + 2).await;
    assert_eq!(log(&world).await, [entry("1@3", &[1, 3, 4])]);
    world.is_sound().await;
}

pub async fn listed_installations_get_it_once_they_are_updated(fixture: &impl Fixture) {
    let (world, _, old) = two_phones(fixture).await;
    phone(&world, "anna", 3, "3.1").await;
    world.publish(1, new_only(installations(&[1, 2]))).await;
    assert_eq!(log(&world).await, [entry("1@1", &[1])]);
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    greets(&world, &old, "3.2", SOON + 1).await;
    assert_eq!(pushed(&world, SOON + 1).await, ["token-2"]);
    assert_eq!(log(&world).await, [entry("1@2", &[1, 2])]);
    world.is_sound().await;
}

pub async fn the_others_who_follow_have_a_new_app(fixture: &impl Fixture) {
    let (world, first, old) = two_phones(fixture).await;
    phone(&world, "anna", 3, "3.1").await;
    for (session, second) in [(&first, 4), (&old, 5)] {
        let opened = world
            .store
            .note_opened(session.clone(), at(second), at(second));
        assert!(opened.await.unwrap());
    }
    let to = AudienceRequest {
        devices: Devices::PrimaryThenAll,
        ..new_only(to_anna())
    };
    world.publish(1, to).await;
    // The primary one is too old.
    assert_eq!(log(&world).await, [entry("1@1", &[1])]);
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    let later = ACCEPTED + 60;
    assert_eq!(pushed(&world, later).await, ["token-3"]);
    assert_eq!(log(&world).await, [entry("1@2", &[1, 3])]);
    greets(&world, &old, "3.1", later + 1).await;
    assert_eq!(pushed(&world, later + 1).await, ["token-2"]);
    assert_eq!(log(&world).await, [entry("1@3", &[1, 3, 2])]);
    world.is_sound().await;
}

/// What version an app had when a delivery was made says nothing of what it has when its time comes.
pub async fn who_is_updated_when_its_time_comes_gets_it(fixture: &impl Fixture) {
    let (world, _, old) = two_phones(fixture).await;
    let zone = json!({"time_zone": "Europe/Berlin"});
    world.attributes("anna", zone, 6).await;
    let nine = json!({"send_at": "2027-01-20T09:00:00", "time_zone": "recipient"});
    let ttl = SignedDuration::from_secs(1_000);
    let to = new_only(installations(&[2]));
    world.publish_timed(1, to, nine, ttl).await;
    let evening = second("2027-01-19T19:00:00Z");
    world.work(WorkKind::Expand, 10, evening).await;
    assert_eq!(log(&world).await, []);
    greets(&world, &old, "3.1", evening + 1).await;
    let morning = second("2027-01-20T08:00:00Z");
    world.work(WorkKind::Release, 10, morning).await;
    assert_eq!(log(&world).await, [entry("1@1", &[2])]);
    assert_eq!(pushed(&world, morning).await, ["token-2"]);
    world.is_sound().await;
}

pub async fn what_was_lost_to_old_apps_is_tried_anew(fixture: &impl Fixture) {
    let (world, ..) = two_phones(fixture).await;
    let berts = phone(&world, "bert", 3, "2.0").await;
    world.publish(1, new_only(users(&["bert"]))).await;
    assert_eq!(pushed(&world, SOON).await, [""; 0]);
    let expected = (DeliveryStatus::Undelivered, Some(Reason::DeviceAppTooOld));
    assert_eq!(ended(&world, "bert").await, expected);
    let retry = |second| crate::publishing::Retry {
        app: shop(),
        id: notification(1),
        now: at(second),
    };
    world.store.retry(retry(SOON + 1)).await.unwrap();
    assert_eq!(ended(&world, "bert").await, expected, "nothing has changed");
    greets(&world, &berts, "3.1", SOON + 2).await;
    world.store.retry(retry(SOON + 3)).await.unwrap();
    assert_eq!(pushed(&world, SOON + 3).await, ["token-3"]);
    world.is_sound().await;
}

pub async fn a_preview_counts_who_has_only_old_apps(fixture: &impl Fixture) {
    let (world, ..) = two_phones(fixture).await;
    phone(&world, "bert", 3, "2.0").await;
    let to = new_only(users(&["anna", "bert", "carl"]));
    let ReachOutcome::Reach { reach, .. } = reach(&world, to, 10).await else {
        panic!("there is no topic");
    };
    let counts = (reach.users, reach.without_device, reach.too_old);
    assert_eq!(counts, (3, 1, 1));
    assert_eq!(reach.by_channel.into_values().collect::<Vec<_>>(), [1]);
    world.is_sound().await;
}

/// What the person did with it comes with it to the app that is updated.
async fn flag_is_kept(fixture: &impl Fixture, which: Flag, tokens: &[&str]) {
    let (world, new, old) = two_phones(fixture).await;
    world.publish(1, new_only(to_anna())).await;
    assert_eq!(pushed(&world, SOON).await, ["token-1"]);
    for (version, value) in [(4, false), (5, true)] {
        world
            .report(&new, vec![flag(1, which, (value, version))])
            .await;
    }
    let former = [
        entry("1@1", &[1]),
        entry(&format!("1 {which}=true@3"), &[1]),
    ];
    assert_eq!(log(&world).await, former);
    let before = world.stretch("anna").await.entries.pop().unwrap().entry;
    world.taken();
    greets(&world, &old, "3.2", SOON + 2).await;
    assert_eq!(pushed(&world, SOON + 2).await, tokens);
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    let moved = [
        entry("1@4", &[1, 2]),
        entry(&format!("1 {which}=true@5"), &[1, 2]),
    ];
    assert_eq!(log(&world).await, moved);
    let after = world.stretch("anna").await.entries.pop().unwrap().entry;
    assert_eq!(
        after, before,
        "when it was done, and its version, are as before"
    );
    // A later version takes the place of the entry that was moved.
    world.report(&old, vec![flag(1, which, (false, 6))]).await;
    let back = [
        entry("1@4", &[1, 2]),
        entry(&format!("1 {which}=false@6"), &[1, 2]),
    ];
    assert_eq!(log(&world).await, back);
    world.is_sound().await;
}

pub async fn what_was_deleted_stays_so_on_an_app_that_is_updated(fixture: &impl Fixture) {
    flag_is_kept(fixture, Flag::Deleted, &[]).await;
}

pub async fn what_was_archived_stays_so_on_an_app_that_is_updated(fixture: &impl Fixture) {
    flag_is_kept(fixture, Flag::Archived, &["token-2"]).await;
}

/// It confirms by how far it has read, as a device without receipts does.
pub async fn who_has_it_keeps_it_when_another_app_is_updated(fixture: &impl Fixture) {
    let (world, new, old) = two_phones(fixture).await;
    world.publish(1, new_only(to_anna())).await;
    world.hand_over(&new, 1, SOON).await;
    let cursor = world.head("anna").await.cursor();
    let told = world.report_at(&new, vec![], (Some(cursor), SOON + 1));
    assert_eq!(told.await, Some(vec![]));
    assert_eq!(pushed(&world, SOON + 1).await, [""; 0]);
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    greets(&world, &old, "3.2", SOON + 2).await;
    assert_eq!(pushed(&world, SOON + 2).await, ["token-2"]);
    let hub = (Channel::Hub, AttemptStatus::Delivered);
    let fcm = (Channel::Fcm, AttemptStatus::Sent);
    assert_eq!(standing(&world, 1, "anna").await, [hub, fcm]);
    assert_eq!(world.log("anna").await, ["1@2"]);
    for claim in world.claim(WorkKind::Dispatch, SOON + 60).await {
        let looked = dispatch_of(&world, &claim, SOON + 60).await;
        assert_eq!(looked.begun, [], "it has it, and is not pushed to");
    }
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let delivered = (DeliveryStatus::Delivered, None);
    assert_eq!(ended(&world, "anna").await, delivered);
    world.is_sound().await;
}
