//! Reader pools: snapshots, limits, failures.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;

use std::{sync::mpsc, thread, time::Duration};

use ground::{Ground, wait_until};
use vestnik_sqlite::{
    Failure, Priority, ReaderOptions, ReaderPool, WriterOptions, rusqlite, rusqlite::Connection,
};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn endless(snapshot: &Connection) -> Result<i64, rusqlite::Error> {
    snapshot.query_row(ENDLESS, [], |row| row.get(0))
}

fn count(snapshot: &Connection) -> Result<i64, rusqlite::Error> {
    snapshot.query_row("SELECT count(*) FROM item", [], |row| row.get(0))
}

fn options(threads: usize, waiting: usize) -> ReaderOptions {
    ReaderOptions {
        threads,
        waiting,
        ..ReaderOptions::named("test")
    }
}

#[test]
fn a_read_sees_one_snapshot_and_cannot_write() {
    let ground = Ground::new();
    let database = ground.open();
    let readers = ReaderPool::start(&database, options(1, 1), ground.clock()).unwrap();
    let sink = Box::new(drop::<Vec<()>>);
    let writer =
        vestnik_sqlite::Writer::start(database, WriterOptions::default(), sink, ground.clock())
            .unwrap();
    let other = writer.clone();
    let seen = readers.read_blocking(move |snapshot| {
        let before = count(snapshot)?;
        other
            .call_blocking(Priority::Normal, |txn| {
                txn.execute("INSERT INTO item (text) VALUES ('a')", [])
            })
            .unwrap();
        Ok((before, count(snapshot)?))
    });
    assert_eq!(seen.unwrap(), (0, 0));
    assert_eq!(readers.read_blocking(count).unwrap(), 1);
    let refused = readers.read_blocking(|snapshot| snapshot.execute("DELETE FROM item", []));
    assert!(matches!(refused, Err(Failure::Other { .. })), "{refused:?}");
    readers.close();
    writer.close_blocking().unwrap();
}

#[test]
fn a_read_that_takes_too_long_is_interrupted_and_its_connection_serves_on() {
    let ground = Ground::new();
    let database = ground.open();
    let readers = ReaderPool::start(&database, options(1, 8), ground.clock()).unwrap();
    let (begun, begins) = mpsc::channel();
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            readers.read_blocking(move |snapshot| {
                begun.send(()).unwrap();
                endless(snapshot)
            })
        });
        begins.recv().unwrap();
        let waits = scope.spawn(|| readers.read_blocking(count));
        wait_until(|| readers.stats().waiting == 1);
        ground.clock.advance(Duration::from_secs(11));
        for late in [slow, waits] {
            let late = late.join().unwrap();
            assert!(matches!(late, Err(Failure::DeadlinePassed)), "{late:?}");
        }
    });
    assert_eq!(readers.read_blocking(count).unwrap(), 0);
    let stats = readers.stats();
    assert_eq!((stats.busy, stats.deadline_passed, stats.done), (0, 2, 1));
}

#[test]
fn a_panic_fails_its_read_only() {
    let ground = Ground::new();
    let database = ground.open();
    let readers = ReaderPool::start(&database, options(1, 8), ground.clock()).unwrap();
    let panicked = readers.read_blocking(|snapshot| -> Result<(), rusqlite::Error> {
        let mut select = snapshot.prepare("SELECT 1")?;
        let _row = select.query([])?;
        panic!("planted");
    });
    assert!(matches!(panicked, Err(Failure::Panicked)), "{panicked:?}");
    assert_eq!(readers.read_blocking(count).unwrap(), 0);
    assert_eq!((readers.stats().panicked, readers.stats().busy), (1, 0));
}

#[test]
fn a_pool_that_is_occupied_refuses_and_does_not_hold_up_another() {
    let ground = Ground::new();
    let database = ground.open();
    let lists = ReaderPool::start(&database, options(1, 1), ground.clock()).unwrap();
    let hot = ReaderPool::start(&database, options(1, 1), ground.clock()).unwrap();
    let (begun, begins) = mpsc::channel();
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            lists.read_blocking(move |snapshot| {
                begun.send(()).unwrap();
                endless(snapshot)
            })
        });
        begins.recv().unwrap();
        let waits = scope.spawn(|| lists.read_blocking(count));
        wait_until(|| lists.stats().waiting == 1);
        assert!(matches!(lists.read_blocking(count), Err(Failure::Busy)));
        assert_eq!(hot.read_blocking(count).unwrap(), 0);
        // Closing ends what runs and what waits.
        lists.close();
        let (slow, waits) = (slow.join().unwrap(), waits.join().unwrap());
        assert!(matches!(slow, Err(Failure::Interrupted)), "{slow:?}");
        assert!(matches!(waits, Err(Failure::Closed)), "{waits:?}");
    });
    assert_eq!((lists.stats().refused, lists.stats().interrupted), (1, 1));
    assert!(matches!(lists.read_blocking(count), Err(Failure::Closed)));
    assert_eq!(hot.read_blocking(count).unwrap(), 0);
}

#[test]
fn a_read_that_leaves_a_transaction_open_does_not_spoil_the_next() {
    let ground = Ground::new();
    let database = ground.open();
    let readers = ReaderPool::start(&database, options(1, 1), ground.clock()).unwrap();
    for _ in 0..3 {
        readers
            .read_blocking(|snapshot| snapshot.execute_batch("COMMIT; BEGIN"))
            .unwrap();
        assert_eq!(readers.read_blocking(count).unwrap(), 0);
    }
}
