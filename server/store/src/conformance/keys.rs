//! Apps, API keys and identity keys.

use vestnik_model::{AppId, IdentityAlgorithm, Scope};

use super::{
    Fixture,
    name::{at, bank, hash, login, page, shop},
    world::{World, revoked},
};
use crate::{
    effect::Revocation,
    sessions::LoginOutcome,
    tenants::{ApiKey, ApiKeyRecord, Bootstrap, Created, IdentityKey, KeyUse},
};

fn record(app: &AppId, id: &str, secret: u32) -> ApiKeyRecord {
    ApiKeyRecord {
        app: app.clone(),
        id: id.to_owned(),
        name: format!("the key {id}"),
        scopes: vec![Scope::Publish, Scope::Read],
        secret_hash: hash(secret),
    }
}

fn key(app: &AppId, id: &str) -> ApiKey {
    ApiKey {
        app: app.clone(),
        id: id.to_owned(),
        scopes: vec![Scope::Publish, Scope::Read],
    }
}

fn identity(kid: &str, secret: u8) -> IdentityKey {
    IdentityKey {
        kid: kid.to_owned(),
        algorithm: IdentityAlgorithm::Hs256,
        key: vec![secret; 32],
    }
}

/// Makes keys of the shop, each with a secret that follows from its place.
async fn make(world: &World, ids: &[&str]) {
    for (secret, id) in (1..).zip(ids) {
        let made = world.store.create_key(record(&shop(), id, secret), at(5));
        made.await.unwrap();
    }
}

pub async fn an_app_is_made_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let again = world.store.create_app(shop(), at(9)).await;
    assert_eq!(again, Ok(Created::Exists));
    world.is_sound().await;
}

pub async fn a_key_is_found_by_its_hash(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["a"]).await;
    let expected = Some(key(&shop(), "a"));
    assert_eq!(world.store.find_key(hash(1)).await.unwrap(), expected);
    let by_id = world.store.key(shop(), "a".to_owned()).await.unwrap();
    assert_eq!(by_id, expected);
    assert_eq!(world.store.find_key(hash(2)).await, Ok(None));
    assert_eq!(world.store.key(shop(), "b".to_owned()).await, Ok(None));
    world.is_sound().await;
}

pub async fn keys_are_listed_in_pages(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["c", "a", "b"]).await;
    let first = world.store.keys(shop(), page(None, 2)).await.unwrap();
    let ids: Vec<_> = first.data.iter().map(|view| view.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(first.data[0].name, "the key a");
    assert_eq!(first.data[0].created_at, at(5));
    let after = first.next_cursor.expect("there is another page");
    let rest = world
        .store
        .keys(shop(), page(Some(&after), 2))
        .await
        .unwrap();
    assert_eq!(rest.data.len(), 1);
    assert_eq!((rest.data[0].id.as_str(), rest.next_cursor), ("c", None));
    world.is_sound().await;
}

pub async fn the_use_of_a_key_is_noted(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["a", "b"]).await;
    let used = |id: &str, second| KeyUse {
        app: shop(),
        id: id.to_owned(),
        at: at(second),
    };
    // A key that was revoked meanwhile stops none of the others.
    let uses = vec![used("gone", 7_200), used("a", 7_200), used("a", 3_600)];
    world.store.note_key_use(uses).await.unwrap();
    let views = world.store.keys(shop(), page(None, 9)).await.unwrap().data;
    let last: Vec<_> = views.iter().map(|view| view.last_used_at).collect();
    assert_eq!(last, [Some(at(7_200)), None]);
    world.is_sound().await;
}

pub async fn a_revoked_key_is_gone_at_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["a"]).await;
    let revoke = || world.store.revoke_key(shop(), "a".to_owned(), at(20));
    assert_eq!(revoke().await, Ok(true));
    let id = "a".to_owned();
    assert_eq!(revoked(&world.taken()), [Revocation::Key { id }]);
    assert_eq!(world.store.find_key(hash(1)).await, Ok(None));
    assert_eq!(world.store.key(shop(), "a".to_owned()).await, Ok(None));
    assert_eq!(revoke().await, Ok(false));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn all_keys_but_one_are_revoked(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["a", "b", "c"]).await;
    let other = record(&bank(), "a", 9);
    world.store.create_key(other, at(5)).await.unwrap();
    let except = Some("b".to_owned());
    let count = world.store.revoke_keys(Some(shop()), except, at(20)).await;
    assert_eq!(count, Ok(2));
    assert_eq!(revoked(&world.taken()).len(), 2);
    let left = world.store.keys(shop(), page(None, 9)).await.unwrap().data;
    assert_eq!((left.len(), left[0].id.as_str()), (1, "b"));
    let of_bank = world.store.find_key(hash(9)).await.unwrap();
    assert_eq!(of_bank, Some(key(&bank(), "a")));
    assert_eq!(world.store.revoke_keys(None, None, at(21)).await, Ok(2));
    assert_eq!(world.store.find_key(hash(9)).await, Ok(None));
    world.is_sound().await;
}

pub async fn a_bootstrap_replaces_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let app = AppId::parse("fresh").unwrap();
    let first = |id: &str, secret: u32, byte| Bootstrap {
        key: record(&app, id, secret),
        identity: identity("main", byte),
        now: at(5),
    };
    let made = world.store.bootstrap(first("a", 1, 1)).await;
    assert_eq!(made, Ok(Created::Made));
    assert_eq!(
        world.store.find_key(hash(1)).await,
        Ok(Some(key(&app, "a")))
    );
    let again = world.store.bootstrap(first("b", 2, 2)).await;
    assert_eq!(again, Ok(Created::Exists));
    assert_eq!(world.store.find_key(hash(2)).await, Ok(None));
    let kept = world.store.identity_key(app.clone(), "main".to_owned());
    assert_eq!(kept.await.unwrap(), Some(identity("main", 1)));
    world.is_sound().await;
}

pub async fn identity_keys_are_set_whole(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for byte in [1, 2] {
        let put = world.store.put_identity_key(shop(), identity("main", byte));
        put.await.unwrap();
    }
    let found = || world.store.identity_key(shop(), "main".to_owned());
    assert_eq!(found().await.unwrap(), Some(identity("main", 2)));
    let delete = || world.store.delete_identity_key(shop(), "main".to_owned());
    assert_eq!(delete().await, Ok(true));
    assert_eq!(found().await, Ok(None));
    assert_eq!(delete().await, Ok(false));
    world.is_sound().await;
}

pub async fn a_failed_bootstrap_makes_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    make(&world, &["a"]).await;
    let app = AppId::parse("fresh").unwrap();
    // Another App has a key of this secret.
    let first = Bootstrap {
        key: record(&app, "b", 1),
        identity: identity("main", 1),
        now: at(5),
    };
    assert!(world.store.bootstrap(first).await.is_err());
    let outcome = world.store.login(login(&app, "anna", 1)).await;
    assert_eq!(outcome, Ok(LoginOutcome::UnknownApp));
    let key = world.store.identity_key(app, "main".to_owned()).await;
    assert_eq!(key, Ok(None));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}
