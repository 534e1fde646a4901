//! Backups beside running writers.

use vestnik_store::{Operations as _, Sessions as _, Tenants as _};
use vestnik_store_sqlite::{Found, inspect};

use crate::world::{World, api_key, app, installation, marks, open};

#[tokio::test]
async fn a_backup_holds_what_was_committed_and_begins_a_new_life_wherever_it_is_opened() {
    let world = World::new().await;
    world.logged_in("anna", 1).await;
    let before = marks(&world.store, &world.clock).await;
    let copy = world.beside("backup.sqlite");
    world.store.backup(copy.clone()).await.unwrap();
    // Writing goes on.
    world.logged_in("boris", 2).await;
    let found = inspect(&copy).unwrap();
    assert!(found.is_copy);
    assert_eq!(found.backup_at, Some(world.now()));
    assert_eq!(found.apps, [app("bank"), app("shop")]);
    assert_eq!(found.faults, [] as [&str; 0]);

    let opened = open(&copy, &world.clock, None).unwrap();
    assert_eq!(opened.opening().found, Found::Restored);
    assert_ne!(marks(&opened, &world.clock).await.epoch, before.epoch);
    let session = |number| opened.session(app("shop"), installation(number));
    assert!(session(1).await.unwrap().is_some());
    assert_eq!(session(2).await, Ok(None));
    assert_eq!(opened.check_integrity().await, Ok(Vec::new()));
    opened.close().await;
    assert!(!inspect(&copy).unwrap().is_copy);
    world.close().await;
}

#[tokio::test]
async fn a_backup_replaces_no_file() {
    let world = World::new().await;
    let copy = world.beside("backup.sqlite");
    std::fs::write(&copy, "somebody's").unwrap();
    assert!(world.store.backup(copy.clone()).await.is_err());
    assert_eq!(std::fs::read(&copy).unwrap(), b"somebody's");
    assert!(world.store.backup(world.path()).await.is_err());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_beside_writers_are_whole() {
    let world = World::new().await;
    let writing = async {
        for number in 0..200 {
            world.logged_in("anna", number % 7).await;
            let record = api_key(&app("shop"), &format!("k{number}"));
            world.store.create_key(record, world.now()).await.unwrap();
        }
    };
    let copying = async {
        for number in 0..3 {
            let copy = world.beside(&format!("backup-{number}"));
            world.store.backup(copy).await.unwrap();
        }
    };
    futures_util::join!(writing, copying);
    for number in 0..3 {
        let copy = world.beside(&format!("backup-{number}"));
        let opened = open(&copy, &world.clock, None).unwrap();
        assert_eq!(opened.check_integrity().await, Ok(Vec::new()));
        opened.close().await;
    }
    world.close().await;
}
