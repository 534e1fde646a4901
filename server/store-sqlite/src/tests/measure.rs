//! Figures, to be run by hand with optimisation: `cargo test --release -p vestnik-store-sqlite measure
//! -- --ignored --nocapture`. Each compares with the same work done without what is measured, on the
//! same machine right after it, so that the ratio holds where the figures do not.

use std::time::Duration;

use rusqlite::Connection;
use vestnik_clock::{Clock as _, SystemClock};
use vestnik_model::{Claim, FactId, ParsedFact, ReceiptKind};
use vestnik_rules::work::WorkKind;
use vestnik_store::{Ledger as _, ledger::FactReport};

use super::world::{World, start, to_topic, to_users, user};

/// So many users, logged in, in the topic `news`.
async fn with_subscribers(users: u32) -> World {
    let world = World::new().await;
    world.topic("news", &[]).await;
    let db = world.connection();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 1..=users {
        let name = format!("user-{number:07}");
        let hash = vestnik_rules::identity::user_hash(&user(&name));
        let insert = "INSERT INTO user (row, app, id, hash) VALUES (?1, 'shop', ?2, ?3)";
        db.prepare_cached(insert)
            .unwrap()
            .execute((number, &name, hash))
            .unwrap();
        let insert = "INSERT INTO subscription (topic, user) VALUES (1, ?1)";
        db.prepare_cached(insert)
            .unwrap()
            .execute([number])
            .unwrap();
        let insert = "INSERT INTO installation (app, id, user, secret_hash, generation,
                 last_seen_at, created_at, updated_at) VALUES ('shop', ?1, ?2, zeroblob(32), 1, 0, 0, 0)";
        let id = u128::from(number).to_be_bytes();
        db.prepare_cached(insert)
            .unwrap()
            .execute((id, &name))
            .unwrap();
    }
    db.execute_batch("UPDATE topic SET subscribers = (SELECT count(*) FROM subscription); COMMIT")
        .unwrap();
    world
}

/// The processor time of the whole process so far, as Linux tells it: it does not depend on what else
/// the machine does.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// The same rows as an expansion writes, by plain statements in one transaction for each part.
fn plain(db: &Connection, users: u32, rows: u32) {
    for first in (0..users).step_by(rows as usize) {
        let range = (first, first + rows);
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        db.prepare_cached(
            "INSERT INTO delivery (notification, user, seq, status)
             SELECT 1000, u.row, u.last_seq + 1, 'pending'
             FROM subscription s CROSS JOIN user u ON u.row = s.user
             WHERE s.topic = 1 AND s.user > ?1 AND s.user <= ?2",
        )
        .unwrap()
        .execute(range)
        .unwrap();
        db.prepare_cached(
            "INSERT INTO log (user, seq, tag, notification, at)
             SELECT u.row, u.last_seq + 1, 4000000000, 1000, 1800000000000
             FROM subscription s CROSS JOIN user u ON u.row = s.user
             WHERE s.topic = 1 AND s.user > ?1 AND s.user <= ?2",
        )
        .unwrap()
        .execute(range)
        .unwrap();
        db.prepare_cached(
            "UPDATE user SET last_seq = last_seq + 1, last_tag = 4000000000
             WHERE row > ?1 AND row <= ?2",
        )
        .unwrap()
        .execute(range)
        .unwrap();
        db.execute_batch("COMMIT").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn measure_expansion() {
    let (users, rows) = (200_000, 500);
    for round in 0..3 {
        let world = with_subscribers(users).await;
        world.publish(to_topic("news")).await;
        let begun = (cpu(), SystemClock.monotonic());
        world.work(WorkKind::Expand, rows, start()).await;
        let expansion = cpu() - begun.0;
        let wall = SystemClock.monotonic().saturating_since(begun.1);
        let db = world.connection();
        db.execute_batch("PRAGMA synchronous = full; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096")
            .unwrap();
        let begun = cpu();
        plain(&db, users, rows);
        let plain = cpu() - begun;
        let per_second = f64::from(users) / wall.as_secs_f64();
        let ratio = plain.as_secs_f64() / expansion.as_secs_f64();
        println!(
            "round {round}: {per_second:.0} deliveries/s, {expansion:?} of processor time, {ratio:.2} of plain statements"
        );
        world.check().await;
    }
}

/// Hand-overs and receipts of a mailing; with and without the rows of the event table.
/// The bytes that the process has written so far.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn measure_events() {
    let users = 20_000;
    for round in 0..3 {
        for without in [false, true] {
            let world = with_subscribers(users).await;
            if without {
                // Rows are refused one by one, which costs less than writing them.
                world
                    .connection()
                    .execute_batch("CREATE TRIGGER no_events BEFORE INSERT ON event BEGIN SELECT RAISE(IGNORE); END")
                    .unwrap();
            }
            let id = world.publish(to_topic("news")).await;
            world.work(WorkKind::Expand, 500, start()).await;
            let begun = (cpu(), written());
            for step in 0..users {
                // Devices answer in no order of the users: a stride that is prime to their number.
                let number = step * 7_919 % users + 1;
                let name = format!("user-{number:07}");
                let installation = uuid::Uuid::from_u128(number.into());
                let report = FactReport {
                    session: vestnik_rules::session::Session {
                        app: world.app.clone(),
                        user: user(&name),
                        installation: vestnik_model::InstallationId::from_uuid(installation),
                        generation: 1,
                    },
                    facts: vec![ParsedFact {
                        id: FactId::parse("019400000000700080000000000000aa").unwrap(),
                        at: start(),
                        claim: Claim::Receipt {
                            notification: id,
                            kind: ReceiptKind::Delivered,
                            action: None,
                        },
                    }],
                    cursor: None,
                    seed: [1; 32],
                    now: start(),
                };
                let store = world.store.clone();
                if step % 100 == 99 {
                    store.report(report).await.unwrap().unwrap();
                } else {
                    tokio::spawn(async move { store.report(report).await });
                }
            }
            world.store.report(last(&world)).await.unwrap();
            let each = (cpu() - begun.0) / users;
            let bytes = (written() - begun.1) / u64::from(users);
            println!(
                "round {round}, events {}: {each:?} of processor time and {bytes} bytes a receipt",
                !without
            );
        }
    }
}

fn last(world: &World) -> FactReport {
    FactReport {
        session: vestnik_rules::session::Session {
            app: world.app.clone(),
            user: user("user-0000001"),
            installation: vestnik_model::InstallationId::from_uuid(uuid::Uuid::from_u128(1)),
            generation: 1,
        },
        facts: Vec::new(),
        cursor: None,
        seed: [1; 32],
        now: start(),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn measure_publishing_to_one_and_to_many() {
    let world = with_subscribers(200_000).await;
    for (what, audience) in [
        ("one user", to_users(&["user-0000001"])),
        ("a topic of 200,000", to_topic("news")),
    ] {
        let begun = SystemClock.monotonic();
        for _ in 0..500 {
            world.publish(audience.clone()).await;
        }
        let each = SystemClock.monotonic().saturating_since(begun) / 500;
        println!("{what}: {each:?}");
    }
}
