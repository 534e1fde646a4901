//! The schema as it stands, and files of released versions.

use rusqlite::Connection;
use vestnik_store::conformance::{Fixture, durability};

use super::Folder;

#[tokio::test]
async fn the_schema_is_as_reviewed() {
    let folder = Folder::new();
    folder.open().close().await;
    let db = Connection::open(folder.database()).unwrap();
    let mut statement = db
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .unwrap();
    let statements: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    insta::assert_snapshot!(statements.join(";\n\n"));
}

/// `fixtures/schema_1.sql` is the dump of a file that version 1 of the schema wrote.
#[tokio::test]
async fn a_file_of_schema_1_is_still_read() {
    let folder = Folder::new();
    let db = Connection::open(folder.database()).unwrap();
    db.execute_batch(include_str!("../fixtures/schema_1.sql"))
        .unwrap();
    db.close().unwrap();
    durability::what_a_short_life_left_is_there(&folder).await;
}

/// Writes the fixture of the newest schema; to be run by hand when a version is released:
/// `VESTNIK_DUMP=<file> cargo test -p vestnik-store-sqlite a_short_life_is_left -- --ignored`, then
/// `.dump` it.
#[tokio::test]
#[ignore = "writes a file for a new fixture"]
async fn a_short_life_is_left() {
    let folder = Folder::new();
    durability::leave_a_short_life(&folder).await;
    let to = std::env::var_os("VESTNIK_DUMP").unwrap();
    std::fs::copy(folder.database(), to).unwrap();
}
