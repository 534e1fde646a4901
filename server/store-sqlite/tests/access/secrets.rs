//! Secrets at rest.

use jiff::Timestamp;
use vestnik_model::{UserId, email::EmailAddress, phone::PhoneNumber};
use vestnik_rules::{
    schedule::Said,
    webhook::{Keys, Target},
};
use vestnik_store::{
    Contacts as _, OpenError, Operations as _, Recipients as _, Tenants as _, Webhooks as _,
    operations::Secrets,
    webhooks::{NewWebhook, WebhookCreated},
};
use vestnik_store_sqlite::{Erased, SqliteStore, restore};

use crate::world::{World, app, files, identity_key, open, stands_in};

const KEY: Option<[u8; 32]> = Some([1; 32]);
const OTHER_KEY: Option<[u8; 32]> = Some([2; 32]);
const IDENTITY: &[u8] = b"the secret that tokens are signed by";
const EMAIL: &str = "anna.sealed@shop.example";
const ADDRESS: &str = "a-password-in-an-address";
const PHONE: &str = "+4930918273645";
const SIGNING: &str = "a-key-that-webhooks-are-signed-by";
const SECRETS: Secrets = Secrets {
    access: *b"access-access-access-access-acce",
    refresh: *b"refresh-refresh-refresh-refresh-",
};

async fn fill(world: &World) {
    let key = identity_key("main", IDENTITY);
    world
        .store
        .put_identity_key(app("shop"), key)
        .await
        .unwrap();
    let (user, address) = (UserId::parse("anna").unwrap(), EmailAddress::parse(EMAIL));
    let put = world
        .store
        .put_email(app("shop"), user, address.unwrap(), world.now());
    put.await.unwrap();
    let phone = PhoneNumber::parse(PHONE).unwrap();
    let said = Said {
        phone: Some(phone),
        ..Said::default()
    };
    let anna = UserId::parse("anna").unwrap();
    let put = world
        .store
        .put_attributes(app("shop"), anna, said, world.now());
    put.await.unwrap();
    assert_eq!(world.store.secrets(SECRETS).await, Ok(SECRETS));
    let made = world.store.create_webhook(webhook()).await.unwrap();
    assert!(matches!(made, WebhookCreated::Made(_)));
}

/// Its address has a password in it, and its key is one.
fn webhook() -> NewWebhook {
    NewWebhook {
        app: app("shop"),
        id: "whk_0192f0c1000070008000000000000001".parse().unwrap(),
        target: Target {
            url: format!("https://shop.example/{ADDRESS}"),
            keys: Keys::new(format!("whsec_{SIGNING}")),
        },
        events: None,
        max: 1,
        now: Timestamp::UNIX_EPOCH,
    }
}

async fn is_whole(store: &SqliteStore) {
    let found = store.identity_key(app("shop"), "main".to_owned()).await;
    assert_eq!(found, Ok(Some(identity_key("main", IDENTITY))));
    let found = store
        .email(app("shop"), UserId::parse("anna").unwrap())
        .await;
    assert_eq!(found.unwrap().unwrap().address.to_string(), EMAIL);
    let anna = UserId::parse("anna").unwrap();
    let said = store.attributes(app("shop"), anna).await.unwrap();
    let phone = said.and_then(|said| said.phone);
    assert_eq!(phone.as_ref().map(PhoneNumber::as_str), Some(PHONE));
    let offered = Secrets {
        access: [0; 32],
        refresh: [0; 32],
    };
    assert_eq!(store.secrets(offered).await, Ok(SECRETS));
    let kept = store.webhooks(app("shop")).await.unwrap();
    let targets: Vec<_> = kept.iter().map(|known| &known.webhook.target).collect();
    assert_eq!(targets, [&webhook().target]);
}

fn is_in_files(world: &World) -> bool {
    let secrets = [
        IDENTITY,
        EMAIL.as_bytes(),
        PHONE.as_bytes(),
        &SECRETS.access,
        &SECRETS.refresh,
        ADDRESS.as_bytes(),
        SIGNING.as_bytes(),
    ];
    secrets
        .into_iter()
        .any(|secret| stands_in(world.folder.path(), secret))
}

