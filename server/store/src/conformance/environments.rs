//! Addresses of APNs of which the environment was found out by sending.

use serde_json::json;
use vestnik_model::{Channel, NotificationId, Permission, PushAddress, PushEnvironment};
use vestnik_rules::{session::Session, work::WorkKind};

use super::{
    Fixture,
    name::{at, installation, notification, shop},
    pushing::{accepted, dispatch, settle, to_anna, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, Recipient, Sends, Tried},
    tenants::Provider,
};

/// A shop with credentials at APNs, in which Anna has a phone.
async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Apns,
        account: "{\"secret\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    let anna = world.login("anna", 1).await;
    reports(&world, &anna, "token-1", 2).await;
    (world, anna)
}

/// The phone says where it is reached, and not in which environment.
async fn reports(world: &World, anna: &Session, value: &str, second: i64) {
    let state = json!({
        "platform": "ios", "permission": Permission::Granted, "envelope_key": "key-1",
        "push_addresses": [{"kind": "apns", "value": value}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(anna.clone(), state, at(second));
    assert!(put.await.unwrap());
}

/// The one push that is due.
async fn push(world: &World, second: i64) -> Begun {
    let mut begun = dispatch(world, second).await;
    assert_eq!(begun.len(), 1, "{begun:?}");
    begun.remove(0)
}

/// APNs took a push in its sandbox.
fn in_sandbox(begun: &Begun, second: i64) -> (NotificationId, Tried) {
    let (id, tried) = tried(begun, second, accepted());
    let moved = Some(PushEnvironment::Sandbox);
    (id, Tried { moved, ..tried })
}

fn address(begun: &Begun) -> &PushAddress {
    match &begun.recipient {
        Recipient::Device { address, .. } => address,
        Recipient::Mailbox { .. } | Recipient::Backend | Recipient::Gateway { .. } => {
            panic!("it is no push")
        }
    }
}

/// What is stored of the phone's address.
async fn known(world: &World) -> (String, Option<PushEnvironment>) {
    let view = world.store.installation(shop(), installation(1));
    let mut state = view.await.unwrap().unwrap().state.unwrap();
    let address = state.push_addresses.remove(0);
    let environment = address.environment.map(|known| known.known().unwrap());
    (address.value, environment)
}

pub async fn the_environment_that_took_a_push_is_kept(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let first = push(&world, 20).await;
    assert_eq!(address(&first).environment, None);
    assert_eq!(settle(&world, 21, in_sandbox(&first, 20)).await, 1);
    let sandbox = Some(PushEnvironment::Sandbox);
    assert_eq!(known(&world).await, ("token-1".to_owned(), sandbox));
    // The phone says the same of its address as before.
    reports(&world, &anna, "token-1", 30).await;
    world.publish(2, to_anna()).await;
    let second = push(&world, 40).await;
    assert_eq!(address(&second).environment, sandbox.map(Into::into));
    // It is the same address: when it was taken as it is, nothing changes.
    settle(&world, 41, tried(&second, 40, accepted())).await;
    assert_eq!(known(&world).await, ("token-1".to_owned(), sandbox));
    world.is_sound().await;
}

pub async fn what_a_device_reports_later_is_newer_than_an_environment(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let first = push(&world, 20).await;
    reports(&world, &anna, "token-1", 21).await;
    settle(&world, 22, in_sandbox(&first, 20)).await;
    assert_eq!(known(&world).await, ("token-1".to_owned(), None));
    // What was learned of one address says nothing of another.
    world.publish(2, to_anna()).await;
    let second = push(&world, 40).await;
    reports(&world, &anna, "token-2", 40).await;
    settle(&world, 41, in_sandbox(&second, 40)).await;
    assert_eq!(known(&world).await, ("token-2".to_owned(), None));
    world.is_sound().await;
}

pub async fn a_withdrawal_keeps_its_environment_too(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let first = push(&world, 20).await;
    settle(&world, 21, tried(&first, 20, accepted())).await;
    let recalled = world.store.recall(shop(), notification(1), at(60));
    assert!(recalled.await.unwrap());
    world.work(WorkKind::Recall, 10, 60).await;
    let withdrawal = push(&world, 60).await;
    assert_eq!(withdrawal.sends, Sends::Withdrawal);
    assert_eq!(settle(&world, 61, in_sandbox(&withdrawal, 60)).await, 1);
    let sandbox = Some(PushEnvironment::Sandbox);
    assert_eq!(known(&world).await, ("token-1".to_owned(), sandbox));
    world.is_sound().await;
}
