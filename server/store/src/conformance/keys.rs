//! API keys, identity keys, the signing secret.

use vestnik_model::{IdentityAlgorithm, Scope};

use super::{
    Fixture,
    world::{at, bank, begin, hash, shop},
};
use crate::{ApiKey, ApiKeyRecord, IdentityKey};

const HOUR: i64 = 3_600;

fn record(id: &str, seed: u32) -> ApiKeyRecord {
    ApiKeyRecord {
        app: shop(),
        id: id.to_owned(),
        name: format!("key {id}"),
        scopes: vec![Scope::Publish, Scope::Read],
        secret_hash: hash(seed),
    }
}

pub async fn a_key_is_found_by_its_hash(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_key(record("one", 1), at(1)).await.unwrap();
    let found = store.find_key(hash(1), at(2)).await.unwrap();
    let expected = ApiKey {
        app: shop(),
        id: "one".to_owned(),
        scopes: vec![Scope::Publish, Scope::Read],
    };
    assert_eq!(found, Some(expected));
    assert_eq!(store.find_key(hash(2), at(2)).await, Ok(None));
}

pub async fn the_use_of_a_key_is_noted_by_the_hour(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_key(record("one", 1), at(1)).await.unwrap();
    assert_eq!(store.keys(shop()).await.unwrap()[0].last_used_at, None);
    for (second, noted) in [
        (2, 0),
        (HOUR - 1, 0),
        (HOUR, HOUR),
        (3 * HOUR + 5, 3 * HOUR),
    ] {
        store.find_key(hash(1), at(second)).await.unwrap();
        let view = store.keys(shop()).await.unwrap().remove(0);
        assert_eq!(view.last_used_at, Some(at(noted)), "used at {second}");
    }
}

pub async fn keys_stay_within_their_app(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    store.create_key(record("one", 1), at(1)).await.unwrap();
    assert_eq!(store.keys(bank()).await, Ok(Vec::new()));
    assert_eq!(store.revoke_key(bank(), "one".to_owned()).await, Ok(false));
    assert!(store.find_key(hash(1), at(2)).await.unwrap().is_some());
    assert_eq!(store.revoke_key(shop(), "one".to_owned()).await, Ok(true));
    assert_eq!(store.find_key(hash(1), at(2)).await, Ok(None));
    assert_eq!(store.revoke_key(shop(), "one".to_owned()).await, Ok(false));
}

pub async fn identity_keys_are_set_whole(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    let kid = || "main".to_owned();
    for (algorithm, key) in [
        (IdentityAlgorithm::Hs256, b"secret".to_vec()),
        (IdentityAlgorithm::Es256, b"pem".to_vec()),
    ] {
        let key = IdentityKey {
            kid: kid(),
            algorithm,
            key,
        };
        store.put_identity_key(shop(), key.clone()).await.unwrap();
        let found = store.identity_key(shop(), kid()).await.unwrap().unwrap();
        assert!(found == key);
    }
    assert!(store.identity_key(bank(), kid()).await.unwrap().is_none());
    assert_eq!(store.delete_identity_key(bank(), kid()).await, Ok(false));
    assert_eq!(store.delete_identity_key(shop(), kid()).await, Ok(true));
    assert!(store.identity_key(shop(), kid()).await.unwrap().is_none());
}

pub async fn the_signing_secret_is_made_once(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    assert_eq!(store.signing_secret([1; 32]).await, Ok([1; 32]));
    assert_eq!(store.signing_secret([2; 32]).await, Ok([1; 32]));
}