#[tokio::test]
async fn with_a_key_no_secret_reaches_the_disk() {
    let world = World::with(KEY).await;
    assert!(!world.store.opening().has_encrypted);
    fill(&world).await;
    is_whole(&world.store).await;
    assert!(!is_in_files(&world));
    world.store.backup(world.beside("backup")).await.unwrap();
    world.close().await;
    assert!(!is_in_files(&world));
    let again = open(&world.path(), &world.clock, KEY).unwrap();
    is_whole(&again).await;
    again.close().await;
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_refused_before_anything_is_written() {
    let world = World::with(KEY).await;
    fill(&world).await;
    world.close().await;
    let before = files(world.folder.path());
    for key in [None, OTHER_KEY] {
        let refused = open(&world.path(), &world.clock, key);
        assert!(matches!(refused, Err(OpenError::Key { .. })), "{refused:?}");
        let mut after = files(world.folder.path());
        // Reading makes an empty log and its index.
        after.retain(|(path, _)| before.iter().any(|(known, _)| known == path));
        assert_eq!(after, before);
    }
    let again = open(&world.path(), &world.clock, KEY).unwrap();
    is_whole(&again).await;
    again.close().await;
}

/// As a process that was killed leaves it: what it wrote last is in the log only.
#[tokio::test]
async fn a_log_is_not_moved_into_the_file_without_the_key() {
    let world = World::with(KEY).await;
    fill(&world).await;
    let killed = tempfile::tempdir().unwrap();
    for name in ["db.sqlite", "db.sqlite-wal", "db.sqlite.life"] {
        std::fs::copy(world.beside(name), killed.path().join(name)).unwrap();
    }
    let before = files(killed.path());
    let path = killed.path().join("db.sqlite");
    for key in [None, OTHER_KEY] {
        let refused = open(&path, &world.clock, key);
        assert!(matches!(refused, Err(OpenError::Key { .. })), "{refused:?}");
        let mut after = files(killed.path());
        after.retain(|(path, _)| before.iter().any(|(known, _)| known == path));
        assert_eq!(after, before);
    }
    let again = open(&path, &world.clock, KEY).unwrap();
    is_whole(&again).await;
    again.close().await;
    world.close().await;
}

#[tokio::test]
async fn plain_secrets_are_encrypted_when_a_key_is_given() {
    let world = World::new().await;
    // Enough that keys move between pages, and some that were deleted.
    for number in 0..200 {
        let kid = format!("key-{number}");
        let secret = [IDENTITY, kid.as_bytes()].concat();
        let key = identity_key(&kid, &secret);
        let put = world.store.put_identity_key(app("shop"), key).await;
        put.unwrap();
    }
    fill(&world).await;
    world.close().await;
    assert!(is_in_files(&world), "the test looks at the wrong place");
    let plain = open(&world.path(), &world.clock, None).unwrap();
    is_whole(&plain).await;
    plain.close().await;

    let encrypted = open(&world.path(), &world.clock, KEY).unwrap();
    assert!(encrypted.opening().has_encrypted);
    is_whole(&encrypted).await;
    assert!(!is_in_files(&world));
    encrypted.close().await;
    assert!(!is_in_files(&world));
    // As a process leaves it that was killed before it wrote the file anew.
    let mark = "INSERT INTO meta (name, value) VALUES ('seal.remnants', x'')";
    let has_mark = "SELECT count(*) FROM meta WHERE name = 'seal.remnants'";
    let file = rusqlite::Connection::open(world.path()).unwrap();
    file.execute(mark, []).unwrap();
    file.close().unwrap();
    let resumed = open(&world.path(), &world.clock, KEY).unwrap();
    assert!(!resumed.opening().has_encrypted);
    resumed.close().await;
    let file = rusqlite::Connection::open(world.path()).unwrap();
    let marks: u32 = file.query_row(has_mark, [], |row| row.get(0)).unwrap();
    assert_eq!(marks, 0);
    file.close().unwrap();
    let refused = open(&world.path(), &world.clock, None);
    assert!(matches!(refused, Err(OpenError::Key { .. })), "{refused:?}");
    let again = open(&world.path(), &world.clock, KEY).unwrap();
    assert!(!again.opening().has_encrypted);
    is_whole(&again).await;
    assert_eq!(again.check_integrity().await, Ok(Vec::new()));
    again.close().await;
}

/// Somebody who can write to the file, and does not have the key.
#[tokio::test]
async fn a_secret_that_was_moved_or_made_up_is_not_taken() {
    let changes = [
        "UPDATE identity_key SET key =
             (SELECT key FROM identity_key WHERE app = 'shop' AND kid = 'main')
         WHERE app = 'bank'",
        "UPDATE identity_key SET algorithm = 'RS256' WHERE app = 'bank'",
        "UPDATE identity_key SET key = x'006D7920736563726574' WHERE app = 'bank'",
        "UPDATE identity_key SET key = x'' WHERE app = 'bank'",
    ];
    for change in changes {
        let world = World::with(KEY).await;
        fill(&world).await;
        let key = identity_key("main", b"the bank's");
        world
            .store
            .put_identity_key(app("bank"), key)
            .await
            .unwrap();
        world.close().await;
        let file = rusqlite::Connection::open(world.path()).unwrap();
        assert_eq!(file.execute(change, []).unwrap(), 1);
        file.close().unwrap();
        let opened = open(&world.path(), &world.clock, KEY).unwrap();
        let found = opened.identity_key(app("bank"), "main".to_owned()).await;
        assert!(found.is_err(), "{change}");
        is_whole(&opened).await;
        opened.close().await;
    }
}

#[tokio::test]
async fn an_encrypted_backup_is_restored_without_the_key() {
    let world = World::with(KEY).await;
    fill(&world).await;
    world.store.backup(world.beside("backup")).await.unwrap();
    world.close().await;
    restore(
        &world.beside("backup"),
        &world.path(),
        Erased::Again,
        world.now(),
    )
    .unwrap();
    let opened = open(&world.path(), &world.clock, KEY).unwrap();
    let found = opened.identity_key(app("shop"), "main".to_owned()).await;
    assert_eq!(found, Ok(Some(identity_key("main", IDENTITY))));
    opened.close().await;
}

#[tokio::test]
async fn no_secret_is_printed() {
    let world = World::with(KEY).await;
    let printed = format!(
        "{:?} {:?} {:?}",
        world.store,
        SECRETS,
        identity_key("main", IDENTITY)
    );
    for secret in ["access-access", "tokens are signed", "[1, 1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
