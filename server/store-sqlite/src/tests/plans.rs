//! The plan of every statement, for a database with two million deliveries.
//!
//! A statement that reads a whole table or sorts what it read fails here, unless it is on the list of
//! what is meant with the reason. The statistics are written by the test: plans must not depend on
//! what `ANALYZE` happened to see, and the store never runs it.

use rusqlite::Connection;

use crate::{schema::SCHEMA, table::STATEMENTS};

/// Statements that may scan or sort: file, name, and why that is bounded.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("event", "LAST", "one row, from the end of the table"),
    (
        "event/old",
        "OLDEST",
        "a part of so many rows, from the beginning of the table",
    ),
    ("numbering", "LAST", "one row, from the end of the table"),
    (
        "erased_user",
        "OLDEST_PLANNED",
        "one row, from the beginning of an index of what is to be expanded",
    ),
    (
        "audience",
        "SEALED",
        "when a key of secrets is first given; as many rows as uploaded audiences",
    ),
    (
        "app",
        "ALL_APPS",
        "an operator's command; as many rows as tenants",
    ),
    ("api_key", "NAMES", "at a restore; as many rows as keys"),
    (
        "lost",
        "NAMED",
        "at a restore, of a file that nobody has open",
    ),
    (
        "lost",
        "SESSIONS",
        "at a restore, of a file that nobody has open",
    ),
    (
        "lost",
        "MAILBOXES",
        "at a restore, of a file that nobody has open",
    ),
    (
        "lost",
        "PUSH_ADDRESSES",
        "at a restore, of a file that nobody has open",
    ),
    (
        "lost",
        "ERASURES",
        "at a restore, of a file that nobody has open",
    ),
    (
        "meta",
        "LAST_USER",
        "as many rows as tables that never give a row again",
    ),
    (
        "identity_key",
        "SEALED",
        "when a key of secrets is first given; as many rows as keys",
    ),
    (
        "provider",
        "SEALED",
        "when a key of secrets is first given; as many rows as credentials",
    ),
    (
        "push_address",
        "NAMES",
        "when a key of secrets is first given: at the opening of the file",
    ),
    (
        "email_address",
        "SEALED",
        "when a key of secrets is first given: at the opening of the file",
    ),
    (
        "chat",
        "SEALED",
        "when a key of secrets is first given: at the opening of the file",
    ),
    (
        "phone_number",
        "SEALED",
        "when a key of secrets is first given: at the opening of the file",
    ),
    (
        "webhook",
        "SEALED",
        "when a key of secrets is first given; as many rows as webhooks",
    ),
    (
        "presence",
        "DELETE_EXPIRED",
        "once an hour; as many rows as connections stand",
    ),
];

