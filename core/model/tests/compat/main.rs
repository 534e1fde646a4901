//! Reads the committed corpus of messages (`tests/compat`): those of former versions, which every
//! version has to read whole, and those of imagined later ones, of which the known part has to arrive.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    reason = "a test fails by a panic"
)]

mod corpus;
mod reader;
mod samples;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    corpus::{Newer, read_folder, write_missing},
    reader::{READERS, read},
};

/// Set to write files for kinds of messages that have none yet; files that exist are never changed.
const WRITE: &str = "VESTNIK_WRITE_COMPAT";

#[test]
fn what_contract_1_wrote_is_read_whole() {
    if std::env::var_os(WRITE).is_some() {
        write_missing("contract-1", samples::all());
    }
    let messages = read_folder::<Value>("contract-1");
    let kinds: BTreeSet<_> = READERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(messages.keys().cloned().collect::<BTreeSet<_>>(), kinds);
    for (name, message) in messages {
        let written = read(&name, &message).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_contains(&written, &message, &name);
    }
}

#[test]
fn of_what_later_versions_write_the_known_part_arrives() {
    let newer = read_folder::<Newer>("newer");
    assert!(!newer.is_empty());
    for (
        name,
        Newer {
            kind,
            message,
            known,
        },
    ) in newer
    {
        match (read(&kind, &message), known) {
            (Ok(written), Some(known)) => assert_contains(&written, &known, &name),
            (Err(_), None) => {}
            (Ok(_), None) => panic!("{name}: a sender's unknown field or word was taken"),
            (Err(error), Some(_)) => panic!("{name}: {error}"),
        }
    }
}

/// Every field of `part` is in `whole` with the same value. Lists are of the same length.
#[track_caller]
fn assert_contains(whole: &Value, part: &Value, place: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (name, field) in part {
                let place = format!("{place}/{name}");
                let found = whole.get(name).unwrap_or_else(|| panic!("{place} is lost"));
                assert_contains(found, field, &place);
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{place}");
            for (index, (found, element)) in whole.iter().zip(part).enumerate() {
                assert_contains(found, element, &format!("{place}/{index}"));
            }
        }
        _ => assert_eq!(whole, part, "{place}"),
    }
}
