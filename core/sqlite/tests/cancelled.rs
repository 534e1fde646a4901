//! Futures that are dropped.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;

use std::{future::poll_fn, pin::pin, sync::mpsc, task::Poll};

use ground::{Gate, Ground};
use vestnik_sqlite::{Failure, Priority, ReaderOptions, ReaderPool, WriterOptions, rusqlite};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// Polls a future once and drops it.
async fn give_up<T>(future: impl Future<Output = T>) {
    let mut future = pin!(future);
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn sixty_cancelled_reads_leave_no_thread_busy() {
    let ground = Ground::new();
    let database = ground.open();
    let options = ReaderOptions {
        threads: 4,
        waiting: 16,
        ..ReaderOptions::named("lists")
    };
    let readers = ReaderPool::start(&database, options, ground.clock()).unwrap();
    let (begun, begins) = mpsc::channel();
    for number in 0..60 {
        let begun = begun.clone();
        let read = readers.read(move |snapshot| {
            begun.send(()).unwrap();
            snapshot.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))
        });
        let mut read = Box::pin(read);
        poll_fn(|context| {
            assert!(read.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        // Half of them are cancelled while they run, the others as soon as they are asked for.
        if number % 2 == 0 {
            begins.recv().unwrap();
        }
        drop(read);
    }
    // The clock stands still: no time limit helps. A thread that is busy for ever would hang these.
    for _ in 0..40 {
        assert_eq!(
            readers
                .read(|db| db.query_row("SELECT 7", [], |row| row.get::<_, i64>(0)))
                .await
                .unwrap(),
            7
        );
    }
    readers.close();
    let stats = readers.stats();
    assert_eq!((stats.busy, stats.waiting, stats.refused), (0, 0, 0));
    assert_eq!(
        (stats.interrupted + stats.abandoned, stats.done),
        (60, 40),
        "{stats:?}"
    );
    assert!(stats.interrupted >= 30, "{stats:?}");
}

#[tokio::test]
async fn cancelled_reads_do_not_fill_the_queue() {
    let ground = Ground::new();
    let database = ground.open();
    let options = ReaderOptions {
        threads: 1,
        waiting: 2,
        ..ReaderOptions::named("lists")
    };
    let readers = ReaderPool::start(&database, options, ground.clock()).unwrap();
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let occupies = readers.read(move |_| {
        begun.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    let then = async {
        begins.recv().unwrap();
        for _ in 0..50 {
            give_up(readers.read(|_| Ok(()))).await;
        }
        assert!(readers.stats().waiting <= 2);
        release.send(()).unwrap();
    };
    let (occupies, ()) = tokio::join!(occupies, then);
    occupies.unwrap();
    readers.read(|_| Ok(())).await.unwrap();
    assert_eq!(readers.stats().abandoned, 50);
}

#[tokio::test]
async fn a_job_whose_caller_gave_up_is_committed() {
    let ground = Ground::new();
    let (gate, hook) = Gate::new();
    let writer = ground.writer(WriterOptions {
        before_commit: Some(hook),
        ..WriterOptions::default()
    });
    let insert = |text: &'static str| {
        writer.call(Priority::Normal, move |txn| {
            txn.execute("INSERT INTO item (text) VALUES (?1)", [text])
        })
    };
    give_up(insert("first")).await;
    gate.wait();
    give_up(insert("second")).await;
    gate.open();
    let count = |txn: &mut vestnik_sqlite::WriteTxn<'_, i64>| {
        txn.query_row("SELECT count(*) FROM item", [], |row| row.get::<_, i64>(0))
    };
    let stored: Result<i64, Failure> = writer.call(Priority::Normal, count).await;
    assert_eq!(stored.unwrap(), 2);
    writer.probe().await.unwrap();
    writer.close().await.unwrap();
    let refused: Result<i64, Failure> = writer
        .call(Priority::Normal, |_| Err(rusqlite::Error::InvalidQuery))
        .await;
    assert!(matches!(refused, Err(Failure::Closed)));
}
