//! What is left of users who were erased: in the files, in backups, and after a backup was restored.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use vestnik_model::{
    InstallationState, NotificationId, Publication, email::EmailAddress, preference::OptOutChange,
};
use vestnik_rules::work::WorkKind;
use vestnik_store::{
    Audiences as _, Contacts as _, Installations as _, Ledger as _, Operations as _, PageQuery,
    Publishing as _, Recipients as _, Sessions as _,
    publishing::{NewNotification, PublishOutcome},
    recipients::{OptOutOutcome, Whose},
};
use vestnik_store_sqlite::{Erased, RestoreError, SqliteStore, TakenBack, Untold, restore};

use crate::world::{World, app, installation, open, stands_in, user, work};

/// A word of a user that stands nowhere else.
fn planted(number: u32) -> String {
    format!("planted-{number:05}-word")
}

/// Someone with a mailbox, a device and an address at a push service, all of which have their word.
async fn plant(world: &World, number: u32) {
    let (name, word) = (format!("u{number}"), planted(number));
    let address = EmailAddress::parse(&format!("{word}@shop.example")).unwrap();
    let put = world
        .store
        .put_email(app("shop"), user(&name), address, world.now());
    put.await.unwrap();
    let (session, _) = world.logged_in(&name, number.into()).await;
    let state: InstallationState = serde_json::from_value(json!({
        "platform": "android", "model": word, "permission": "granted",
        "push_addresses": [{"kind": "fcm_token", "value": format!("{word}{}", "t".repeat(150))}],
    }))
    .unwrap();
    let put = world.store.put_state(session, state, world.now());
    assert!(put.await.unwrap());
}

async fn erase(world: &World, name: &str) {
    let erased = world.store.erase_user(app("shop"), user(name), world.now());
    erased.await.unwrap();
}

#[tokio::test]
async fn nothing_of_who_was_erased_stays_in_files_or_backups() {
    let world = World::new().await;
    for number in 0..400 {
        plant(&world, number).await;
    }
    let is_erased = |number: &u32| !number.is_multiple_of(3);
    for number in (0..400).filter(is_erased) {
        erase(&world, &format!("u{number}")).await;
    }
    work(&world.store, WorkKind::EraseUser, world.now()).await;
    // The hourly sweep cuts the log behind its answer and before the next one.
    work(&world.store, WorkKind::Sweep, world.now()).await;
    world.store.ping(world.now()).await.unwrap();
    world.store.backup(world.beside("backup")).await.unwrap();
    let left = |number: u32| stands_in(world.folder.path(), planted(number).as_bytes());
    assert!(left(0) && left(399), "others are not erased");
    let remnants: Vec<_> = (0..400).filter(is_erased).filter(|n| left(*n)).collect();
    assert_eq!(remnants, [0; 0]);
    world.close().await;
}

async fn schedule(world: &World, number: u128, name: &str) {
    let request = json!({
        "to": {"users": [name]}, "notification": {"title": "Order 1"}, "ttl_seconds": 3600,
        "schedule": {"send_at": world.in_days(30).to_string()},
    });
    let publication = Publication::parse(serde_json::from_value(request).unwrap()).unwrap();
    let new = NewNotification {
        app: app("shop"),
        notification: publication.accept(notification(number), world.now()),
        publication,
        idempotency: None,
        keep: jiff::SignedDuration::from_hours(24),
        seed: [0; 32],
    };
    let outcome = world.store.publish(new).await.unwrap();
    assert!(
        matches!(outcome, PublishOutcome::Accepted(_)),
        "{outcome:?}"
    );
}

fn notification(number: u128) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(
        0x0192_f0c1_0000_7000_8000_0000_0000_0000 | number,
    ))
}

async fn deliveries(store: &SqliteStore, number: u128) -> usize {
    let page = PageQuery {
        after: None,
        limit: 10,
    };
    let found = store.deliveries(app("shop"), notification(number), page);
    found.await.unwrap().unwrap().data.len()
}

/// Three people of whom two were erased after a backup, one of them to the end; the third opted out and was logged
/// out. A name that the store has met in an audience only was erased, too.
async fn erased_after_a_backup() -> World {
    let world = World::new().await;
    for number in 1..=3 {
        plant(&world, number).await;
    }
    schedule(&world, 1, "u1").await;
    schedule(&world, 2, "nobody-yet").await;
    world.store.backup(world.beside("backup")).await.unwrap();
    world.pass(3_600);
    erase(&world, "u1").await;
    work(&world.store, WorkKind::EraseUser, world.now()).await;
    erase(&world, "u2").await;
    erase(&world, "nobody-yet").await;
    // Another person takes the name.
    world.logged_in("u1", 4).await;
    let all: OptOutChange = serde_json::from_value(json!({"all": true})).unwrap();
    let whose = Whose::User(app("shop"), user("u3"));
    let changed = world.store.change_opt_outs(whose, all, world.now());
    assert!(matches!(changed.await, Ok(OptOutOutcome::Now(_))));
    let ended = world
        .store
        .end_user_sessions(app("shop"), user("u3"), world.now());
    assert_eq!(ended.await, Ok(1));
    world
}

