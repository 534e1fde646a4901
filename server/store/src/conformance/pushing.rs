//! What the cases about pushes and letters share: an App with credentials, a phone with an address, a
//! dispatch and what becomes of its tries.

use serde_json::json;
use vestnik_model::{
    AppId, AttemptStatus, AudienceRequest, Channel, InstallationState, NotificationId, Permission,
    Reason, view::AttemptView,
};
use vestnik_rules::{
    address::{hash as address_hash, hash_email},
    attempt::Outcome,
    cascade::{Target, channel_of},
    provider::Sign,
    session::Session,
    work::{Claim, WorkKind},
};

use super::{
    Fixture,
    name::{at, hash, installation, shop, users},
    world::World,
};
use crate::{
    dispatch::{Begun, Dispatched, Recipient, Settling, Tried, TryStart},
    tenants::Provider,
    work::Part,
};

/// A shop with credentials at FCM, in which Anna has a phone of a number.
pub(super) async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    (world, anna)
}

pub(super) async fn provide(world: &World, app: &AppId) {
    let provider = Provider {
        channel: Channel::Fcm,
        account: "{\"secret\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    let put = world.store.put_provider(app.clone(), provider);
    put.await.unwrap();
}

/// What a device of this version or another reports.
pub(super) fn state(addresses: &[&str], permission: Permission) -> InstallationState {
    let address = |value: &&str| json!({"kind": "fcm_token", "value": value});
    let addresses: Vec<_> = addresses.iter().map(address).collect();
    let state = json!({
        "platform": "android", "permission": permission, "push_addresses": addresses,
    });
    serde_json::from_value(state).unwrap()
}

pub(super) async fn has_address(world: &World, session: &Session, value: &str, second: i64) {
    let state = state(&[value], Permission::Granted);
    let put = world.store.put_state(session.clone(), state, at(second));
    assert!(put.await.unwrap());
}

pub(super) async fn dispatch_of(world: &World, claim: &Claim, second: i64) -> Dispatched {
    let part = Part {
        claim: claim.clone(),
        rows: 10,
        seed: hash(5),
        now: at(second),
    };
    world.store.dispatch(part).await.unwrap()
}

/// Claims the row that is due and begins its tries.
pub(super) async fn dispatch(world: &World, second: i64) -> Vec<Begun> {
    let claim = world.claim_one(WorkKind::Dispatch, second).await;
    dispatch_of(world, &claim, second).await.begun
}

/// What became of a try of a notification that was sent at a second.
pub(super) fn tried(begun: &Begun, second: i64, outcome: Outcome) -> (NotificationId, Tried) {
    let (target, address) = match &begun.recipient {
        Recipient::Device {
            installation,
            address,
            ..
        } => {
            let channel = address.kind.known().and_then(channel_of);
            let target = Target::Device {
                installation: *installation,
                channel: channel.expect("it is of a service that is sent to"),
            };
            (target, address_hash(address))
        }
        Recipient::Mailbox { address, .. } => (Target::Mailbox, hash_email(address)),
        Recipient::Backend => (Target::Backend, [0; 32]),
        Recipient::Gateway { gateway, to } => (Target::Gateway(*gateway), to.hash()),
    };
    let sign = (outcome == Outcome::Accepted).then_some(Sign::Taken);
    let tried = Tried {
        user: begun.user.clone(),
        sends: begun.sends,
        target,
        address,
        lease_until: begun.lease_until,
        began_at: at(second),
        outcome,
        collapses: target.collapses(),
        moved: None,
        message: None,
        said: Some("200".to_owned()),
        cost: None,
        passed_over: Vec::new(),
        sign,
    };
    (begun.notification.id, tried)
}

/// Notes that a try has its turn; tells whether it is made.
pub(super) async fn start(world: &World, begun: &Begun, second: i64) -> bool {
    let (notification, unanswered) = tried(begun, second, Outcome::Unproven);
    let start = TryStart::of((&shop(), notification), &unanswered, at(second));
    world.store.start_try(start).await.unwrap()
}

pub(super) async fn settle(
    world: &World,
    second: i64,
    (notification, tried): (NotificationId, Tried),
) -> usize {
    let settling = Settling {
        app: shop(),
        notification,
        tried: vec![tried],
        random: 0.0,
        now: at(second),
    };
    world.store.settle(settling).await.unwrap()
}

/// Where a push goes.
pub(super) fn token(begun: &Begun) -> &str {
    match &begun.recipient {
        Recipient::Device { address, .. } => &address.value,
        Recipient::Mailbox { .. } | Recipient::Backend | Recipient::Gateway { .. } => {
            panic!("it is no push")
        }
    }
}

pub(super) fn accepted() -> Outcome {
    Outcome::Accepted
}

pub(super) fn dead(since: Option<i64>) -> Outcome {
    Outcome::Dead {
        reason: Reason::TokenDead,
        since: since.map(at),
    }
}

pub(super) async fn attempts(world: &World, number: u32, who: &str) -> Vec<AttemptView> {
    let delivery = world.delivery(number, who).await.id;
    let attempts = world.store.attempts(shop(), delivery);
    attempts.await.unwrap().unwrap()
}

/// The kind of each attempt with how far it is.
pub(super) async fn standing(
    world: &World,
    number: u32,
    who: &str,
) -> Vec<(Channel, AttemptStatus)> {
    let views = attempts(world, number, who).await.into_iter();
    let known = |view: AttemptView| (view.channel.known().unwrap(), view.status.known().unwrap());
    views.map(known).collect()
}

pub(super) async fn addresses(world: &World, number: u32) -> Vec<String> {
    let view = world.store.installation(shop(), installation(number));
    let state = view.await.unwrap().unwrap().state.unwrap();
    let values = state.push_addresses.into_iter();
    values.map(|address| address.value).collect()
}

pub(super) fn to_anna() -> AudienceRequest {
    users(&["anna"])
}
