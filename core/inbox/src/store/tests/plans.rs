//! The plan of every statement. One that reads a whole table or sorts what it read fails here, unless
//! it is on the list of what is meant with the reason.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::{
    Filter, Shelf,
    store::{
        recover,
        schema::SCHEMA,
        table::{
            STATEMENTS,
            page::{Direction, statement},
        },
    },
};

/// Statements that may scan or sort: file, name, and why that is bounded.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "outbox",
        "DROP_DELIVERED",
        "so many rows, from the beginning of the table",
    ),
    ("early", "BOUND", "1,025 rows, from the end of the table"),
    ("opaque", "BOUND", "257 rows, from the end of the table"),
    (
        "outbox",
        "NEXT_AT",
        "one row, from the beginning of an index",
    ),
    (
        "outbox",
        "BOUND_PARKED",
        "257 rows, from the end of an index",
    ),
    ("show", "SUPPRESS_DUE", "after files were set back"),
    ("show", "SUPPRESS_TAKEN", "after files were set back"),
    ("show", "NEXT_AT", "one row, from the beginning of an index"),
    (
        "known",
        "BOUND",
        "100,000 rows, from the end of an index, while pruning",
    ),
    (
        "outbox",
        "DROP_SHOWS",
        "so many rows, from the beginning of the table",
    ),
    ("outbox", "ADD", "a table of four rows"),
    ("known", "SETTLE_HISTORY", "at a wipe"),
    ("known", "SETTLE_PRUNED", "at a wipe"),
    (
        "outbox",
        "PARKED_CODES",
        "32 rows, from the end of an index",
    ),
    (
        "show",
        "TAKEN",
        "an index of the tickets that are out, at a start",
    ),
    (
        "show",
        "LENT",
        "an index of the tickets that are out, which are few",
    ),
    ("recover", "KNOWN", "after damage"),
    ("recover", "COUNT_ROWS", "after damage"),
    ("recover", "COUNT_UNREAD", "after damage"),
    ("recover", "COUNT_FACTS", "after damage"),
];

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA.migrations[0]).unwrap();
    db
}

fn plan(db: &Connection, statement: &str) -> Vec<String> {
    let mut plan = db
        .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
        .unwrap();
    let parameters = plan.parameter_count();
    let values = rusqlite::params_from_iter(std::iter::repeat_n(1, parameters));
    let lines = plan
        .query_map(values, |row| row.get::<_, String>(3))
        .unwrap();
    lines.map(Result::unwrap).collect()
}

fn costly(db: &Connection, statement: &str) -> Vec<String> {
    let lines = plan(db, statement).into_iter();
    lines.filter(|line| is_costly(line)).collect()
}

fn is_costly(line: &str) -> bool {
    // A search of the index of words is a scan in the words of SQLite.
    let is_match = line.contains("VIRTUAL TABLE INDEX") && line.contains(":M");
    let is_row = line.contains("VIRTUAL TABLE INDEX 0:=");
    let scans = line.starts_with("SCAN") && !line.contains("CONSTANT ROW") && !is_match && !is_row;
    scans || line.contains("TEMP B-TREE") || line.contains("AUTOMATIC")
}

#[test]
fn m7_no_statement_scans_or_sorts_unless_it_is_meant_to() {
    let db = database();
    let mut found = Vec::new();
    let statements = STATEMENTS.iter().chain([&("recover", recover::ALL)]);
    for (file, statements) in statements {
        for (name, statement) in *statements {
            let costly = costly(&db, statement);
            let is_allowed = ALLOWED
                .iter()
                .any(|allowed| (allowed.0, allowed.1) == (*file, *name));
            if costly.is_empty() {
                assert!(!is_allowed, "{file}::{name} needs no exception");
            } else if !is_allowed {
                found.push(format!("{file}::{name}: {}", costly.join(", ")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn m7_no_page_scans_or_sorts_whatever_its_filters() {
    let db = database();
    let mut count = 0;
    for direction in [Direction::Older, Direction::Newer] {
        for shelf in [Shelf::Inbox, Shelf::Archive, Shelf::All] {
            for bits in 0..8_u8 {
                let filter = Filter {
                    shelf,
                    unread_only: bits & 1 != 0,
                    category: (bits & 2 != 0).then(|| "orders".parse().unwrap()),
                    since: (bits & 4 != 0).then_some(Timestamp::UNIX_EPOCH),
                };
                let statement = statement(direction, &filter);
                let mut costly = costly(&db, &statement);
                // What comes out of the 5,000 rows of `since`.
                costly
                    .retain(|line| filter.since.is_none() || !line.starts_with("SCAN (subquery-"));
                assert!(costly.is_empty(), "{direction:?} {filter:?}: {costly:?}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 48);
}

#[test]
fn m7_lists_and_marks_walk_the_index_that_is_for_them() {
    let db = database();
    let page = |filter: &Filter| plan(&db, &statement(Direction::Older, filter)).join(", ");
    let unread = Filter {
        unread_only: true,
        ..Filter::default()
    };
    let archive = Filter {
        shelf: Shelf::Archive,
        ..Filter::default()
    };
    let of_category = |filter: &Filter| Filter {
        category: Some("orders".parse().unwrap()),
        ..filter.clone()
    };
    let all_unread = Filter {
        shelf: Shelf::All,
        ..unread.clone()
    };
    for (filter, index) in [
        (&Filter::default(), "notification_listed"),
        (&unread, "notification_unread"),
        (&archive, "notification_archived"),
        (&all_unread, "notification_unread"),
        (&of_category(&unread), "notification_unread"),
        (&of_category(&all_unread), "notification_unread"),
        (&of_category(&archive), "notification_archived"),
        (&of_category(&Filter::default()), "notification_by_category"),
    ] {
        let plan = page(filter);
        assert!(plan.contains(index), "{plan}");
    }
    // Only where the category has rows.
    for filter in [
        &of_category(&unread),
        &of_category(&all_unread),
        &of_category(&archive),
    ] {
        let plan = page(filter);
        assert!(plan.contains("(row>? AND row<?)"), "{plan}");
    }
    for (name, index) in [
        ("READ_UP_TO", "notification_unread"),
        ("LONG_DELETED", "notification_deleted"),
    ] {
        let (_, statements) = STATEMENTS
            .iter()
            .find(|file| file.0 == "notification")
            .unwrap();
        let (_, statement) = statements.iter().find(|one| one.0 == name).unwrap();
        let plan = plan(&db, statement).join(", ");
        assert!(plan.contains(index), "{name}: {plan}");
    }
}

#[test]
fn a_scan_is_found() {
    let db = database();
    let scan = "SELECT count(*) FROM notification WHERE accepted_at > ?1";
    assert_eq!(costly(&db, scan), ["SCAN notification"]);
    let sort = "SELECT row FROM notification WHERE category = ?1 ORDER BY accepted_at";
    assert_eq!(costly(&db, sort), ["USE TEMP B-TREE FOR ORDER BY"]);
}
