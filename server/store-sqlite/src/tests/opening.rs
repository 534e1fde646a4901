//! Which files are opened, and which are refused and left as they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Epoch, UserId};
use vestnik_store::{OpenError, Store, conformance::Fixture};

use super::Folder;
use crate::SqliteStore;

fn open(folder: &Folder) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&folder.database(), Epoch(9))
}

/// A folder with a sound database that was closed.
async fn closed() -> Folder {
    let folder = Folder::new();
    let store = folder.open();
    let app = AppId::parse("shop").unwrap();
    store.create_app(app, Timestamp::UNIX_EPOCH).await.unwrap();
    store.close().await;
    folder
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

/// What a crash leaves of a database that is open now.
fn image_of(folder: &Folder) -> Folder {
    let image = Folder::new();
    for end in ["", "-wal"] {
        let name = |of: &Folder| PathBuf::from(format!("{}{end}", of.database().display()));
        fs::copy(name(folder), name(&image)).unwrap();
    }
    image
}

/// Refused, and not a byte of it changed.
fn is_refused_as_corrupt(folder: &Folder, says: &str) {
    let before = fs::read(folder.database()).unwrap();
    let refused = open(folder).unwrap_err();
    let OpenError::Corrupt { path, detail } = refused else {
        panic!("not corrupt: {refused}");
    };
    assert_eq!(path, folder.database());
    assert!(detail.contains(says), "{detail}");
    assert_eq!(fs::read(folder.database()).unwrap(), before);
}

#[tokio::test]
async fn the_database_is_as_durable_as_promised() {
    let folder = Folder::new();
    let opened = super::super::open::writer(&folder.database()).unwrap();
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value = opened
            .connection
            .pragma_query_value(None, name, |row| row.get(0))
            .unwrap();
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

#[tokio::test]
async fn an_opened_file_keeps_its_epoch() {
    let folder = closed().await;
    let store = open(&folder).unwrap();
    let (app, user) = (
        AppId::parse("shop").unwrap(),
        UserId::parse("anna").unwrap(),
    );
    let head = store.head(app, user).await.unwrap();
    assert_eq!(head.epoch, Epoch(7));
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let folder = closed().await;
    let first = open(&folder).unwrap();
    assert!(matches!(open(&folder), Err(OpenError::Locked { .. })));
    first.close().await;
    assert!(open(&folder).is_ok());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    fs::write(folder.database(), "To whom it may concern\n".repeat(100)).unwrap();
    is_refused_as_corrupt(&folder, "not a database");
}

#[tokio::test]
async fn an_empty_file_is_refused() {
    let folder = Folder::new();
    fs::write(folder.database(), "").unwrap();
    is_refused_as_corrupt(&folder, "empty");
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let folder = closed().await;
    change(&folder.database(), |bytes| bytes.truncate(bytes.len() / 2));
    is_refused_as_corrupt(&folder, "malformed");
}

#[tokio::test]
async fn a_file_with_a_broken_header_is_refused() {
    let folder = closed().await;
    change(&folder.database(), |bytes| bytes[..16].fill(0xFF));
    is_refused_as_corrupt(&folder, "not a database");
}

#[tokio::test]
async fn a_file_with_a_broken_schema_is_refused() {
    let folder = closed().await;
    change(&folder.database(), |bytes| bytes[100..4_000].fill(0xAA));
    is_refused_as_corrupt(&folder, "malformed");
}

/// What was being written when a process was killed is looked at before it is trusted.
#[tokio::test]
async fn a_damaged_file_left_open_is_refused() {
    let folder = closed().await;
    let store = open(&folder).unwrap();
    store.ping().await.unwrap();
    let app = AppId::parse("bank").unwrap();
    store.create_app(app, Timestamp::UNIX_EPOCH).await.unwrap();
    let (crashed, sound) = (image_of(&folder), image_of(&folder));
    assert!(open(&sound).is_ok());
    change(&crashed.database(), |bytes| {
        let last_page = bytes.len() - 4_096;
        bytes[last_page..].fill(0xAA);
    });
    is_refused_as_corrupt(&crashed, "");
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let folder = Folder::new();
    let other = Connection::open(folder.database()).unwrap();
    other
        .execute_batch("CREATE TABLE theirs (id INTEGER)")
        .unwrap();
    other.close().unwrap();
    is_refused_as_corrupt(&folder, "another program's");
}

#[tokio::test]
async fn a_newer_file_is_refused() {
    let folder = closed().await;
    let newer = Connection::open(folder.database()).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    newer.close().unwrap();
    let refused = open(&folder).unwrap_err();
    let OpenError::TooNew { found, known, .. } = refused else {
        panic!("not too new: {refused}");
    };
    assert_eq!((found, known), (99, 1));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let nowhere = folder.database().join("vestnik.db");
    let refused = SqliteStore::open(&nowhere, Epoch(9));
    assert!(matches!(refused, Err(OpenError::Io { .. })));
}

/// A process killed while it made the file leaves only what was beside it.
#[tokio::test]
async fn a_file_that_was_never_finished_is_made_anew() {
    let folder = Folder::new();
    fs::write(folder.database().with_added_extension("new"), "half").unwrap();
    let store = open(&folder).unwrap();
    assert_eq!(store.check_integrity().await, Ok(Vec::new()));
}
