//! Secrets that cannot be opened: each is one absent value, and is replaced like any other.

use vestnik_model::{Channel, email::EmailAddress, phone::PhoneNumber};
use vestnik_rules::schedule::Said;
use vestnik_store::{
    Contacts as _, Operations as _, Recipients as _, Tenants as _,
    tenants::{Provider, StoredProvider},
};
use vestnik_store_sqlite::SqliteStore;

use crate::world::{World, app, identity_key, open, user};

const KEY: Option<[u8; 32]> = Some([1; 32]);

async fn put(world: &World, channel: Channel, account: &str) -> Provider {
    let provider = Provider {
        channel,
        account: account.to_owned(),
        set_at: world.now(),
        gateway: None,
    };
    let put = world.store.put_provider(app("shop"), provider.clone());
    put.await.unwrap();
    provider
}

fn spoil(world: &World, statement: &str) {
    let file = rusqlite::Connection::open(world.path()).unwrap();
    assert_eq!(file.execute(statement, []).unwrap(), 1, "{statement}");
}

async fn provider(store: &SqliteStore, channel: Channel) -> Option<StoredProvider> {
    store.provider(app("shop"), channel).await.unwrap()
}

#[tokio::test]
async fn credentials_that_do_not_open_are_told_from_none_and_replaced() {
    let world = World::with(KEY).await;
    put(&world, Channel::Fcm, "{\"secret\": 1}").await;
    let apns = put(&world, Channel::Apns, "{\"secret\": 2}").await;
    spoil(
        &world,
        "UPDATE provider SET account = x'01FF' WHERE channel = 'fcm'",
    );
    let store = &world.store;
    let unreadable = Some(StoredProvider::Unreadable);
    assert_eq!(provider(store, Channel::Fcm).await, unreadable);
    assert_eq!(
        provider(store, Channel::Apns).await,
        Some(StoredProvider::Readable(apns))
    );
    assert_eq!(provider(store, Channel::Webpush).await, None);
    assert_eq!(store.unreadable_rows(), 1);
    let former = "{\"secret\": 1}".to_owned();
    let new = Provider {
        channel: Channel::Fcm,
        account: "{}".to_owned(),
        set_at: world.now(),
        gateway: None,
    };
    let replaced = store.replace_provider(app("shop"), former, new).await;
    assert_eq!(replaced, Ok(false));
    let new = put(&world, Channel::Fcm, "{\"secret\": 3}").await;
    assert_eq!(
        provider(store, Channel::Fcm).await,
        Some(StoredProvider::Readable(new))
    );
    world.close().await;
}

#[tokio::test]
async fn contacts_that_do_not_open_are_absent_and_replaced() {
    let world = World::with(KEY).await;
    let address = || EmailAddress::parse("anna@shop.example").unwrap();
    let said = || Said {
        phone: Some(PhoneNumber::parse("+4930918273645").unwrap()),
        ..Said::default()
    };
    let store = &world.store;
    let set = async || {
        let (shop, anna) = (app("shop"), user("anna"));
        let put = store.put_email(shop.clone(), anna.clone(), address(), world.now());
        put.await.unwrap();
        let put = store.put_attributes(shop, anna, said(), world.now());
        put.await.unwrap();
    };
    let told = async || {
        let email = store.email(app("shop"), user("anna")).await.unwrap();
        let said = store.attributes(app("shop"), user("anna")).await.unwrap();
        let phone = said.and_then(|said| said.phone);
        (email.map(|email| email.address), phone)
    };
    set().await;
    spoil(&world, "UPDATE email_address SET value = x'01FF'");
    spoil(&world, "UPDATE phone_number SET value = x'01FF'");
    assert_eq!(told().await, (None, None));
    set().await;
    assert_eq!(told().await, (Some(address()), said().phone));
    world.close().await;
}

/// One row that is encrypted already, under a key that nobody has.
#[tokio::test]
async fn what_does_not_open_does_not_stop_the_encryption_of_the_others() {
    let world = World::new().await;
    let apns = put(&world, Channel::Apns, "a secret of the shop").await;
    put(&world, Channel::Fcm, "another").await;
    for kid in ["main", "other"] {
        let put = world
            .store
            .put_identity_key(app("shop"), identity_key(kid, b"key"));
        put.await.unwrap();
    }
    let store = &world.store;
    let address = EmailAddress::parse("anna@shop.example").unwrap();
    let put = store.put_email(app("shop"), user("anna"), address, world.now());
    put.await.unwrap();
    world.close().await;
    for statement in [
        "UPDATE provider SET account = x'01FF' WHERE channel = 'fcm'",
        "UPDATE identity_key SET key = x'01FF' WHERE kid = 'other'",
        "UPDATE email_address SET value = x'01FF'",
        // Of a service that only a later version knows.
        "INSERT INTO provider (app, channel, account, set_at, state, since) VALUES
             ('shop', 'hms', CAST(x'00' || 'a later secret' AS BLOB), 0, 'working', 0)",
    ] {
        spoil(&world, statement);
    }
    let encrypted = open(&world.path(), &world.clock, KEY).unwrap();
    assert!(encrypted.opening().has_encrypted);
    assert_eq!(
        provider(&encrypted, Channel::Apns).await,
        Some(StoredProvider::Readable(apns))
    );
    let kept = encrypted.identity_key(app("shop"), "main".to_owned()).await;
    assert_eq!(kept, Ok(Some(identity_key("main", b"key"))));
    encrypted.close().await;
    for secret in [b"a secret of the shop".as_slice(), b"a later secret"] {
        assert!(!crate::world::stands_in(world.folder.path(), secret));
    }
}