fn taken_back() -> TakenBack {
    TakenBack {
        opt_outs: 1,
        sessions: 3,
        dead_addresses: 0,
    }
}

async fn has_session(store: &SqliteStore, number: u128) -> bool {
    let session = store.session(app("shop"), installation(number));
    session.await.unwrap().is_some()
}

async fn has_email(store: &SqliteStore, name: &str) -> bool {
    let email = store.email(app("shop"), user(name));
    email.await.unwrap().is_some()
}

/// How many users were erased, and what else was taken back.
fn restored(
    world: &World,
    erased: Erased,
    now: Timestamp,
) -> Result<(Option<u64>, Option<TakenBack>), RestoreError> {
    let restored = restore(&world.beside("backup"), &world.path(), erased, now)?;
    let lost = restored.lost.and_then(|lost| lost.taken_back);
    Ok((restored.erased_users, lost))
}

/// Two users were erased, and everything else is known.
fn all_is_told(found: &Result<(Option<u64>, Option<TakenBack>), RestoreError>) -> bool {
    let wanted = (Some(2), Some(taken_back()));
    found.as_ref().is_ok_and(|found| *found == wanted)
}

/// Damages a database that no server has open.
fn without_table(world: &World, name: &str) {
    let db = rusqlite::Connection::open(world.path()).unwrap();
    db.execute_batch(&format!("PRAGMA foreign_keys = OFF; DROP TABLE {name}"))
        .unwrap();
}

#[tokio::test]
async fn who_was_erased_after_the_backup_is_erased_again() {
    let world = erased_after_a_backup().await;
    world.close().await;
    let found = restored(&world, Erased::Again, world.now());
    assert!(all_is_told(&found), "{found:?}");
    // Once more, over a file that no server has opened meanwhile.
    world.pass(1);
    let found = restored(&world, Erased::Again, world.now());
    assert_eq!(found.unwrap().0, Some(2));

    let opened = open(&world.path(), &world.clock, None).unwrap();
    for (number, is_there) in [(1, false), (2, false), (3, true)] {
        assert_eq!(has_session(&opened, number).await, is_there, "{number}");
        let name = format!("u{number}");
        assert_eq!(has_email(&opened, &name).await, is_there, "{number}");
    }
    work(&opened, WorkKind::EraseUser, world.now()).await;
    // What waits in the backup is not for who has the name by then.
    world.pass(31 * 24 * 3_600);
    work(&opened, WorkKind::Expand, world.now()).await;
    assert_eq!(deliveries(&opened, 1).await, 0);
    assert_eq!(deliveries(&opened, 2).await, 0);
    assert_eq!(opened.check_integrity().await, Ok(Vec::new()));
    opened.close().await;
    let file = std::fs::read(world.path()).unwrap();
    for (number, is_there) in [(1, false), (2, false), (3, true)] {
        let word = planted(number);
        let mut parts = file.windows(word.len());
        assert_eq!(parts.any(|part| part == word.as_bytes()), is_there);
    }
}

#[tokio::test]
async fn who_was_erased_by_mistake_can_be_brought_back() {
    let world = erased_after_a_backup().await;
    world.close().await;
    let found = restored(&world, Erased::Kept, world.now());
    assert!(all_is_told(&found), "{found:?}");
    let opened = open(&world.path(), &world.clock, None).unwrap();
    for number in 1..=3 {
        assert!(has_session(&opened, number).await, "{number}");
    }
    world.pass(31 * 24 * 3_600);
    work(&opened, WorkKind::Expand, world.now()).await;
    assert_eq!(deliveries(&opened, 1).await, 1);
    opened.close().await;
}

#[tokio::test]
async fn a_table_that_cannot_be_read_brings_nobody_back() {
    for name in [
        "installation",
        "push_address",
        "email_address",
        "event",
        "api_key",
    ] {
        let world = erased_after_a_backup().await;
        world.close().await;
        without_table(&world, name);
        let (erased_users, _) = restored(&world, Erased::Again, world.now()).unwrap();
        assert_eq!(erased_users, Some(2), "{name}");
        let opened = open(&world.path(), &world.clock, None).unwrap();
        for (number, is_there) in [(1, false), (2, false), (3, true)] {
            assert_eq!(
                has_session(&opened, number).await,
                is_there,
                "{name} {number}"
            );
        }
        opened.close().await;
    }
}

#[tokio::test]
async fn a_database_that_does_not_tell_who_was_erased_is_not_replaced_unasked() {
    for name in ["user", "work", "meta", "erased_user"] {
        let world = erased_after_a_backup().await;
        world.close().await;
        without_table(&world, name);
        let bytes = std::fs::read(world.path()).unwrap();
        let refused = restored(&world, Erased::Again, world.now());
        assert!(
            matches!(
                refused,
                Err(RestoreError::Erasures { .. } | RestoreError::Mark(_))
            ),
            "{name}: {refused:?}"
        );
        assert_eq!(std::fs::read(world.path()).unwrap(), bytes, "{name}");
        assert!(!world.beside("db.sqlite.restored").exists(), "{name}");
        // Its operator decides that they are back.
        let kept = restored(&world, Erased::Kept, world.now()).unwrap();
        assert_eq!(kept.0, (name == "erased_user").then_some(2), "{name}");
        let opened = open(&world.path(), &world.clock, None).unwrap();
        assert!(has_session(&opened, 1).await, "{name}");
        opened.close().await;
    }
}

