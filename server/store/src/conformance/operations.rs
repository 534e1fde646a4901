//! The store as a whole.

use vestnik_rules::log::Standing;

use super::{
    Fixture,
    name::{at, bank, family, hash, installation, login, new, shop, user, users},
    world::World,
};
use crate::{
    StoreError,
    logs::Opening,
    operations::{NewLife, Secrets},
    sessions::{ExchangeOutcome, LoginOutcome, TokenExchange},
};

fn secrets(access: u8, refresh: u8) -> Secrets {
    Secrets {
        access: [access; 32],
        refresh: [refresh; 32],
    }
}

pub async fn secrets_are_kept(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let made = world.store.secrets(secrets(1, 2)).await.unwrap();
    assert!(made == secrets(1, 2));
    let kept = world.store.secrets(secrets(3, 4)).await.unwrap();
    assert!(kept == secrets(1, 2));
    world.is_sound().await;
}

pub async fn a_new_life_renews_every_log(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.store.secrets(secrets(1, 2)).await.unwrap();
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.publish_to(&bank(), 2, users(&["anna"])).await;
    let asked = || {
        let users = vec![
            (shop(), user("anna")),
            (shop(), user("bert")),
            (bank(), user("anna")),
            (shop(), user("nobody")),
        ];
        world.store.heads(users)
    };
    let before = asked().await.unwrap();
    let life = NewLife {
        access: [9; 32],
        epoch: before[0].epoch.0 ^ 0x5555_5555,
        now: at(50),
    };
    world.store.begin_life(life).await.unwrap();
    for (before, after) in before.iter().zip(asked().await.unwrap()) {
        assert_ne!(after.epoch, before.epoch);
        assert_eq!(after.seq, before.seq);
    }
    // The former cursor is none: the device reads from the beginning, and nothing is lost.
    let opening = Opening {
        session: session.clone(),
        cursor: Some(before[0].cursor()),
        random: 1,
        now: at(60),
    };
    let opened = world.store.open_log(opening).await.unwrap().unwrap();
    assert_eq!(opened.standing, Standing::None);
    assert_eq!(world.log("anna").await, ["1@1"]);
    let kept = world.store.secrets(secrets(3, 4)).await.unwrap();
    assert!(kept == secrets(9, 2));
    let present = world.store.session(shop(), installation(1)).await;
    assert_eq!(present.unwrap(), Some(session));
    world.is_sound().await;
}

pub async fn refresh_tokens_outlive_a_life(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let outcome = world.store.login(login(&shop(), "anna", 1)).await.unwrap();
    let LoginOutcome::LoggedIn(session) = outcome else {
        panic!("not logged in: {outcome:?}");
    };
    let life = NewLife {
        access: [9; 32],
        epoch: 0xabcd,
        now: at(50),
    };
    world.store.begin_life(life).await.unwrap();
    let exchange = TokenExchange {
        family: family(1),
        counter: 1,
        secret_hash: Some(hash(1)),
        next_expires: at(9_000),
        now: at(60),
    };
    let counter = 2;
    let expected = ExchangeOutcome::Exchanged { session, counter };
    assert_eq!(world.store.exchange(exchange).await, Ok(expected));
    world.is_sound().await;
}

pub async fn writing_is_tried(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let last = world.store.last_event().await.unwrap();
    assert_eq!(world.store.ping(at(5)).await, Ok(()));
    assert!(world.store.is_alive());
    assert_eq!(world.store.last_event().await, Ok(last));
    world.is_sound().await;
}

pub async fn a_closed_store_says_so(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["anna"])).await;
    world.taken();
    world.store.close().await;
    let publish = world.store.publish(new(&shop(), 2, users(&["anna"])));
    assert_eq!(publish.await, Err(StoreError::Closed));
    assert_eq!(world.store.ping(at(5)).await, Err(StoreError::Closed));
    assert!(!world.store.is_alive());
    assert_eq!(world.taken(), []);
    // Closing twice is no fault.
    world.store.close().await;
}
