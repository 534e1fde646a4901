//! Credentials that take the place of others.

use jiff::SignedDuration;
use vestnik_model::{Channel, Reason};
use vestnik_rules::{attempt::Outcome, work::WorkKind};

use super::{
    Fixture,
    name::{at, bank, shop},
    pushing::{attempts, begin, dispatch, has_address, provide, settle, to_anna, tried},
    world::{World, due},
};
use crate::tenants::{Provider, StoredProvider};

fn refused() -> Outcome {
    Outcome::Retry {
        reason: Reason::ConfigProviderAuth,
        after: Some(SignedDuration::from_mins(5)),
    }
}

fn provider(account: &str, second: i64) -> Provider {
    Provider {
        channel: Channel::Fcm,
        account: account.to_owned(),
        set_at: at(second),
        gateway: None,
    }
}

async fn renew(world: &World, second: i64) {
    let put = provider("{\"secret\": 2}", second);
    world.store.put_provider(shop(), put).await.unwrap();
}

pub async fn what_waits_for_credentials_is_tried_once_they_are_renewed(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    provide(&world, &bank()).await;
    for number in [1, 2, 3] {
        world.publish(number, to_anna()).await;
        let begun = dispatch(&world, 20).await;
        settle(&world, 20, tried(&begun[0], 20, refused())).await;
    }
    assert_eq!(world.claim(WorkKind::Dispatch, 300).await, []);
    world.taken();
    // Those of another App are none of its own.
    let put = world.store.put_provider(bank(), provider("{}", 25));
    put.await.unwrap();
    world.work(WorkKind::Resume, 2, 25).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 300).await, []);
    renew(&world, 30).await;
    assert!(due(&world.taken()).contains(&(WorkKind::Resume, 30)));
    assert!(world.work(WorkKind::Resume, 2, 30).await >= 2);
    for _ in [1, 2, 3] {
        let begun = dispatch(&world, 30).await;
        settle(&world, 31, tried(&begun[0], 31, Outcome::Accepted)).await;
    }
    for number in [1, 2, 3] {
        let sent = attempts(&world, number, "anna").await;
        assert_eq!((sent[0].status.as_str(), sent[0].tries), ("sent", 2));
    }
    world.is_sound().await;
}

pub async fn a_try_with_former_credentials_holds_nothing_back(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    renew(&world, 25).await;
    settle(&world, 26, tried(&begun[0], 20, refused())).await;
    let begun = dispatch(&world, 26).await;
    // The new ones are refused, too: they wait as the service wants.
    settle(&world, 27, tried(&begun[0], 26, refused())).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 326).await, []);
    assert_eq!(attempts(&world, 1, "anna").await[0].tries, 2);
    world.is_sound().await;
}

pub async fn what_waits_for_something_else_goes_on_waiting(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_mins(5)),
    };
    settle(&world, 20, tried(&begun[0], 20, busy)).await;
    world.taken();
    renew(&world, 30).await;
    assert_eq!(due(&world.taken()), []);
    assert_eq!(world.claim(WorkKind::Dispatch, 319).await, []);
    // Nor is anything tried that was cancelled meanwhile.
    has_address(&world, &anna, "token-2", 31).await;
    world.publish(2, to_anna()).await;
    let begun = dispatch(&world, 40).await;
    settle(&world, 40, tried(&begun[0], 40, refused())).await;
    let id = begun[0].notification.id;
    let cancelled = world.store.cancel(shop(), id, at(41)).await.unwrap();
    assert!(cancelled);
    renew(&world, 50).await;
    world.work(WorkKind::Resume, 2, 50).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 51).await, []);
    world.is_sound().await;
}

pub async fn credentials_are_replaced_unless_others_were_set_since(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let replace = |former: &str, account: &str, second| {
        let new = provider(account, second);
        world.store.replace_provider(shop(), former.to_owned(), new)
    };
    let known = || world.store.provider(shop(), Channel::Fcm);
    assert!(
        replace("{\"secret\": 1}", "{\"secret\": 2}", 30)
            .await
            .unwrap()
    );
    let present = Some(StoredProvider::Readable(provider("{\"secret\": 2}", 30)));
    assert_eq!(known().await, Ok(present.clone()));
    assert!(
        !replace("{\"secret\": 1}", "{\"secret\": 3}", 40)
            .await
            .unwrap()
    );
    assert_eq!(known().await, Ok(present));
    let nobodys = provider("{}", 50);
    let replaced = world
        .store
        .replace_provider(bank(), "{}".to_owned(), nobodys);
    assert!(!replaced.await.unwrap());
    world.is_sound().await;
}
