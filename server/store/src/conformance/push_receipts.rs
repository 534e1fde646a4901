//! What Huawei reports of pushes that it took, in whichever order it comes.

use serde_json::json;
use vestnik_model::{
    AppId, AttemptStatus, Channel, DeliveryStatus, InstallationState, PushAddress, PushAddressKind,
    Reason,
};
use vestnik_rules::{
    address::hash,
    attempt::Outcome,
    gateway_report::Fate,
    push_receipt::{fate, push_hash},
};

use super::{
    Fixture,
    letters::{self, cascade, letter, publish_by},
    name::{at, bank, shop},
    pushing::{addresses, attempts, dispatch, settle, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, PushReceipt, PushReceipts},
    tenants::Provider,
};

const TOKEN: &str = "huawei-1";

/// A shop with credentials at Huawei, in which Anna has a phone, and an address for letters.
async fn begin(fixture: &impl Fixture) -> World {
    let world = letters::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Hms,
        account: "{\"secret\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    has_token(&world, TOKEN, 2).await;
    world
}

async fn has_token(world: &World, token: &str, second: i64) {
    let session = world.login("anna", 1).await;
    let address = json!({"kind": "hms", "value": token});
    let state = json!({
        "platform": "android", "permission": "granted", "push_addresses": [address],
    });
    let state: InstallationState = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(session, state, at(second));
    assert!(put.await.unwrap());
}

/// Huawei took the push of a notification.
async fn taken(world: &World, number: u32, second: i64) -> Begun {
    publish_by(world, number, cascade()).await;
    let begun = dispatch(world, second).await.remove(0);
    let settled = settle(world, second, tried(&begun, second, Outcome::Accepted)).await;
    assert_eq!(settled, 1);
    begun
}

/// Notes what became of a push; gives of how many that was news.
async fn told(
    world: &World,
    (app, token): (&AppId, &str),
    begun: &Begun,
    (fate, second): (Fate, i64),
) -> usize {
    let address = PushAddress::new(PushAddressKind::Hms, token.to_owned());
    let receipts = PushReceipts {
        app: app.clone(),
        channel: Channel::Hms,
        receipts: vec![PushReceipt {
            push: push_hash(app, begun.attempt),
            address: hash(&address),
            fate,
            at: at(second),
        }],
        now: at(second),
    };
    world.store.note_pushes(receipts).await.unwrap()
}

async fn is_news(world: &World, begun: &Begun, code: u32, second: i64) -> bool {
    let fate = fate(code).unwrap();
    told(world, (&shop(), TOKEN), begun, (fate, second)).await == 1
}

async fn push(world: &World, number: u32) -> (AttemptStatus, Option<Reason>) {
    let views = attempts(world, number, "anna").await.into_iter();
    let mut its = views.filter(|view| view.channel.known() == Some(Channel::Hms));
    let view = its.next().unwrap();
    let reason = view.reason.and_then(|reason| reason.known());
    (view.status.known().unwrap(), reason)
}

pub async fn a_push_that_arrived_reaches_the_goal_of_its_step(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = taken(&world, 1, 20).await;
    assert!(is_news(&world, &begun, 0, 25).await);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    assert_eq!(delivery.delivered_at, Some(at(25)));
    assert_eq!(delivery.channel, Some(Channel::Hms.into()));
    assert_eq!(push(&world, 1).await, (AttemptStatus::Delivered, None));
    assert_eq!(world.counts(1).await.delivered, 1);
    // Nothing that comes later takes that back.
    for code in [0, 2, 5, 6, 10, 15, 256, 4_711] {
        assert!(!is_news(&world, &begun, code, 30).await, "{code}");
    }
    assert_eq!(push(&world, 1).await, (AttemptStatus::Delivered, None));
    assert_eq!(addresses(&world, 1).await, [TOKEN]);
    world.is_sound().await;
}

async fn gives_way(fixture: &impl Fixture, (code, reason): (u32, Reason), is_kept: bool) {
    let world = begin(fixture).await;
    let begun = taken(&world, 1, 20).await;
    assert!(is_news(&world, &begun, code, 25).await);
    assert!(!is_news(&world, &begun, code, 26).await);
    assert_eq!(push(&world, 1).await, (AttemptStatus::Failed, Some(reason)));
    assert_eq!(!addresses(&world, 1).await.is_empty(), is_kept);
    assert_eq!(letter(&dispatch(&world, 27).await), "anna@a.example");
    // It arrived after all.
    assert!(is_news(&world, &begun, 0, 28).await);
    assert_eq!(push(&world, 1).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}

pub async fn a_push_that_is_not_shown_gives_way_at_once(fixture: &impl Fixture) {
    gives_way(fixture, (6, Reason::BlockedOs), true).await;
}

pub async fn a_push_that_was_dropped_gives_way_at_once(fixture: &impl Fixture) {
    gives_way(fixture, (10, Reason::ProviderDroppedInactive), true).await;
}

pub async fn a_push_to_an_app_that_is_gone_ends_its_address(fixture: &impl Fixture) {
    gives_way(fixture, (2, Reason::DeviceAppNotInstalled), false).await;
}

pub async fn a_push_to_a_token_that_the_app_has_no_more_ends_its_address(fixture: &impl Fixture) {
    gives_way(fixture, (5, Reason::TokenOwnerMismatch), false).await;
}

pub async fn a_receipt_of_another_app_or_token_changes_nothing(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = taken(&world, 1, 20).await;
    let lost = (fate(2).unwrap(), 25);
    assert_eq!(told(&world, (&bank(), TOKEN), &begun, lost).await, 0);
    assert_eq!(told(&world, (&shop(), "other"), &begun, lost).await, 0);
    let mut unknown = begun.clone();
    unknown.attempt = vestnik_model::AttemptId::from_uuid(uuid::Uuid::from_u128(7));
    assert_eq!(told(&world, (&shop(), TOKEN), &unknown, lost).await, 0);
    // The phone has another token by now: what became of the former one says nothing of it.
    has_token(&world, "huawei-2", 24).await;
    assert_eq!(told(&world, (&shop(), TOKEN), &begun, lost).await, 0);
    assert_eq!(push(&world, 1).await, (AttemptStatus::Sent, None));
    assert_eq!(addresses(&world, 1).await, ["huawei-2"]);
    // Which token it went to does not matter if it arrived.
    let arrived = (Fate::Delivered, 26);
    assert_eq!(told(&world, (&shop(), TOKEN), &begun, arrived).await, 1);
    world.is_sound().await;
}

pub async fn an_address_that_was_reported_since_the_push_is_kept(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = taken(&world, 1, 20).await;
    has_token(&world, TOKEN, 24).await;
    assert!(is_news(&world, &begun, 2, 25).await);
    let lost = (AttemptStatus::Failed, Some(Reason::DeviceAppNotInstalled));
    assert_eq!(push(&world, 1).await, lost);
    assert_eq!(addresses(&world, 1).await, [TOKEN]);
    world.is_sound().await;
}

pub async fn a_push_without_an_answer_is_proven_by_its_receipt(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade()).await;
    let begun = dispatch(&world, 20).await.remove(0);
    assert!(is_news(&world, &begun, 0, 21).await);
    assert_eq!(push(&world, 1).await, (AttemptStatus::Delivered, None));
    let late = settle(&world, 22, tried(&begun, 20, Outcome::Unproven)).await;
    assert_eq!(late, 0);
    assert_eq!(push(&world, 1).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}
