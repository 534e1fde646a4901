//! A backup in the place of a database.

use std::fs;

use vestnik_store::{OpenError, Operations as _, Sessions as _, Tenants as _};
use vestnik_store_sqlite::{Erased, Found, RestoreError, inspect, restore};

use crate::world::{World, api_key, app, installation, marks, open};

/// A world whose backup was taken before its last changes, closed.
async fn backed_up() -> World {
    let world = World::new().await;
    for id in ["k1", "k2"] {
        world
            .store
            .create_key(api_key(&app("shop"), id), world.now())
            .await
            .unwrap();
    }
    world.logged_in("anna", 1).await;
    // A server asks for its secrets when it starts.
    marks(&world.store, &world.clock).await;
    world.store.backup(world.beside("backup")).await.unwrap();
    world.pass(3_600);
    world
        .store
        .revoke_key(app("shop"), "k1".to_owned(), world.now())
        .await
        .unwrap();
    world
        .store
        .create_key(api_key(&app("shop"), "k3"), world.now())
        .await
        .unwrap();
    world.logged_in("boris", 2).await;
    world
}

#[tokio::test]
async fn a_restore_begins_a_new_life_and_tells_what_is_lost() {
    let world = backed_up().await;
    let before = marks(&world.store, &world.clock).await;
    world.close().await;
    let restored = restore(
        &world.beside("backup"),
        &world.path(),
        Erased::Again,
        world.now(),
    )
    .unwrap();
    let lost = restored.lost.unwrap();
    assert_eq!(lost.from, Some(world.in_hours(-1)));
    assert_eq!(lost.until.map(|mark| mark.at), Some(world.now()));
    assert_eq!(lost.revived_keys, [(app("shop"), "k1".to_owned())]);
    assert_eq!(lost.forgotten_keys, [(app("shop"), "k3".to_owned())]);
    // What was replaced is kept, whole.
    let replaced = inspect(&restored.replaced.unwrap()).unwrap();
    assert_eq!(replaced.last, lost.until);

    let opened = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(opened.opening().found, Found::Restored);
    let after = marks(&opened, &world.clock).await;
    assert_ne!(after.epoch, before.epoch);
    assert_ne!(after.secrets.access, before.secrets.access);
    assert_eq!(after.secrets.refresh, before.secrets.refresh);
    let session = |number| opened.session(app("shop"), installation(number));
    assert!(session(1).await.unwrap().is_some());
    assert_eq!(session(2).await, Ok(None));
    // The offer of the command: keys that were revoked since are revoked again, and all others.
    assert_eq!(opened.revoke_keys(None, None, world.now()).await, Ok(2));
    assert_eq!(opened.check_integrity().await, Ok(Vec::new()));
    opened.close().await;
    let again = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    again.close().await;
}

#[tokio::test]
async fn two_restores_of_one_backup_are_two_lives() {
    let world = backed_up().await;
    world.close().await;
    let mut epochs = Vec::new();
    for _ in 0..2 {
        world.pass(1);
        restore(
            &world.beside("backup"),
            &world.path(),
            Erased::Again,
            world.now(),
        )
        .unwrap();
        let opened = open(&world.path(), &world.clock, None).unwrap();
        epochs.push(marks(&opened, &world.clock).await.epoch);
        opened.close().await;
    }
    assert_ne!(epochs[0], epochs[1]);
}

#[tokio::test]
async fn a_refresh_token_of_the_lost_future_is_taken_with_the_installations_secret() {
    let world = World::new().await;
    let (_, family) = world.logged_in("anna", 1).await;
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world.store.backup(world.beside("backup")).await.unwrap();
    for counter in 2..5 {
        world.pass(900);
        assert_eq!(world.exchange(family, counter).await, Ok(counter + 1));
    }
    world.close().await;
    restore(
        &world.beside("backup"),
        &world.path(),
        Erased::Again,
        world.now(),
    )
    .unwrap();
    let opened = open(&world.path(), &world.clock, None).unwrap();
    let exchange = async |secret: Option<u8>| {
        let mut token = world.token(family, 5);
        token.secret_hash = secret.map(|byte| [byte; 32]);
        opened.exchange(token).await.unwrap()
    };
    use vestnik_store::sessions::ExchangeOutcome::{Exchanged, Unknown, WrongSecret};
    assert_eq!(exchange(None).await, Unknown);
    assert_eq!(exchange(Some(9)).await, WrongSecret);
    let taken = exchange(Some(1)).await;
    assert!(matches!(taken, Exchanged { counter: 6, .. }), "{taken:?}");
    opened.close().await;
}

