//! The writer thread: shared commits, failures of single jobs, events, bounds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use ground::{Gate, Ground, SCHEMA, wait_until};
use vestnik_sqlite::{
    Failure, OpenOptions, Priority, ReaderOptions, ReaderPool, WalLimits, WriteTxn, Writer,
    WriterOptions, rusqlite,
};

fn insert(txn: &mut WriteTxn<'_, i64>, text: &str) -> Result<i64, rusqlite::Error> {
    txn.execute("INSERT INTO item (text) VALUES (?1)", [text])?;
    let id = txn.last_insert_rowid();
    txn.emit(id);
    Ok(id)
}

fn add(writer: &Writer<i64>, text: &str) -> Result<i64, Failure> {
    let text = text.to_owned();
    writer.call_blocking(Priority::Normal, move |txn| insert(txn, &text))
}

fn texts(writer: &Writer<i64>) -> Vec<String> {
    writer
        .call_blocking(Priority::Normal, |txn| {
            let mut select = txn.prepare("SELECT text FROM item ORDER BY id")?;
            let rows = select.query_map([], |row| row.get(0))?;
            rows.collect()
        })
        .unwrap()
}

type Job<T> = Box<dyn FnMut(&mut WriteTxn<'_, i64>) -> Result<T, rusqlite::Error> + Send>;

/// Runs jobs that wait together: the writer is held at the commit of a first job until all wait.
fn together<T: Send + 'static>(
    writer: &Writer<i64>,
    gate: Gate,
    jobs: Vec<Job<T>>,
) -> Vec<Result<T, Failure>> {
    thread::scope(|scope| {
        let first = scope.spawn(|| writer.call_blocking(Priority::Normal, |_| Ok(())));
        gate.wait();
        let mut callers = Vec::new();
        for (already, mut job) in jobs.into_iter().enumerate() {
            let call = move || writer.call_blocking(Priority::Normal, move |txn| job(txn));
            callers.push(scope.spawn(call));
            wait_until(|| writer.stats().waiting_normal > already);
        }
        gate.open();
        first.join().unwrap().unwrap();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    })
}

type Seen = Arc<Mutex<Vec<i64>>>;

fn gated(ground: &Ground) -> (Writer<i64>, Gate, Seen) {
    let (gate, hook) = Gate::new();
    let options = WriterOptions {
        before_commit: Some(hook),
        ..WriterOptions::default()
    };
    let (seen, sink) = recorder();
    (ground.writer_into(options, sink), gate, seen)
}

fn recorder() -> (Seen, vestnik_sqlite::EventSink<i64>) {
    let seen = Seen::default();
    let sink = Arc::clone(&seen);
    (
        seen,
        Box::new(move |events| sink.lock().unwrap().extend(events)),
    )
}

#[test]
fn jobs_that_wait_share_a_commit_and_a_panic_or_an_error_fails_its_own_job_only() {
    let ground = Ground::new();
    let (writer, gate, seen) = gated(&ground);
    let results = together(
        &writer,
        gate,
        vec![
            Box::new(|txn| insert(txn, "one")),
            Box::new(|txn| {
                insert(txn, "panics")?;
                panic!("planted");
            }),
            Box::new(|txn| insert(txn, "two")),
            Box::new(|txn| {
                insert(txn, "fails")?;
                insert(txn, "one")
            }),
            Box::new(|txn| insert(txn, "three")),
        ],
    );
    let [
        Ok(1),
        Err(Failure::Panicked),
        Ok(two),
        Err(Failure::Other { .. }),
        Ok(three),
    ] = &results[..]
    else {
        panic!("{results:?}");
    };
    assert_eq!(texts(&writer), ["one", "two", "three"]);
    assert_eq!(*seen.lock().unwrap(), [1, *two, *three]);
    let stats = writer.stats();
    // The first, the five, and the reading of the texts.
    assert_eq!((stats.commits, stats.panics, stats.reruns), (3, 1, 0));
    assert!(writer.is_alive());
    writer.close_blocking().unwrap();
}

