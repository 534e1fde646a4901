//! Copies of a database that is in use.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;

use std::{
    fs,
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
};

use ground::{Ground, SCHEMA, wait_until};
use vestnik_clock::Clock as _;
use vestnik_sqlite::{
    Backup, BackupError, Depth, OpenOptions, Priority, Writer, WriterOptions, inspect,
    open_read_only, rusqlite::Connection,
};

fn add(writer: &Writer<i64>, text: String) {
    let job = move |txn: &mut vestnik_sqlite::WriteTxn<'_, i64>| {
        txn.execute("INSERT INTO item (text) VALUES (?1)", [&text])
    };
    writer.call_blocking(Priority::Normal, job).unwrap();
}

fn filled(ground: &Ground, rows: u32) -> Writer<i64> {
    let writer = ground.writer(WriterOptions::default());
    let fill = move |txn: &mut vestnik_sqlite::WriteTxn<'_, i64>| {
        for number in 0..rows {
            let text = format!("{number:08}{}", "x".repeat(2_000));
            txn.execute("INSERT INTO item (text) VALUES (?1)", [text])?;
        }
        Ok(())
    };
    writer.call_blocking(Priority::Normal, fill).unwrap();
    writer
}

fn rows(connection: &Connection) -> (i64, i64) {
    connection
        .query_row(
            "SELECT count(*), coalesce(max(id), 0) FROM item",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap()
}

#[test]
fn a_copy_under_writes_is_the_state_at_its_beginning() {
    let ground = Ground::new();
    let writer = filled(&ground, 2_000);
    let target = ground.path("copy.sqlite");
    let (is_over, steps, written) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let begun_with = thread::scope(|scope| {
        scope.spawn(|| {
            // Two rows per commit and a change of an old page: half of a commit would show.
            while !is_over.load(Ordering::SeqCst) {
                let number = written.fetch_add(1, Ordering::SeqCst);
                let job = move |txn: &mut vestnik_sqlite::WriteTxn<'_, i64>| {
                    for half in ["a", "b"] {
                        let text = format!("{half}{number}");
                        txn.execute("INSERT INTO item (text) VALUES (?1)", [text])?;
                    }
                    let text = format!("changed {number}");
                    txn.execute(
                        "UPDATE item SET text = ?1 WHERE id = 1 + ?2",
                        (text, number % 2_000),
                    )
                };
                writer.call_blocking(Priority::Normal, job).unwrap();
            }
        });
        let mut begun_with = None;
        let mut progress = |_| {
            // At each step some more is committed before the next.
            steps.fetch_add(1, Ordering::SeqCst);
            let before = written.load(Ordering::SeqCst);
            begun_with.get_or_insert(before);
            wait_until(|| written.load(Ordering::SeqCst) > before + 2);
            ControlFlow::Continue(())
        };
        let copied = Backup::new(writer.path(), &target).run(&mut progress);
        is_over.store(true, Ordering::SeqCst);
        let copied = copied.unwrap();
        assert_eq!(copied.done, copied.total);
        begun_with.unwrap()
    });
    assert!(steps.load(Ordering::SeqCst) >= 3);
    let copy = open_read_only(&target).unwrap();
    let (count, highest) = rows(&copy);
    assert_eq!(count, highest);
    assert_eq!((count - 2_000) % 2, 0);
    // Nothing that was written after the first step is in it.
    assert!((count - 2_000) / 2 <= i64::from(begun_with));
    let changed: i64 = copy
        .query_row(
            "SELECT count(*) FROM item WHERE text LIKE 'changed %'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(changed, (count - 2_000) / 2);
    drop(copy);
    assert_eq!(inspect(&target, Depth::Everything).unwrap().faults, [""; 0]);
}

#[test]
fn a_copy_is_private_whole_and_opens_as_a_database() {
    let ground = Ground::new();
    let writer = filled(&ground, 10);
    let target = ground.path("copy.sqlite");
    let backup = Backup {
        prepare: |copy| {
            copy.execute("UPDATE item SET text = 'a copy' WHERE id = 1", [])
                .map(drop)
        },
        ..Backup::new(writer.path(), &target)
    };
    backup.run(&mut |_| ControlFlow::Continue(())).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&target).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let names: Vec<_> = fs::read_dir(ground.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.sqlite"]);
    let mut copy = OpenOptions::new(SCHEMA)
        .open(&target, ground.clock.now())
        .unwrap();
    assert_eq!(copy.notes(), []);
    let text: String = copy
        .read(|db| db.query_row("SELECT text FROM item WHERE id = 1", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(text, "a copy");
}

#[cfg(unix)]
#[test]
fn a_copy_may_lie_behind_a_link() {
    let ground = Ground::new();
    let writer = filled(&ground, 10);
    fs::create_dir(ground.path("backups")).unwrap();
    std::os::unix::fs::symlink(ground.path("backups"), ground.path("link")).unwrap();
    let target = ground.path("link/copy.sqlite");
    let mut go_on = |_| ControlFlow::Continue(());
    Backup::new(writer.path(), &target).run(&mut go_on).unwrap();
    assert_eq!(
        rows(&open_read_only(&ground.path("backups/copy.sqlite")).unwrap()).0,
        10
    );
}

#[test]
fn a_file_is_replaced_only_if_asked_for() {
    let ground = Ground::new();
    let writer = filled(&ground, 10);
    let target = ground.path("copy.sqlite");
    fs::write(&target, "precious").unwrap();
    let backup = Backup::new(writer.path(), &target);
    let mut go_on = |_| ControlFlow::Continue(());
    assert!(matches!(
        backup.run(&mut go_on),
        Err(BackupError::Exists { .. })
    ));
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    add(&writer, "one more".to_owned());
    Backup {
        replace: true,
        ..backup
    }
    .run(&mut go_on)
    .unwrap();
    assert_eq!(rows(&open_read_only(&target).unwrap()).0, 11);
}

#[test]
fn a_cancelled_or_failed_copy_leaves_nothing() {
    let ground = Ground::new();
    let writer = filled(&ground, 2_000);
    let target = ground.path("copy.sqlite");
    let backup = Backup::new(writer.path(), &target);
    let cancelled = backup.run(&mut |_| ControlFlow::Break(()));
    assert!(
        matches!(cancelled, Err(BackupError::Cancelled)),
        "{cancelled:?}"
    );
    let failing = Backup {
        prepare: |copy| copy.execute_batch("no statement"),
        ..backup
    };
    let failed = failing.run(&mut |_| ControlFlow::Continue(()));
    assert!(
        matches!(failed, Err(BackupError::Sqlite { .. })),
        "{failed:?}"
    );
    let missing = ground.path("missing.sqlite");
    let absent = Backup::new(&missing, &target).run(&mut |_| ControlFlow::Continue(()));
    assert!(
        matches!(absent, Err(BackupError::Source { .. })),
        "{absent:?}"
    );
    for entry in fs::read_dir(ground.folder.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with("items"), "{name}");
    }
}

#[test]
fn an_inspection_tells_what_a_file_is_and_changes_nothing() {
    let ground = Ground::new();
    let writer = filled(&ground, 10);
    let seen = inspect(writer.path(), Depth::Structure).unwrap();
    assert_eq!(
        (seen.application_id, seen.schema_version),
        (SCHEMA.application_id, 1)
    );
    assert!(seen.log_bytes > 0 && seen.bytes > 20_000 && seen.faults.is_empty());
    writer.close_blocking().unwrap();
    let before = fs::read(ground.path("items.sqlite")).unwrap();
    inspect(&ground.path("items.sqlite"), Depth::Everything).unwrap();
    assert_eq!(fs::read(ground.path("items.sqlite")).unwrap(), before);
    assert!(inspect(&ground.path("missing"), Depth::Header).is_err());
    assert!(!ground.path("missing").exists());
}