/// Both lives of the backup give the same rows to other people.
#[tokio::test]
async fn who_was_erased_in_another_life_of_a_backup_is_somebody_else() {
    let mut world = World::new().await;
    plant(&world, 1).await;
    world.store.backup(world.beside("early")).await.unwrap();
    plant(&world, 2).await;
    plant(&world, 3).await;
    world.store.backup(world.beside("backup")).await.unwrap();
    world.close().await;
    // The wrong one is restored first, and lives on.
    let early = restore(
        &world.beside("early"),
        &world.path(),
        Erased::Again,
        world.now(),
    );
    assert_eq!(early.unwrap().erased_users, Some(0));
    world.store = open(&world.path(), &world.clock, None).unwrap();
    plant(&world, 4).await;
    plant(&world, 5).await;
    erase(&world, "u1").await;
    erase(&world, "u4").await;
    work(&world.store, WorkKind::EraseUser, world.now()).await;
    world.close().await;
    world.pass(1);
    let (erased_users, _) = restored(&world, Erased::Again, world.now()).unwrap();
    assert_eq!(erased_users, Some(1));
    let opened = open(&world.path(), &world.clock, None).unwrap();
    for (number, is_there) in [(1, false), (2, true), (3, true)] {
        assert_eq!(has_session(&opened, number).await, is_there, "{number}");
    }
    opened.close().await;
}

#[tokio::test]
async fn another_database_says_nothing_of_who_was_erased() {
    let world = erased_after_a_backup().await;
    let other = World::seeded(None, 8).await;
    for number in 10..=20 {
        plant(&other, number).await;
        erase(&other, &format!("u{number}")).await;
    }
    work(&other.store, WorkKind::EraseUser, other.now()).await;
    other.close().await;
    let restored = restore(
        &world.beside("backup"),
        &other.path(),
        Erased::Again,
        other.now(),
    );
    let restored = restored.unwrap();
    assert_eq!(
        (restored.erased_users, restored.lost.unwrap().taken_back),
        (None, None)
    );
    let opened = open(&other.path(), &other.clock, None).unwrap();
    for number in 1..=3 {
        assert!(has_session(&opened, number).await, "{number}");
    }
    opened.close().await;
    world.close().await;
}

/// A restore begins another life, and a key has the secrets look otherwise: it is the same database.
#[tokio::test]
async fn a_key_that_was_introduced_after_a_restore_brings_nobody_back() {
    let key = Some([1; 32]);
    for is_copied_by_hand in [false, true] {
        let mut world = World::new().await;
        for number in 1..=3 {
            plant(&world, number).await;
        }
        world.store.backup(world.beside("backup")).await.unwrap();
        world.close().await;
        if is_copied_by_hand {
            std::fs::copy(world.beside("backup"), world.path()).unwrap();
        } else {
            restored(&world, Erased::Again, world.now()).unwrap();
        }
        world.store = open(&world.path(), &world.clock, key).unwrap();
        assert!(world.store.opening().has_encrypted);
        erase(&world, "u1").await;
        work(&world.store, WorkKind::EraseUser, world.now()).await;
        erase(&world, "u2").await;
        world.close().await;
        world.pass(1);
        let (erased_users, lost) = restored(&world, Erased::Again, world.now()).unwrap();
        assert_eq!(erased_users, Some(2), "{is_copied_by_hand}");
        assert!(lost.is_some());
        let opened = open(&world.path(), &world.clock, key).unwrap();
        for (number, is_there) in [(1, false), (2, false), (3, true)] {
            assert_eq!(has_session(&opened, number).await, is_there, "{number}");
        }
        opened.close().await;
    }
}

/// Nothing says which rows are of one user: those that are gone may be of who was erased.
#[tokio::test]
async fn a_database_that_parted_too_long_ago_is_not_replaced_unasked() {
    let world = erased_after_a_backup().await;
    world.close().await;
    let db = rusqlite::Connection::open(world.path()).unwrap();
    let forget = "UPDATE meta SET value = x'0102030400000000000000ff' WHERE name = 'life.lives'";
    assert_eq!(db.execute(forget, []).unwrap(), 1);
    db.close().unwrap();
    let bytes = std::fs::read(world.path()).unwrap();
    let refused = restored(&world, Erased::Again, world.now());
    assert!(
        matches!(
            refused,
            Err(RestoreError::Erasures {
                source: Untold::Parted,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(world.path()).unwrap(), bytes);
    assert!(!world.beside("db.sqlite.restored").exists());
    let (erased_users, _) = restored(&world, Erased::Kept, world.now()).unwrap();
    assert_eq!(erased_users, None);
    let opened = open(&world.path(), &world.clock, None).unwrap();
    assert!(has_session(&opened, 1).await);
    opened.close().await;
}