#[test]
fn when_a_shared_transaction_is_lost_each_job_fails_for_its_own_reason_only() {
    let ground = Ground::new();
    let (gate, hook) = Gate::new();
    let options = OpenOptions {
        max_pages: Some(40),
        ..OpenOptions::new(SCHEMA)
    };
    let (seen, sink) = recorder();
    let writer = Writer::start(
        ground.open_with(&options),
        WriterOptions {
            before_commit: Some(hook),
            ..WriterOptions::default()
        },
        sink,
        ground.clock(),
    )
    .unwrap();
    let big = "x".repeat(1_000_000);
    let results = together(
        &writer,
        gate,
        vec![
            Box::new(|txn| insert(txn, "before")),
            Box::new(|txn| {
                insert(txn, "panics")?;
                panic!("planted");
            }),
            Box::new(move |txn| insert(txn, &big)),
            Box::new(|txn| insert(txn, "after")),
        ],
    );
    let [Ok(_), Err(Failure::Panicked), Err(Failure::Full), Ok(_)] = &results[..] else {
        panic!("{results:?}");
    };
    assert_eq!(texts(&writer), ["before", "after"]);
    let ids: Vec<i64> = results
        .iter()
        .filter_map(|result| result.as_ref().ok().copied())
        .collect();
    assert_eq!(*seen.lock().unwrap(), ids);
    let stats = writer.stats();
    assert!(stats.reruns >= 2, "{stats:?}");
    assert_eq!(stats.panics, 1);
}

#[test]
fn a_full_disk_shows_in_the_state_until_something_is_written() {
    let ground = Ground::new();
    let options = OpenOptions {
        max_pages: Some(40),
        ..OpenOptions::new(SCHEMA)
    };
    let database = ground.open_with(&options);
    let writer = Writer::start(
        database,
        WriterOptions::default(),
        Box::new(drop),
        ground.clock(),
    )
    .unwrap();
    assert!(matches!(
        add(&writer, &"x".repeat(1_000_000)),
        Err(Failure::Full)
    ));
    assert!(matches!(writer.stats().failing, Some(Failure::Full)));
    // Reading does not show that something can be written.
    texts(&writer);
    assert!(writer.stats().failing.is_some());
    add(&writer, "small").unwrap();
    assert!(writer.stats().failing.is_none());
}

#[test]
fn a_lock_of_another_process_fails_the_job_and_shows_in_the_state() {
    let ground = Ground::new();
    let database = ground.open_with(&OpenOptions {
        busy_timeout: Duration::ZERO,
        ..OpenOptions::new(SCHEMA)
    });
    let (options, sink) = (WriterOptions::default(), Box::new(drop));
    let writer = Writer::start(database, options, sink, ground.clock()).unwrap();
    let other = rusqlite::Connection::open(writer.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(add(&writer, "a"), Err(Failure::Busy)));
    assert!(matches!(writer.stats().failing, Some(Failure::Busy)));
    other.execute_batch("ROLLBACK").unwrap();
    add(&writer, "b").unwrap();
    assert!(writer.stats().failing.is_none());
    assert_eq!(texts(&writer), ["b"]);
}

