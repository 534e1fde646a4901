//! The rows of a server's file, read without the server, to show that a request changed nothing.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags, types::Value};

/// What connections leave behind whatever they ask for: a table, and columns of others.
const TABLE_OF_CONNECTIONS: &str = "presence";
const TIMES_OF_CONNECTIONS: [&str; 2] = ["last_seen_at", "last_used_at"];

/// Every row of every table, as text, without what any connection leaves behind.
pub type Digest = BTreeMap<String, Vec<String>>;

/// Reads all tables of a file, read-only, whether a server has it open or not.
///
/// # Errors
/// When the file cannot be read.
pub fn digest(path: &Path) -> anyhow::Result<Digest> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = connection
        .prepare(names)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let tables = tables
        .into_iter()
        .filter(|table| table != TABLE_OF_CONNECTIONS);
    let mut digest = Digest::new();
    for table in tables {
        let rows = rows(&connection, &table)?;
        digest.insert(table, rows);
    }
    Ok(digest)
}

/// The tables in which two digests differ.
#[must_use]
pub fn differences<'a>(before: &'a Digest, after: &'a Digest) -> Vec<&'a str> {
    let is_same = |table: &&String| before.get(*table) == after.get(*table);
    let mut tables: Vec<_> = before.keys().chain(after.keys()).collect();
    tables.sort_unstable();
    tables.dedup();
    tables.retain(|table| !is_same(table));
    tables.into_iter().map(String::as_str).collect()
}

fn rows(connection: &Connection, table: &str) -> anyhow::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let names = statement.column_names().enumerate();
    let columns: Vec<usize> = names
        .filter(|(_, name)| !TIMES_OF_CONNECTIONS.contains(name))
        .map(|(column, _)| column)
        .collect();
    let mut rows = statement
        .query_map([], |row| {
            let values = columns.iter().map(|column| row.get::<_, Value>(*column));
            let values: Vec<Value> = values.collect::<Result<_, _>>()?;
            Ok(format!("{values:?}"))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.sort_unstable();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_row_is_seen_and_only_its_table_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE a (n); CREATE TABLE b (n); INSERT INTO a VALUES (1), (2);")
            .unwrap();
        let before = digest(&path).unwrap();
        assert_eq!(before["a"].len(), 2);
        assert!(differences(&before, &digest(&path).unwrap()).is_empty());
        connection
            .execute("UPDATE a SET n = 3 WHERE n = 2", [])
            .unwrap();
        assert_eq!(differences(&before, &digest(&path).unwrap()), ["a"]);
    }
}
