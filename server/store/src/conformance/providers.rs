//! Whether services take an App's credentials, as what is sent shows.

use jiff::SignedDuration;
use vestnik_model::{Channel, ProviderState, Reason, view::ProviderView};
use vestnik_rules::{
    attempt::Outcome,
    provider::{Health, Sign},
};

use super::{
    Fixture,
    events::told_since,
    name::{at, bank, shop},
    pushing::{begin, dispatch, provide, settle, to_anna, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, Tried},
    effect::Told,
    tenants::Provider,
};

const SAID: &str = "403 InvalidProviderToken";

fn refused() -> Health {
    Health::Refused {
        reason: Reason::ConfigProviderAuth,
        said: Some(SAID.to_owned()),
    }
}

/// Sends a notification at a second.
async fn send(world: &World, number: u32, second: i64) -> Begun {
    world.publish(number, to_anna()).await;
    dispatch(world, second).await.remove(0)
}

/// The answer to a try shows that the service refuses the credentials, or takes them.
async fn answered(world: &World, begun: &Begun, sign: Sign, second: i64) {
    let outcome = match sign {
        Sign::Taken => Outcome::Accepted,
        Sign::Refused(reason) => Outcome::Rejected { reason },
        Sign::Unreadable => Outcome::Rejected {
            reason: Reason::ConfigProviderAuth,
        },
    };
    let (notification, tried) = tried(begun, second, outcome);
    let tried = Tried {
        sign: Some(sign),
        said: Some(SAID.to_owned()),
        ..tried
    };
    settle(world, second, (notification, tried)).await;
}

async fn known(world: &World) -> ProviderView {
    let mut known = world.store.providers(shop()).await.unwrap();
    assert_eq!(known.len(), 1);
    known.remove(0)
}

/// What the App's backend was told of its providers.
async fn told(world: &World) -> Vec<Health> {
    let told = told_since(world, 0).await.into_iter();
    let of_fcm = told.filter_map(|told| match told {
        Told::Provider { channel, health } => {
            assert_eq!(channel, Channel::Fcm);
            Some(health)
        }
        Told::Settled { .. }
        | Told::Deliveries { .. }
        | Told::Installation { .. }
        | Told::Preference { .. }
        | Told::WebhookDisabled { .. } => None,
    });
    of_fcm.collect()
}

async fn renew(world: &World, second: i64) {
    let provider = Provider {
        channel: Channel::Fcm,
        account: "{\"secret\": 2}".to_owned(),
        set_at: at(second),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
}

pub async fn credentials_that_are_refused_are_told_once(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    provide(&world, &bank()).await;
    let before = known(&world).await;
    assert_eq!(
        (before.state, before.since, before.reason),
        (ProviderState::Working.into(), Some(at(1)), None)
    );
    for number in [1, 2] {
        let second = 20 + i64::from(number);
        let begun = send(&world, number, second).await;
        let sign = Sign::Refused(Reason::ConfigProviderAuth);
        answered(&world, &begun, sign, second).await;
    }
    assert_eq!(told(&world).await, [refused()]);
    let after = known(&world).await;
    assert_eq!(after.state, ProviderState::Refused);
    assert_eq!(after.since, Some(at(21)));
    assert_eq!(after.reason, Some(Reason::ConfigProviderAuth.into()));
    assert_eq!(after.said.as_deref(), Some(SAID));
    assert_eq!(after.set_at, at(1));
    // Those of another App are none of its own.
    let others = world.store.providers(bank()).await.unwrap();
    assert_eq!(others[0].state, ProviderState::Working);
    world.is_sound().await;
}

pub async fn a_service_that_takes_a_try_again_has_recovered(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let begun = send(&world, 1, 20).await;
    answered(&world, &begun, Sign::Unreadable, 20).await;
    let begun = send(&world, 2, 30).await;
    answered(&world, &begun, Sign::Taken, 31).await;
    assert_eq!(told(&world).await, [Health::Unreadable]);
    let late = 30 + SignedDuration::from_mins(10).as_secs();
    let begun = send(&world, 3, late).await;
    answered(&world, &begun, Sign::Taken, late + 1).await;
    assert_eq!(told(&world).await, [Health::Unreadable, Health::Working]);
    let after = known(&world).await;
    assert_eq!(
        (after.state, after.since),
        (ProviderState::Working.into(), Some(at(late + 1)))
    );
    assert_eq!((after.reason, after.said), (None, None));
    world.is_sound().await;
}

pub async fn other_credentials_begin_a_new_state(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    renew(&world, 10).await;
    assert_eq!(told(&world).await, []);
    let refuses = Sign::Refused(Reason::ConfigProviderAuth);
    let begun = send(&world, 1, 20).await;
    let late = send(&world, 2, 21).await;
    answered(&world, &begun, refuses, 22).await;
    renew(&world, 30).await;
    assert_eq!(told(&world).await, [refused(), Health::Working]);
    // A try with the former ones says nothing of them.
    answered(&world, &late, refuses, 31).await;
    let after = known(&world).await;
    assert_eq!(
        (after.state, after.since, after.set_at),
        (ProviderState::Working.into(), Some(at(30)), at(30))
    );
    assert_eq!((after.reason, after.said), (None, None));
    // These are refused, too.
    let begun = send(&world, 3, 32).await;
    answered(&world, &begun, refuses, 33).await;
    assert_eq!(told(&world).await, [refused(), Health::Working, refused()]);
    world.is_sound().await;
}

/// Who was told that the credentials are refused learns that they are gone, once.
pub async fn credentials_that_are_deleted_are_refused_no_more(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let begun = send(&world, 1, 20).await;
    let refuses = Sign::Refused(Reason::ConfigProviderAuth);
    answered(&world, &begun, refuses, 21).await;
    let delete = |second| {
        let store = &world.store;
        store.delete_provider(shop(), Channel::Fcm, at(second))
    };
    assert!(delete(30).await.unwrap());
    assert_eq!(told(&world).await, [refused(), Health::Working]);
    assert!(!delete(31).await.unwrap());
    renew(&world, 40).await;
    // Those that are taken as far as is known are no news when they go.
    assert!(delete(50).await.unwrap());
    assert_eq!(told(&world).await, [refused(), Health::Working]);
    world.is_sound().await;
}
