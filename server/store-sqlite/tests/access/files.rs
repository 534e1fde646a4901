//! The files of a store: who may read them, by which names they are reached, and a full disk.

use std::{fs, sync::Arc};

use vestnik_store::{OpenError, Operations as _, Sessions as _, StoreError, Tenants as _};
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

use crate::world::{World, app, installation, open};

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new().await;
    world.store.backup(world.beside("backup")).await.unwrap();
    let modes = || {
        let files = fs::read_dir(world.folder.path()).unwrap();
        let mut modes: Vec<_> = files
            .map(|file| file.unwrap())
            .map(|file| {
                let mode = file.metadata().unwrap().permissions().mode() & 0o777;
                (file.file_name().into_string().unwrap(), mode)
            })
            .collect();
        modes.sort();
        modes
    };
    let private = |names: &[&str]| -> Vec<_> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), 0o600))
            .collect()
    };
    let open_files = [
        "backup",
        "db.sqlite",
        "db.sqlite-shm",
        "db.sqlite-wal",
        "db.sqlite.life",
        "db.sqlite.lock",
    ];
    assert_eq!(modes(), private(&open_files));
    world.close().await;
    // Somebody has loosened them.
    for name in ["db.sqlite", "db.sqlite.life"] {
        fs::set_permissions(world.beside(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    open(&world.path(), &world.clock, None)
        .unwrap()
        .close()
        .await;
    let closed = ["backup", "db.sqlite", "db.sqlite.life", "db.sqlite.lock"];
    assert_eq!(modes(), private(&closed));
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_is_one_store_by_whatever_name_it_is_reached() {
    let world = World::new().await;
    let link = world.beside("link.sqlite");
    std::os::unix::fs::symlink(world.path(), &link).unwrap();
    let refused = open(&link, &world.clock, None);
    assert!(
        matches!(refused, Err(OpenError::Locked { .. })),
        "{refused:?}"
    );
    world.close().await;
    // By the link it lives on beside the file itself.
    let linked = open(&link, &world.clock, None).unwrap();
    assert_eq!(linked.opening().found, vestnik_store_sqlite::Found::Same);
    linked.close().await;
    assert!(!world.beside("link.sqlite.life").exists());

    let hard = world.beside("hard.sqlite");
    fs::hard_link(world.path(), &hard).unwrap();
    for path in [world.path(), hard] {
        let refused = open(&path, &world.clock, None);
        assert!(
            matches!(refused, Err(OpenError::Path { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_no_path_is_refused() {
    let world = World::new().await;
    for name in ["", ":memory:", "file:db.sqlite"] {
        let refused = open(name.as_ref(), &world.clock, None);
        assert!(
            matches!(refused, Err(OpenError::Path { .. })),
            "{refused:?}"
        );
    }
}

/// What a failed copy leaves behind. The log beside it may hold what is missing.
#[tokio::test]
async fn an_empty_file_is_refused_and_its_log_stays() {
    let world = World::new().await;
    world.close().await;
    fs::write(world.path(), "").unwrap();
    let log = world.beside("db.sqlite-wal");
    fs::write(&log, "a log").unwrap();
    let refused = open(&world.path(), &world.clock, None);
    assert!(
        matches!(refused, Err(OpenError::Corrupt { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read(&log).unwrap(), b"a log");
    assert_eq!(fs::read(world.path()).unwrap(), b"");
}

#[tokio::test]
async fn readiness_fails_when_the_file_is_gone() {
    let world = World::new().await;
    assert_eq!(world.store.ping(world.now()).await, Ok(()));
    fs::rename(world.path(), world.beside("moved")).unwrap();
    assert!(world.store.ping(world.now()).await.is_err());
    assert!(world.store.is_alive());
    world.store.close().await;
    assert!(!world.store.is_alive());
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_keeps_the_rest() {
    let world = World::new().await;
    world.logged_in("anna", 1).await;
    world.close().await;
    let mut options = StoreOptions::new(Arc::new(world.clock.clone()));
    let pages = fs::metadata(world.path()).unwrap().len() / 4_096;
    options.max_pages = Some(u32::try_from(pages).unwrap() + 2);
    let full = SqliteStore::open(&world.path(), options).unwrap();
    let mut admitted = Vec::new();
    let refused = loop {
        let number = admitted.len() as u128 + 2;
        assert!(number < 10_000, "the disk never became full");
        match full
            .login(world.login("shop", &format!("user-{number}"), number))
            .await
        {
            Ok(_) => admitted.push(number),
            Err(error) => break (number, error),
        }
    };
    assert_eq!(refused.1, StoreError::Full);
    let nobody = full.session(app("shop"), installation(refused.0)).await;
    assert_eq!(nobody, Ok(None));
    for number in admitted.into_iter().chain([1]) {
        let session = full.session(app("shop"), installation(number)).await;
        assert!(session.unwrap().is_some(), "{number}");
    }
    // What needs no room is done.
    let freed = full
        .end_session(app("shop"), installation(1), world.now())
        .await;
    assert!(
        matches!(freed, Ok(true) | Err(StoreError::Full)),
        "{freed:?}"
    );
    assert!(full.is_alive());
    assert_eq!(full.check_integrity().await, Ok(Vec::new()));
    full.close().await;
    let again = open(&world.path(), &world.clock, None).unwrap();
    let created = again.create_app(app("another"), world.now()).await;
    assert!(created.is_ok());
    assert_eq!(again.check_integrity().await, Ok(Vec::new()));
    again.close().await;
}