#[tokio::test]
async fn a_database_that_is_open_is_not_replaced() {
    let world = backed_up().await;
    let refused = restore(
        &world.beside("backup"),
        &world.path(),
        Erased::Again,
        world.now(),
    );
    assert!(
        matches!(
            &refused,
            Err(RestoreError::Target(OpenError::Locked { .. }))
        ),
        "{refused:?}"
    );
    assert!(
        world
            .store
            .session(app("shop"), installation(2))
            .await
            .unwrap()
            .is_some()
    );
    world.close().await;
}

#[tokio::test]
async fn what_is_no_backup_is_refused_and_changes_nothing() {
    let world = backed_up().await;
    world.close().await;
    let bytes = fs::read(world.path()).unwrap();
    fs::write(world.beside("text"), "this is no database").unwrap();
    fs::write(world.beside("empty"), "").unwrap();
    let mut damaged = fs::read(world.beside("backup")).unwrap();
    damaged[4_096..].fill(0xff);
    fs::write(world.beside("damaged"), damaged).unwrap();
    rusqlite::Connection::open(world.beside("foreign"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    for name in [
        "text",
        "empty",
        "damaged",
        "foreign",
        "missing",
        "db.sqlite",
    ] {
        let refused = restore(
            &world.beside(name),
            &world.path(),
            Erased::Again,
            world.now(),
        );
        assert!(refused.is_err(), "{name}");
        assert_eq!(fs::read(world.path()).unwrap(), bytes, "{name}");
    }
    let again = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    again.close().await;
}

#[tokio::test]
async fn a_foreign_database_is_not_replaced() {
    let world = backed_up().await;
    world.close().await;
    let foreign = world.beside("foreign");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let bytes = fs::read(&foreign).unwrap();
    assert!(
        restore(
            &world.beside("backup"),
            &foreign,
            Erased::Again,
            world.now()
        )
        .is_err()
    );
    assert_eq!(fs::read(&foreign).unwrap(), bytes);
}

#[tokio::test]
async fn a_damaged_database_is_replaced_if_asked_and_a_missing_one_at_once() {
    let world = backed_up().await;
    world.close().await;
    fs::write(world.path(), "what is left of it").unwrap();
    let restored = |erased| restore(&world.beside("backup"), &world.path(), erased, world.now());
    // Who was erased is not known.
    let refused = restored(Erased::Again);
    assert!(
        matches!(refused, Err(RestoreError::Erasures { .. })),
        "{refused:?}"
    );
    let restored = restored(Erased::Kept).unwrap();
    assert_eq!(restored.lost, None);
    let kept = restored.replaced.unwrap();
    assert_eq!(fs::read(kept).unwrap(), b"what is left of it");
    open(&world.path(), &world.clock, None)
        .unwrap()
        .close()
        .await;

    // An empty file with a log: the log is kept beside.
    fs::write(world.path(), "").unwrap();
    fs::write(world.beside("db.sqlite-wal"), "a log").unwrap();
    world.pass(1);
    let restored = restore(
        &world.beside("backup"),
        &world.path(),
        Erased::Kept,
        world.now(),
    )
    .unwrap();
    let mut log = restored.replaced.unwrap().into_os_string();
    log.push("-wal");
    assert_eq!(fs::read(log).unwrap(), b"a log");

    let elsewhere = world.beside("elsewhere");
    let restored = restore(
        &world.beside("backup"),
        &elsewhere,
        Erased::Again,
        world.now(),
    )
    .unwrap();
    assert_eq!((restored.lost, restored.replaced), (None, None));
    let opened = open(&elsewhere, &world.clock, None).unwrap();
    assert!(
        opened
            .session(app("shop"), installation(1))
            .await
            .unwrap()
            .is_some()
    );
    opened.close().await;
}
