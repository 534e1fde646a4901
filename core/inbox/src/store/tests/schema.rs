//! The schema as it was reviewed.

use rusqlite::Connection;

use crate::store::{schema::SCHEMA, table::meta};

#[test]
fn the_schema_is_as_reviewed() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA.migrations[0]).unwrap();
    let mut statement = db
        .prepare(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'search\\_%' ESCAPE '\\'
             ORDER BY type DESC, name",
        )
        .unwrap();
    let tables = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    let tables: Vec<_> = tables.map(Result::unwrap).collect();
    insta::assert_snapshot!(tables.join(";\n\n"));
}

#[test]
fn the_table_says_the_schemas_version_too() {
    let db = Connection::open_in_memory().unwrap();
    for migration in SCHEMA.migrations {
        db.execute_batch(migration).unwrap();
    }
    let version = meta::schema_version(&db).unwrap();
    assert_eq!(version, Some(SCHEMA.version()));
}
