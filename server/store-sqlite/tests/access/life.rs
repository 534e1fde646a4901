//! Which life of a database it is.

use std::fs;

use vestnik_store::{
    Operations as _, Tenants as _,
    operations::{NewLife, Secrets},
};
use vestnik_store_sqlite::Found;

use crate::world::{World, api_key, app, key_hash, marks, open};

#[tokio::test]
async fn a_database_that_is_opened_again_lives_on() {
    let world = World::new().await;
    assert_eq!(world.store.opening().found, Found::New);
    let before = marks(&world.store, &world.clock).await;
    world.close().await;
    for _ in 0..3 {
        let again = open(&world.path(), &world.clock, None).unwrap();
        assert_eq!(again.opening().found, Found::Same);
        assert_eq!(marks(&again, &world.clock).await, before);
        again.close().await;
    }
}

#[tokio::test]
async fn a_database_that_was_not_closed_lives_on() {
    let world = World::new().await;
    let before = marks(&world.store, &world.clock).await;
    // As a process that is killed leaves it.
    let killed = tempfile::tempdir().unwrap();
    for name in ["db.sqlite", "db.sqlite-wal", "db.sqlite.life"] {
        fs::copy(world.beside(name), killed.path().join(name)).unwrap();
    }
    let path = killed.path().join("db.sqlite");
    let again = open(&path, &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    assert_eq!(marks(&again, &world.clock).await, before);
    again.close().await;
}

#[tokio::test]
async fn a_process_killed_between_database_and_life_file_begins_no_new_life() {
    let world = World::new().await;
    world.close().await;
    let life = world.beside("db.sqlite.life");
    let before = fs::read(&life).unwrap();
    open(&world.path(), &world.clock, None)
        .unwrap()
        .close()
        .await;
    // Opening and closing each write both; one of the two writes is missing.
    let closed = fs::read_to_string(&life).unwrap();
    let generation = |text: &str| {
        text.trim()
            .rsplit(' ')
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let last = generation(&closed);
    assert_eq!(last, generation(std::str::from_utf8(&before).unwrap()) + 2);
    fs::write(
        &life,
        closed.replace(&format!(" {last}\n"), &format!(" {}\n", last - 1)),
    )
    .unwrap();
    let again = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    again.close().await;
}

/// A copy that was taken while the server stood still is put back in each way.
#[tokio::test]
async fn a_file_that_is_copied_back_begins_a_new_life() {
    for life_file in [
        "stays",
        "is removed",
        "is not readable",
        "is of another database",
    ] {
        let world = World::new().await;
        world
            .store
            .create_key(api_key(&app("shop"), "k1"), world.now())
            .await
            .unwrap();
        let before = marks(&world.store, &world.clock).await;
        world.close().await;
        let (path, copy) = (world.path(), world.beside("copy"));
        fs::copy(&path, &copy).unwrap();
        let served = open(&path, &world.clock, None).unwrap();
        let last = served.last_event().await.unwrap();
        served.close().await;

        fs::copy(&copy, &path).unwrap();
        let life = world.beside("db.sqlite.life");
        match life_file {
            "stays" => {}
            "is removed" => fs::remove_file(&life).unwrap(),
            "is not readable" => fs::write(&life, "\u{0}\u{1}").unwrap(),
            _ => fs::write(&life, "vestnik-life-1 00000001 1\n").unwrap(),
        }
        let restored = open(&path, &world.clock, None).unwrap();
        assert_eq!(restored.opening().found, Found::Restored, "{life_file}");
        let after = marks(&restored, &world.clock).await;
        assert_ne!(after.epoch, before.epoch, "{life_file}");
        assert_ne!(after.secrets.access, before.secrets.access);
        assert_eq!(after.secrets.refresh, before.secrets.refresh);
        let key = restored.find_key(key_hash(&app("shop"), "k1")).await;
        assert!(key.unwrap().is_some());
        // Who watches holds numbers of the future that was lost.
        assert!(restored.last_event().await.unwrap() > last + 1_000_000);
        assert_eq!(restored.check_integrity().await, Ok(Vec::new()));
        restored.close().await;
        let again = open(&path, &world.clock, None).unwrap();
        assert_eq!(again.opening().found, Found::Same, "{life_file}");
        assert_eq!(marks(&again, &world.clock).await, after);
        again.close().await;
    }
}

#[tokio::test]
async fn an_operator_begins_a_new_life_while_the_store_is_open() {
    let world = World::new().await;
    let before = marks(&world.store, &world.clock).await;
    let life = NewLife {
        access: [7; 32],
        epoch: before.epoch.wrapping_add(1),
        now: world.now(),
    };
    world.store.begin_life(life).await.unwrap();
    let after = marks(&world.store, &world.clock).await;
    assert_eq!(after.epoch, before.epoch.wrapping_add(1));
    let refresh = before.secrets.refresh;
    assert_eq!(
        after.secrets,
        Secrets {
            access: [7; 32],
            refresh
        }
    );
    world.close().await;
    let again = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    assert_eq!(marks(&again, &world.clock).await, after);
    again.close().await;
}
