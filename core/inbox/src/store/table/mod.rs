//! A file for each table: its statements and the functions that run them.

pub(super) mod boundary;
pub(super) mod early;
pub(super) mod known;
pub(super) mod meta;
pub(super) mod notification;
pub(super) mod opaque;
pub(super) mod outbox;
pub(super) mod page;
pub(super) mod search;
pub(super) mod show;

/// Every fixed statement, by file, for the test of plans.
#[cfg(test)]
pub(super) const STATEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("boundary", boundary::ALL),
    ("early", early::ALL),
    ("known", known::ALL),
    ("meta", meta::ALL),
    ("notification", notification::ALL),
    ("opaque", opaque::ALL),
    ("outbox", outbox::ALL),
    ("search", search::ALL),
    ("show", show::ALL),
];