/// Tables and indexes with how many rows they have, and how many of them share the columns of the key.
const STATISTICS: &[(&str, &str, &str)] = &[
    ("user", "sqlite_autoindex_user_1", "1000000 500000 1"),
    ("user", "user_by_hash", "1000000 500000 1"),
    ("email_address", "email_address_by_hash", "800000 1 1"),
    ("phone_number", "phone_number_by_hash", "800000 1 1"),
    ("audience", "sqlite_autoindex_audience_1", "1000 1"),
    ("audience", "audience_by_app", "1000 50 1"),
    ("audience", "audience_by_expiry", "1000 1"),
    ("audience_user", "audience_user", "5000000 50000 1"),
    ("audience_user", "audience_user_by_user", "5000000 5 1"),
    ("audience_line", "audience_line", "1000000 10000 10000 1"),
    (
        "audience_line",
        "sqlite_autoindex_audience_line_2",
        "1000000 2 1",
    ),
    ("audience_problem", "audience_problem", "10000 100 1"),
    ("topic", "sqlite_autoindex_topic_1", "1000 100 1"),
    ("subscription", "subscription", "1500000 1500 1"),
    ("subscription", "subscription_by_user", "1500000 2 1"),
    (
        "notification",
        "sqlite_autoindex_notification_1",
        "200000 1",
    ),
    ("notification", "notification_by_app", "200000 20000 1"),
    ("notification_count", "notification_count", "800000 4 4 1"),
    ("idempotency", "idempotency", "100000 10000 1"),
    ("idempotency", "idempotency_by_expiry", "100000 1"),
    ("delivery", "delivery", "2000000 10 1"),
    ("attempt", "attempt", "2000000 10 1 1 1"),
    ("withdrawal", "withdrawal", "10000 100 2 1"),
    ("withdrawal", "withdrawal_due", "10000 100 1 1"),
    ("attempt", "attempt_leased", "1600 2 1 1 1 1"),
    ("withdrawal", "withdrawal_leased", "100 2 1 1 1"),
    ("delivery", "delivery_due", "10000 100 1 1"),
    ("delivery", "delivery_release", "10000 100 1 1"),
    ("delivery", "delivery_expiry", "10000 100 1 1"),
    ("delivery", "delivery_unlogged", "10000 2 1"),
    ("push_address", "push_address", "1200000 600000 1 1"),
    ("push_address", "push_address_by_hash", "1200000 600000 1"),
    ("fact", "fact", "4000000 20 2 2 1"),
    ("flag", "flag", "100000 2 1 1"),
    ("log", "log", "2500000 3 1"),
    ("event", "event_by_notification", "3000000 15 1"),
    ("event", "event_by_app", "3000000 300000 1"),
    ("work", "work_by_app", "200000 50000 5000 1"),
    ("work", "work_by_time", "200000 50000 1"),
    ("work", "work_claimed", "20 20"),
    ("work", "work_failing", "10 5 1"),
    ("work", "work_of_reader", "10 1"),
    ("installation", "installation", "1200000 600000 1"),
    ("installation", "installation_by_user", "1100000 500000 1"),
    ("installation", "installation_logged_out", "100000 1"),
];

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA.migrations[0]).unwrap();
    db.execute_batch("ANALYZE").unwrap();
    for (table, index, numbers) in STATISTICS {
        db.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)",
            (table, index, numbers),
        )
        .unwrap();
    }
    // Reads the statistics anew.
    db.execute_batch("ANALYZE sqlite_schema").unwrap();
    db
}

/// The lines of a statement's plan that read a whole table or index, or sort.
fn costly(db: &Connection, statement: &str) -> Vec<String> {
    let lines = plan(db, statement).into_iter();
    lines.filter(|line| is_costly(line)).collect()
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

fn is_costly(line: &str) -> bool {
    let scans = line.starts_with("SCAN")
        && !line.starts_with("SCAN CONSTANT ROW")
        && !line.starts_with("SCAN (subquery");
    scans || line.contains("TEMP B-TREE") || line.contains("AUTOMATIC")
}

#[test]
fn no_statement_scans_or_sorts_unless_it_is_meant_to() {
    let db = database();
    let mut found = Vec::new();
    for (file, statements) in STATEMENTS {
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

/// A database in use has no statistics: a search by fewer columns of a key than there are values for
/// reads every row of an App, and is no scan to the eye.
#[test]
fn a_plan_is_the_same_without_statistics() {
    let (with, without) = (database(), Connection::open_in_memory().unwrap());
    without.execute_batch(SCHEMA.migrations[0]).unwrap();
    let mut found = Vec::new();
    for (file, statements) in STATEMENTS {
        for (name, statement) in *statements {
            let plans = [&with, &without].map(|db| plan(db, statement).join(", "));
            if plans[0] != plans[1] {
                found.push(format!("{file}::{name}: {} / {}", plans[0], plans[1]));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_scan_is_found() {
    let db = database();
    let scan = "SELECT count(*) FROM delivery WHERE status = 'pending' AND user = ?1";
    assert_eq!(costly(&db, scan), ["SCAN delivery"]);
    let sort = "SELECT user FROM delivery WHERE notification = ?1 ORDER BY sent_at";
    assert_eq!(costly(&db, sort), ["USE TEMP B-TREE FOR ORDER BY"]);
}
