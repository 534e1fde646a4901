//! Apps, API keys, identity keys.

use vestnik_store::{
    PageQuery, Tenants as _,
    effect::Revocation,
    tenants::{Bootstrap, Created, KeyUse},
};

use crate::world::{World, api_key, app, identity_key, key_hash};

fn first(world: &World, app_name: &str, id: &str, secret: &[u8]) -> Bootstrap {
    Bootstrap {
        key: api_key(&app(app_name), id),
        identity: identity_key("bootstrap", secret),
        now: world.now(),
    }
}

#[tokio::test]
async fn a_second_bootstrap_makes_nothing_and_keeps_the_identity_key() {
    let world = World::new().await;
    let store = &world.store;
    let once = store.bootstrap(first(&world, "new", "k1", b"first")).await;
    assert_eq!(once, Ok(Created::Made));
    let twice = store.bootstrap(first(&world, "new", "k2", b"second")).await;
    assert_eq!(twice, Ok(Created::Exists));
    let identity = store.identity_key(app("new"), "bootstrap".to_owned()).await;
    assert_eq!(identity, Ok(Some(identity_key("bootstrap", b"first"))));
    assert_eq!(store.key(app("new"), "k2".to_owned()).await, Ok(None));
    assert!(
        store
            .key(app("new"), "k1".to_owned())
            .await
            .unwrap()
            .is_some()
    );
    world.close().await;
}

#[tokio::test]
async fn bootstrap_adds_the_first_keys_to_an_app_that_has_none() {
    let world = World::new().await;
    let made = world
        .store
        .bootstrap(first(&world, "shop", "k1", b"first"))
        .await;
    assert_eq!(made, Ok(Created::Made));
    let again = world.store.create_app(app("shop"), world.now()).await;
    assert_eq!(again, Ok(Created::Exists));
    world.close().await;
}

#[tokio::test]
async fn a_revoked_key_is_unknown_at_once_and_its_revocation_is_told() {
    let world = World::new().await;
    let store = &world.store;
    store
        .create_key(api_key(&app("shop"), "k1"), world.now())
        .await
        .unwrap();
    let hash = key_hash(&app("shop"), "k1");
    assert_eq!(store.find_key(hash).await.unwrap().unwrap().id, "k1");
    let revoke = || store.revoke_key(app("shop"), "k1".to_owned(), world.now());
    assert_eq!(revoke().await, Ok(true));
    let revoked = Revocation::Key {
        id: "k1".to_owned(),
    };
    assert_eq!(world.revocations(), [(app("shop"), revoked)]);
    assert_eq!(store.find_key(hash).await, Ok(None));
    assert_eq!(revoke().await, Ok(false));
    assert_eq!(world.revocations(), []);
    world.close().await;
}

#[tokio::test]
async fn all_keys_of_an_app_are_revoked_but_the_one_that_is_spared() {
    let world = World::new().await;
    let store = &world.store;
    for (name, id) in [("shop", "k1"), ("shop", "k2"), ("bank", "k1")] {
        store
            .create_key(api_key(&app(name), id), world.now())
            .await
            .unwrap();
    }
    let spared = Some("k1".to_owned());
    let revoked = store
        .revoke_keys(Some(app("shop")), spared.clone(), world.now())
        .await;
    assert_eq!(revoked, Ok(1));
    let key = |id: &str| Revocation::Key { id: id.to_owned() };
    assert_eq!(world.revocations(), [(app("shop"), key("k2"))]);
    // Without an App nothing is spared: ids are names within an App.
    assert_eq!(store.revoke_keys(None, spared, world.now()).await, Ok(2));
    assert_eq!(
        world.revocations(),
        [(app("bank"), key("k1")), (app("shop"), key("k1"))]
    );
    world.close().await;
}

#[tokio::test]
async fn keys_are_listed_in_pages_by_id() {
    let world = World::new().await;
    for number in 0..5 {
        let record = api_key(&app("shop"), &format!("k{number}"));
        world.store.create_key(record, world.now()).await.unwrap();
    }
    let (mut after, mut ids, mut pages) = (None, Vec::new(), 0);
    loop {
        let query = PageQuery { after, limit: 2 };
        let page = world.store.keys(app("shop"), query).await.unwrap();
        ids.extend(page.data.into_iter().map(|key| key.id));
        pages += 1;
        after = page.next_cursor;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["k0", "k1", "k2", "k3", "k4"]);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn the_last_use_of_a_key_never_goes_back() {
    let world = World::new().await;
    let store = &world.store;
    store
        .create_key(api_key(&app("shop"), "k1"), world.now())
        .await
        .unwrap();
    let early = world.now();
    world.pass(3_600);
    let late = world.now();
    let key_use = |at| KeyUse {
        app: app("shop"),
        id: "k1".to_owned(),
        at,
    };
    store
        .note_key_use(vec![key_use(late), key_use(early)])
        .await
        .unwrap();
    let query = PageQuery {
        after: None,
        limit: 9,
    };
    let page = store.keys(app("shop"), query).await.unwrap();
    assert_eq!(page.data[0].last_used_at, Some(late));
}

#[tokio::test]
async fn an_identity_key_is_replaced_whole_and_deleted() {
    let world = World::new().await;
    let store = &world.store;
    let kid = || "main".to_owned();
    for secret in [b"one".as_slice(), b"another"] {
        store
            .put_identity_key(app("shop"), identity_key("main", secret))
            .await
            .unwrap();
    }
    let found = store.identity_key(app("shop"), kid()).await;
    assert_eq!(found, Ok(Some(identity_key("main", b"another"))));
    assert_eq!(
        store.delete_identity_key(app("shop"), kid()).await,
        Ok(true)
    );
    assert_eq!(
        store.delete_identity_key(app("shop"), kid()).await,
        Ok(false)
    );
    assert_eq!(store.identity_key(app("shop"), kid()).await, Ok(None));
}