#[test]
fn events_come_in_commit_order_and_before_the_answers() {
    let ground = Ground::new();
    let (seen, sink) = recorder();
    let writer = ground.writer_into(WriterOptions::default(), sink);
    thread::scope(|scope| {
        for caller in 0..8 {
            let (writer, seen) = (&writer, &seen);
            scope.spawn(move || {
                for number in 0..50 {
                    let fails = number % 7 == 3;
                    let text = format!("{caller}/{number}");
                    let added = writer.call_blocking(Priority::Normal, move |txn| {
                        let id = insert(txn, &text)?;
                        if fails {
                            return Err(rusqlite::Error::QueryReturnedNoRows);
                        }
                        Ok(id)
                    });
                    match added {
                        Ok(id) => assert!(seen.lock().unwrap().contains(&id)),
                        Err(Failure::Other { .. }) if fails => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let stored: Vec<i64> = writer
        .call_blocking(Priority::Normal, |txn| {
            let mut select = txn.prepare("SELECT id FROM item ORDER BY id")?;
            let rows = select.query_map([], |row| row.get(0))?;
            rows.collect()
        })
        .unwrap();
    assert_eq!(stored.len(), 8 * 43);
    assert_eq!(*seen.lock().unwrap(), stored);
}

#[test]
fn a_panic_of_the_sink_is_counted_and_the_job_is_answered() {
    let ground = Ground::new();
    let writer = ground.writer_into(WriterOptions::default(), Box::new(|_| panic!("planted")));
    add(&writer, "a").unwrap();
    add(&writer, "b").unwrap();
    assert_eq!((writer.stats().sink_panics, texts(&writer).len()), (2, 2));
}

#[test]
fn urgent_jobs_are_done_before_normal_ones() {
    let ground = Ground::new();
    let (gate, hook) = Gate::new();
    let options = WriterOptions {
        max_jobs: 1,
        before_commit: Some(hook),
        ..WriterOptions::default()
    };
    let writer = ground.writer(options);
    thread::scope(|scope| {
        scope.spawn(|| add(&writer, "first").unwrap());
        gate.wait();
        scope.spawn(|| add(&writer, "normal").unwrap());
        scope.spawn(|| {
            writer
                .call_blocking(Priority::Urgent, |txn| insert(txn, "urgent"))
                .unwrap();
        });
        wait_until(|| {
            let stats = writer.stats();
            stats.waiting_normal == 1 && stats.waiting_urgent == 1
        });
        gate.open();
    });
    assert_eq!(texts(&writer), ["first", "urgent", "normal"]);
    // One job per commit, the reading included.
    assert_eq!(writer.stats().commits, 4);
}

#[test]
fn too_many_jobs_are_refused_for_each_priority_by_itself() {
    let ground = Ground::new();
    let (gate, hook) = Gate::new();
    let options = WriterOptions {
        waiting_normal: 1,
        before_commit: Some(hook),
        ..WriterOptions::default()
    };
    let writer = ground.writer(options);
    thread::scope(|scope| {
        scope.spawn(|| add(&writer, "first").unwrap());
        gate.wait();
        scope.spawn(|| add(&writer, "second").unwrap());
        wait_until(|| writer.stats().waiting_normal == 1);
        assert!(matches!(add(&writer, "third"), Err(Failure::Busy)));
        scope.spawn(|| {
            writer
                .call_blocking(Priority::Urgent, |txn| insert(txn, "urgent"))
                .unwrap();
        });
        wait_until(|| writer.stats().waiting_urgent == 1);
        gate.open();
    });
    assert_eq!(texts(&writer).len(), 3);
}

#[test]
fn a_commit_takes_no_more_jobs_once_its_time_is_over() {
    let ground = Ground::new();
    let (writer, gate, _) = gated(&ground);
    let slow = |text: &'static str| {
        let clock = ground.clock.clone();
        let job = move |txn: &mut WriteTxn<'_, i64>| {
            clock.advance(Duration::from_millis(6));
            insert(txn, text)
        };
        Box::new(job) as Job<i64>
    };
    // Two of 6 ms fill the 10 ms of a commit.
    let results = together(
        &writer,
        gate,
        vec![slow("a"), slow("b"), slow("c"), slow("d")],
    );
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(writer.stats().commits, 3);
}

#[test]
fn closing_does_what_waits_and_refuses_the_rest() {
    let ground = Ground::new();
    let (gate, hook) = Gate::new();
    let writer = ground.writer(WriterOptions {
        waiting_normal: 1,
        before_commit: Some(hook),
        ..WriterOptions::default()
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| add(&writer, "first"));
        gate.wait();
        let second = scope.spawn(|| add(&writer, "second"));
        wait_until(|| writer.stats().waiting_normal == 1);
        let closing = scope.spawn(|| writer.close_blocking());
        // Refused as one too many until the queue is closed.
        wait_until(|| matches!(add(&writer, "late"), Err(Failure::Closed)));
        gate.open();
        first.join().unwrap().unwrap();
        second.join().unwrap().unwrap();
        closing.join().unwrap().unwrap();
    });
    assert!(!writer.is_alive());
    writer.close_blocking().unwrap();
    let again = ground.writer(WriterOptions::default());
    assert!(again.notes().is_empty(), "{:?}", again.notes());
    assert_eq!(texts(&again), ["first", "second"]);
}

#[test]
fn a_thread_that_dies_is_visible_and_leaves_the_file_usable() {
    let ground = Ground::new();
    let mut commits = 0;
    let options = WriterOptions {
        before_commit: Some(Box::new(move || {
            commits += 1;
            assert!(commits < 2, "planted");
        })),
        ..WriterOptions::default()
    };
    let writer = ground.writer(options);
    add(&writer, "kept").unwrap();
    assert!(matches!(add(&writer, "lost"), Err(Failure::Closed)));
    assert!(matches!(writer.close_blocking(), Err(Failure::Panicked)));
    assert!(!writer.is_alive());
    assert!(matches!(add(&writer, "refused"), Err(Failure::Closed)));
    assert_eq!(texts(&ground.writer(WriterOptions::default())), ["kept"]);
}

#[test]
fn a_job_that_ends_the_transaction_is_refused_and_the_next_is_done() {
    let ground = Ground::new();
    let writer = ground.writer(WriterOptions::default());
    let ended = writer.call_blocking(Priority::Normal, |txn| {
        insert(txn, "gone")?;
        txn.execute_batch("ROLLBACK")
    });
    assert!(matches!(ended, Err(Failure::Other { .. })), "{ended:?}");
    add(&writer, "next").unwrap();
    assert_eq!(texts(&writer), ["next"]);
}

#[test]
fn a_probe_writes_and_notices_that_the_file_was_replaced() {
    let ground = Ground::new();
    let writer = ground.writer(WriterOptions::default());
    let log = || {
        ground
            .path("items.sqlite-wal")
            .metadata()
            .map_or(0, |log| log.len())
    };
    let before = log();
    writer.probe_blocking().unwrap();
    assert!(log() > before);
    std::fs::remove_file(writer.path()).unwrap();
    assert!(matches!(writer.probe_blocking(), Err(Failure::Replaced)));
    std::fs::write(writer.path(), "another").unwrap();
    assert!(matches!(writer.probe_blocking(), Err(Failure::Replaced)));
}

#[test]
fn the_log_is_moved_into_the_file_and_used_again() {
    let ground = Ground::new();
    let database = ground.open_with(&OpenOptions {
        wal: WalLimits {
            checkpoint_pages: 50,
            ..WalLimits::default()
        },
        ..OpenOptions::new(SCHEMA)
    });
    let (options, sink) = (WriterOptions::default(), Box::new(drop));
    let writer = Writer::start(database, options, sink, ground.clock()).unwrap();
    for number in 0..500 {
        add(&writer, &format!("{number}{}", "x".repeat(3_000))).unwrap();
    }
    let size = |suffix| {
        ground
            .path(&format!("items.sqlite{suffix}"))
            .metadata()
            .unwrap()
            .len()
    };
    // 500 rows of 3 kB went through a log that never became long: where the thread that moves it is late, the
    // one that commits moves it, at four times the pages.
    assert!(size("") > 1_000_000, "{}", size(""));
    assert!(size("-wal") < 5 * 50 * 4_120, "{}", size("-wal"));
    assert_eq!(writer.stats().wal_truncations, 0);
}

#[test]
fn the_log_stays_bounded_and_shrinks_after_a_reader_that_held_it() {
    const BOUND: u64 = 256 * 1_024;
    let ground = Ground::new();
    let database = ground.open_with(&OpenOptions {
        wal: WalLimits {
            checkpoint_pages: 1_000_000,
            kept_bytes: BOUND,
            truncate_bytes: BOUND,
        },
        ..OpenOptions::new(SCHEMA)
    });
    let readers =
        ReaderPool::start(&database, ReaderOptions::named("held"), ground.clock()).unwrap();
    let writer = Writer::start(
        database,
        WriterOptions::default(),
        Box::new(drop),
        ground.clock(),
    )
    .unwrap();
    let log = || ground.path("items.sqlite-wal").metadata().unwrap().len();
    let text = |number| format!("{number}{}", "x".repeat(20_000));
    for number in 0..100 {
        add(&writer, &text(number)).unwrap();
        // What is over the bound is cut after the answer, at the latest before the next.
        assert!(log() < BOUND + 128 * 1_024, "{number}: {}", log());
    }
    assert!(writer.stats().wal_truncations >= 5);

    let (held, holding) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| {
            readers
                .read_blocking(move |snapshot| {
                    snapshot.query_row("SELECT count(*) FROM item", [], |_| Ok(()))?;
                    held.send(()).unwrap();
                    released.recv().unwrap();
                    Ok(())
                })
                .unwrap();
        });
        holding.recv().unwrap();
        for number in 100..150 {
            add(&writer, &text(number)).unwrap();
        }
        assert!(log() > 2 * BOUND, "{}", log());
        release.send(()).unwrap();
    });
    for number in 150..200 {
        add(&writer, &text(number)).unwrap();
    }
    assert!(log() < BOUND + 128 * 1_024, "{}", log());
}
