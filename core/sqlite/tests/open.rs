//! Opening a file: names, locks, modes, ownership, damage.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;

use std::{error::Error as _, fs, path::Path};

use ground::{Ground, ITEM, SCHEMA};
use rusqlite::{Connection, StatementStatus};
use vestnik_clock::Clock as _;
use vestnik_sqlite::{
    Check, Damage, Database, Depth, Note, OnDamage, OpenError, OpenOptions, PathFault, Schema,
    inspect, rusqlite,
};

fn open(ground: &Ground, path: &Path) -> Result<Database, OpenError> {
    OpenOptions::new(SCHEMA).open(path, ground.clock.now())
}

fn path_fault(result: Result<Database, OpenError>) -> PathFault {
    match result {
        Err(OpenError::Path { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn add(database: &mut Database, text: &str) {
    database
        .write(|db| db.execute("INSERT INTO item (text) VALUES (?1)", [text]))
        .unwrap();
}

fn count(database: &mut Database) -> i64 {
    database
        .read(|db| db.query_row("SELECT count(*) FROM item", [], |row| row.get(0)))
        .unwrap()
}

#[test]
fn names_that_sqlite_would_take_for_something_else_are_refused() {
    let ground = Ground::new();
    assert_eq!(path_fault(open(&ground, Path::new(""))), PathFault::Empty);
    assert_eq!(
        path_fault(open(&ground, Path::new(":memory:"))),
        PathFault::Memory
    );
    for uri in ["file:a.sqlite", "file:///tmp/a.sqlite?mode=memory"] {
        assert_eq!(path_fault(open(&ground, Path::new(uri))), PathFault::Uri);
    }
    assert_eq!(
        path_fault(open(&ground, ground.folder.path())),
        PathFault::NotAFile
    );
    assert_eq!(
        path_fault(open(&ground, &ground.path(".."))),
        PathFault::NotAFile
    );
    assert!(!Path::new("file:a.sqlite").exists() && !Path::new(":memory:").exists());
}

#[test]
fn a_name_with_marks_of_a_uri_in_it_is_a_plain_name() {
    let ground = Ground::new();
    let path = ground.path("a?mode=memory#b%20.sqlite");
    open(&ground, &path).unwrap().close().unwrap();
    assert!(path.is_file());
}

#[test]
fn one_file_is_open_once_and_again_after_it_was_closed() {
    let ground = Ground::new();
    let mut first = ground.open();
    let path = ground.path("items.sqlite");
    assert!(matches!(
        open(&ground, &path),
        Err(OpenError::Locked { .. })
    ));
    add(&mut first, "a");
    first.close().unwrap();
    assert_eq!(count(&mut open(&ground, &path).unwrap()), 1);
    drop(open(&ground, &path).unwrap());
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_the_file_that_it_leads_to() {
    use std::os::unix::fs::symlink;
    let ground = Ground::new();
    let real = ground.path("real");
    fs::create_dir(&real).unwrap();
    let target = real.join("items.sqlite");
    symlink(&real, ground.path("folder")).unwrap();
    symlink(&target, ground.path("file")).unwrap();
    let fault = path_fault(open(&ground, &ground.path("file")));
    assert_eq!(fault, PathFault::DanglingLink);

    let first = open(&ground, &ground.path("folder/items.sqlite")).unwrap();
    assert_eq!(first.path(), target.canonicalize().unwrap());
    for name in [
        "file",
        "folder/items.sqlite",
        "real/items.sqlite",
        "real/../real/items.sqlite",
    ] {
        let second = open(&ground, &ground.path(name));
        assert!(
            matches!(second, Err(OpenError::Locked { .. })),
            "{name}: {second:?}"
        );
    }
    assert!(!ground.path("file.lock").exists());
    first.close().unwrap();
    // The log lies beside the file, not beside the link.
    let mut by_link = open(&ground, &ground.path("file")).unwrap();
    add(&mut by_link, "a");
    assert!(real.join("items.sqlite-wal").exists() && !ground.path("file-wal").exists());
}

#[cfg(unix)]
#[test]
fn a_second_hard_link_is_refused_while_the_first_is_open_and_after() {
    let ground = Ground::new();
    let first = ground.open();
    let second = ground.path("other.sqlite");
    fs::hard_link(first.path(), &second).unwrap();
    let two = PathFault::HardLinks { links: 2 };
    assert_eq!(path_fault(open(&ground, &second)), two);
    first.close().unwrap();
    assert_eq!(path_fault(open(&ground, &ground.path("items.sqlite"))), two);
    fs::remove_file(&second).unwrap();
    drop(ground.open());
}

#[cfg(unix)]
#[test]
fn all_files_are_private_and_wider_modes_are_tightened() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let ground = Ground::new();
    let options = OpenOptions {
        create_folder: true,
        ..OpenOptions::new(SCHEMA)
    };
    let path = ground.path("deep/er/items.sqlite");
    let mut database = options.open(&path, ground.clock.now()).unwrap();
    assert_eq!(database.notes(), []);
    add(&mut database, "a");
    assert_eq!(mode(&ground.path("deep/er")), 0o700);
    for suffix in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(
            mode(&ground.path(&format!("deep/er/items.sqlite{suffix}"))),
            0o600
        );
    }
    database.close().unwrap();

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut database = options.open(&path, ground.clock.now()).unwrap();
    let expected = Note::ModeTightened {
        path: path.canonicalize().unwrap(),
        former: 0o644,
    };
    assert_eq!(database.notes(), [expected]);
    add(&mut database, "b");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&ground.path("deep/er/items.sqlite-wal")), 0o600);
}

#[test]
fn another_programs_file_is_refused_and_left_alone_also_if_damage_is_quarantined() {
    let ground = Ground::new();
    let path = ground.path("items.sqlite");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE t (a); PRAGMA user_version = 9")
        .unwrap();
    other.close().unwrap();
    let before = fs::read(&path).unwrap();
    let options = OpenOptions {
        on_damage: OnDamage::Quarantine,
        ..OpenOptions::new(SCHEMA)
    };
    let refused = options.open(&path, ground.clock.now());
    assert!(
        matches!(refused, Err(OpenError::Foreign { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let ground = Ground::new();
    ground.open().close().unwrap();
    let older = Schema {
        migrations: &[],
        ..SCHEMA
    };
    let path = ground.path("items.sqlite");
    match OpenOptions::new(older).open(&path, ground.clock.now()) {
        Err(OpenError::TooNew { found, known, .. }) => assert_eq!((found, known), (1, 0)),
        other => panic!("{other:?}"),
    }
    drop(ground.open());
}

#[test]
fn migrations_run_in_order_and_all_or_none() {
    let ground = Ground::new();
    let mut database = ground.open();
    add(&mut database, "kept");
    database.close().unwrap();
    let broken = Schema {
        migrations: &[
            ITEM,
            "CREATE TABLE second (a) STRICT",
            "ALTER TABLE none ADD b",
        ],
        ..SCHEMA
    };
    let path = ground.path("items.sqlite");
    match OpenOptions::new(broken).open(&path, ground.clock.now()) {
        Err(OpenError::Migrate { version, .. }) => assert_eq!(version, 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(inspect(&path, Depth::Header).unwrap().schema_version, 1);
    let mended = Schema {
        migrations: &[
            ITEM,
            "ALTER TABLE item ADD n INTEGER",
            "UPDATE item SET n = 3",
        ],
        ..SCHEMA
    };
    let mut database = OpenOptions::new(mended)
        .open(&path, ground.clock.now())
        .unwrap();
    let n: i64 = database
        .read(|db| db.query_row("SELECT n FROM item", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(n, 3);
}

#[test]
fn a_migration_that_rebuilds_a_table_keeps_what_refers_to_it_and_may_not_break_it() {
    const CHILD: &str =
        "CREATE TABLE child (item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE) STRICT;
        INSERT INTO item (id, text) VALUES (1, 'a'); INSERT INTO child (item) VALUES (1);";
    const REBUILD: &str = "CREATE TABLE new (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
        INSERT INTO new SELECT id, text FROM item; DROP TABLE item; ALTER TABLE new RENAME TO item;";
    let ground = Ground::new();
    let with = |migrations| Schema {
        migrations,
        ..SCHEMA
    };
    let good = with(&[ITEM, CHILD, REBUILD]);
    let mut database = ground.open_with(&OpenOptions::new(good));
    let children: i64 = database
        .read(|db| db.query_row("SELECT count(*) FROM child", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(children, 1);
    database.close().unwrap();
    let bad = with(&[ITEM, CHILD, REBUILD, "DELETE FROM item"]);
    let refused = OpenOptions::new(bad).open(&ground.path("items.sqlite"), ground.clock.now());
    assert!(
        matches!(refused, Err(OpenError::Migrate { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_damaged_file_is_refused_and_left_alone() {
    let ground = Ground::new();
    let path = ground.path("items.sqlite");
    for content in [
        Vec::new(),
        vec![7; 4_096],
        b"SQLite format 3\0 and no more".to_vec(),
    ] {
        fs::write(&path, &content).unwrap();
        let refused = open(&ground, &path);
        assert!(
            matches!(refused, Err(OpenError::Corrupt { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn damage_within_the_file_is_found_after_an_unclean_end() {
    let ground = Ground::new();
    let path = damaged_copy(&ground);
    match open(&ground, &path) {
        Err(OpenError::Corrupt { source, .. }) => {
            assert!(!matches!(source, Damage::Empty), "{source:?}");
        }
        other => panic!("{other:?}"),
    }
    // The log, which holds what the file lacks, must still be there.
    assert!(fs::metadata(ground.path("copy.sqlite-wal")).unwrap().len() > 0);
}

#[test]
fn damage_is_quarantined_with_its_log_and_a_new_file_begun() {
    let ground = Ground::new();
    let path = damaged_copy(&ground);
    let before = fs::read(&path).unwrap();
    let options = OpenOptions {
        on_damage: OnDamage::Quarantine,
        check: Check::Always,
        ..OpenOptions::new(SCHEMA)
    };
    let mut database = options.open(&path, ground.clock.now()).unwrap();
    assert_eq!(count(&mut database), 0);
    let [Note::Quarantined { aside }] = database.notes() else {
        panic!("{:?}", database.notes());
    };
    assert_eq!(fs::read(aside).unwrap(), before);
    assert!(ground.path("copy.sqlite.corrupt-0-wal").exists());
    database.close().unwrap();
    // A second quarantine at the same time of day overwrites nothing.
    fs::write(&path, "no database").unwrap();
    drop(options.open(&path, ground.clock.now()).unwrap());
    assert_eq!(
        fs::read(ground.path("copy.sqlite.corrupt-0")).unwrap(),
        before
    );
    assert_eq!(
        fs::read(ground.path("copy.sqlite.corrupt-1")).unwrap(),
        b"no database"
    );
}

#[test]
fn an_unclean_end_without_damage_is_noted_and_loses_nothing() {
    let ground = Ground::new();
    let mut database = ground.open();
    add(&mut database, "in the log only");
    let path = copy_as_after_a_crash(&ground);
    let mut copy = open(&ground, &path).unwrap();
    assert_eq!(copy.notes(), [Note::UncleanEnd]);
    assert_eq!(count(&mut copy), 1);
}

#[test]
fn what_a_process_left_that_was_killed_while_it_made_the_file_is_replaced() {
    let ground = Ground::new();
    fs::write(ground.path("items.sqlite.new"), "half a file").unwrap();
    ground.open().close().unwrap();
    assert!(!ground.path("items.sqlite.new").exists());
}

#[test]
fn an_error_names_the_reason_of_the_system_once() {
    let ground = Ground::new();
    fs::write(ground.path("file"), "").unwrap();
    let Err(error) = open(&ground, &ground.path("file/items.sqlite")) else {
        panic!("a file is no folder");
    };
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert_eq!(text.matches("os error").count(), 1, "{text}");
}

/// A copy as a crash leaves it: with a log, and with a page of the file overwritten.
fn damaged_copy(ground: &Ground) -> std::path::PathBuf {
    let mut database = ground.open();
    for number in 0..2_000 {
        add(
            &mut database,
            &format!("a text of some length, number {number}"),
        );
    }
    database.close().unwrap();
    let mut database = ground.open();
    add(&mut database, "in the log");
    let path = copy_as_after_a_crash(ground);
    let mut content = fs::read(&path).unwrap();
    let half = content.len() / 2;
    content[half..half + 16_384].fill(0xA5);
    fs::write(&path, content).unwrap();
    path
}

fn copy_as_after_a_crash(ground: &Ground) -> std::path::PathBuf {
    for suffix in ["", "-wal"] {
        let from = ground.path(&format!("items.sqlite{suffix}"));
        fs::copy(from, ground.path(&format!("copy.sqlite{suffix}"))).unwrap();
    }
    ground.path("copy.sqlite")
}

/// SQLite would prepare it again each time, because a condition of a partial index is about the same column.
#[test]
fn a_statement_is_prepared_once_whatever_it_is_bound_to() {
    const TRIED: &str = "CREATE TABLE tried (id INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;
         CREATE INDEX tried_begun ON tried (id) WHERE state = 'begun'";
    let ground = Ground::new();
    let schema = Schema {
        migrations: &[ITEM, TRIED],
        ..SCHEMA
    };
    let mut database = ground.open_with(&OpenOptions::new(schema));
    let prepared_again = database.read(|db| {
        let mut statement = db.prepare("SELECT id FROM tried WHERE state = ?1 ORDER BY id")?;
        for state in ["begun", "sent", "failed"] {
            statement.exists([state])?;
        }
        Ok(statement.get_status(StatementStatus::RePrepare))
    });
    assert_eq!(prepared_again.unwrap(), 0);
}
