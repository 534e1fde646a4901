//! What an explanation is made of.

use serde_json::json;
use vestnik_model::{
    AudienceRequest, Channel, DeliveryStatus, Expansion, Platform, Reason, ReceiptKind,
};
use vestnik_rules::{
    attempt::State,
    explain::{Findings, Statement, explain},
    session::Session,
};

use super::{
    Fixture, fact,
    name::{at, notification, shop, user, users},
    world::World,
};
use crate::{installations::PresenceNote, ledger::FindingsQuery, tenants::Provider};

async fn findings_at(world: &World, (number, who): (u32, &str), second: i64) -> Option<Findings> {
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(number),
        user: user(who),
        now: at(second),
    };
    world.store.findings(asked).await.unwrap()
}

async fn findings(world: &World, number: u32, who: &str) -> Findings {
    let found = findings_at(world, (number, who), 50).await;
    found.expect("there is such a notification")
}

/// The words of what is said.
fn words(findings: &Findings, second: i64) -> Vec<&'static str> {
    let statements = explain(findings, at(second));
    statements.iter().map(|said| said.meaning().code).collect()
}

async fn provide(world: &World) {
    let provider = Provider {
        channel: Channel::Fcm,
        account: "{}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    let put = world.store.put_provider(shop(), provider);
    put.await.unwrap();
}

async fn reports(world: &World, session: &Session, permission: &str) {
    let state = json!({
        "platform": "android", "permission": permission,
        "push_addresses": [{"kind": "fcm_token", "value": "token"}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(session.clone(), state, at(3));
    assert!(put.await.unwrap());
}

pub async fn how_a_device_is_reached_is_known(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world).await;
    let phone = world.login("anna", 1).await;
    reports(&world, &phone, "denied").await;
    let desk = world.login("anna", 2).await;
    let note = PresenceNote {
        session: desk.clone(),
        node: "n".to_owned(),
        connection: "c".to_owned(),
        lease_until: Some(at(60)),
        last_seen: at(40),
    };
    world.store.note_presence(vec![note]).await.unwrap();
    world.publish(1, users(&["anna"])).await;
    let found = findings(&world, 1, "anna").await;
    let [phone_found, desk_found] = found.devices.as_slice() else {
        panic!("two devices: {found:?}");
    };
    assert_eq!(phone_found.installation, phone.installation);
    assert_eq!(phone_found.build.platform, Some(Platform::Android));
    assert_eq!(phone_found.blocked, Some(Reason::BlockedOs));
    assert_eq!(phone_found.connected, None);
    let [address] = phone_found.addresses.as_slice() else {
        panic!("one address: {phone_found:?}");
    };
    assert_eq!(
        (address.channel, address.died_at, address.has_provider),
        (Channel::Fcm, None, true)
    );
    assert_eq!(desk_found.installation, desk.installation);
    assert_eq!(
        (desk_found.build.platform, desk_found.connected),
        (None, Some(at(40)))
    );
    let later = findings_at(&world, (1, "anna"), 61).await.unwrap();
    assert_eq!(later.devices[1].connected, None);
    assert_eq!(later.devices[1].last_seen_at, at(40));
    world.is_sound().await;
}

pub async fn what_was_tried_and_confirmed_is_known(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    let found = findings(&world, 1, "anna").await;
    let delivery = found.delivery.clone().unwrap();
    assert_eq!(
        delivery.course, None,
        "no push service: nothing looks at it"
    );
    assert_eq!(
        words(&found, 50),
        [
            "accepted",
            "offline",
            "by_connection_only",
            "waits_for_device"
        ]
    );
    world.hand_over(&anna, 1, 20).await;
    let read = fact::receipt(1, ReceiptKind::Read, 30);
    world.report(&anna, vec![read]).await;
    let found = findings(&world, 1, "anna").await;
    let [tried] = found.tries.as_slice() else {
        panic!("one attempt: {found:?}");
    };
    assert_eq!(
        (tried.target.channel(), tried.attempt.state),
        (Channel::Hub, State::Sent)
    );
    assert_eq!(tried.started_at, at(20));
    assert!(tried.delivered_at.is_some() && tried.read_at.is_some());
    assert!(found.devices[0].has_it);
    assert_eq!(found.delivery.unwrap().state.status, DeliveryStatus::Read);
    world.is_sound().await;
}

pub async fn who_has_no_delivery_is_known_as_such(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let to = AudienceRequest {
        exclude_users: vec![user("bert")],
        ..users(&["anna", "bert"])
    };
    world.publish(1, to).await;
    for (who, expected) in [("bert", "excluded"), ("nobody", "not_addressed")] {
        let found = findings(&world, 1, who).await;
        assert_eq!(found.delivery, None);
        assert_eq!(found.notification.expansion, Expansion::Done);
        assert_eq!(words(&found, 50), ["accepted", expected]);
    }
    assert_eq!(findings_at(&world, (9, "anna"), 50).await, None);
    world.is_sound().await;
}

pub async fn what_is_explained_of_one_device_names_no_other(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let meant = world.login("anna", 1).await;
    world.login("anna", 2).await;
    let to = AudienceRequest {
        installations: vec![meant.installation],
        ..AudienceRequest::default()
    };
    world.publish(1, to).await;
    let found = findings(&world, 1, "anna").await;
    assert_eq!(
        found.delivery.as_ref().unwrap().addressed.only,
        Some(vec![meant.installation])
    );
    assert_eq!(found.devices.len(), 2);
    let statements = explain(&found, at(50));
    let named = statements.iter().filter_map(|said| match said {
        Statement::Device { device, found: _ } => Some(device.installation),
        Statement::Asked(_)
        | Statement::Tried { .. }
        | Statement::Cascade(_)
        | Statement::Waiting(_)
        | Statement::Standing(_) => None,
    });
    assert!(named.clone().count() > 0);
    assert!(named.into_iter().all(|id| id == meant.installation));
    let rules: Vec<_> = statements
        .iter()
        .map(|said| said.meaning().rule.as_str())
        .collect();
    assert!(rules.contains(&"audience"), "{rules:?}");
    world.is_sound().await;
}

pub async fn a_withdrawal_is_known(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    world.publish(2, users(&["anna"])).await;
    let (app, now) = (shop(), at(20));
    assert!(
        world
            .store
            .cancel(app.clone(), notification(1), now)
            .await
            .unwrap()
    );
    assert!(world.store.recall(app, notification(2), now).await.unwrap());
    for (number, expected) in [(1, "cancelled"), (2, "recalled_unsent")] {
        let found = findings(&world, number, "anna").await;
        assert_eq!(words(&found, 50), ["accepted", expected]);
    }
}
