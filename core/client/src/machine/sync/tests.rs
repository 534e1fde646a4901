//! What a user relies on: nothing is missed, nothing stands still.

use std::ops::RangeInclusive;

use serde_json::json;
use vestnik_clock::Now;
use vestnik_model::{
    Cursor, Entry,
    contract::{Entries, Page},
};

use super::{Broken, Input, Origin, Output, Sync};
use crate::machine::{CallFailure, ConnectionNumber, Generation, fixture};

pub(super) fn now() -> Now {
    Now {
        random: 0,
        ..fixture::now()
    }
}

pub(super) fn at(seq: u64) -> Cursor {
    Cursor::parse(format!("e:{seq}:t")).unwrap()
}

/// The cursor of a device that has this many entries.
pub(super) fn place(seq: u64) -> Option<Cursor> {
    (seq > 0).then(|| at(seq))
}

pub(super) fn entries(seqs: RangeInclusive<u64>) -> Vec<Entry> {
    let entry = |seq: u64| {
        let serde_json::Value::Object(raw) = json!({"kind": seq.to_string()}) else {
            unreachable!("it was written as an object");
        };
        Entry::read(raw)
    };
    seqs.map(entry).collect()
}

pub(super) fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries
        .iter()
        .map(|entry| entry.kind().parse().unwrap())
        .collect()
}

pub(super) fn page_of(after: u64, end: u64, more: bool) -> Page {
    Page {
        after: at(after),
        cursor: at(end),
        entries: entries(after + 1..=end),
        more,
    }
}

/// A machine whose outputs are written as texts.
struct Table {
    machine: Sync,
    now: Now,
}

impl Table {
    /// A device that has so many entries and said hello on connection 1.
    fn greeting(seq: u64) -> Self {
        let mut table = Self {
            machine: Sync::new(),
            now: now(),
        };
        let begin = Input::Begin {
            generation: Generation::new(1),
            cursor: place(seq),
        };
        assert_eq!(table.on(begin), [""; 0]);
        assert_eq!(table.on(Input::Greeted(FIRST)), [""; 0]);
        table
    }

    fn online(seq: u64) -> Self {
        let mut table = Self::greeting(seq);
        assert_eq!(table.on(welcome(FIRST, seq)), [""; 0]);
        assert!(table.machine.is_caught_up());
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        std::iter::from_fn(|| self.machine.poll())
            .map(|output| written(&output))
            .collect()
    }
}

const FIRST: ConnectionNumber = ConnectionNumber::new(1);
const SECOND: ConnectionNumber = ConnectionNumber::new(2);

fn written(output: &Output) -> String {
    match output {
        Output::Read { from, limit, .. } => match from {
            Some(from) => format!("read {from} {limit}"),
            None => format!("read start {limit}"),
        },
        Output::Apply { proposal, .. } => {
            let how = match proposal.origin {
                Origin::Live => "live",
                Origin::Asked(_) => "page",
            };
            format!("{how} {:?} -> {}", seqs(&proposal.entries), proposal.cursor)
        }
        Output::Broken { reason, .. } => match reason {
            Broken::Read(_) => "broken read".to_owned(),
            Broken::Stuck => "stuck".to_owned(),
            Broken::Storage => "broken storage".to_owned(),
        },
        Output::CaughtUp => "caught up".to_owned(),
    }
}

fn welcome(connection: ConnectionNumber, end: u64) -> Input {
    Input::Welcome {
        connection,
        end: place(end),
        behind_by: 0,
    }
}

fn live(after: u64, end: u64) -> Input {
    Input::Entries {
        connection: FIRST,
        entries: Entries {
            after: at(after),
            cursor: at(end),
            entries: entries(after + 1..=end),
        },
    }
}

fn page(after: u64, end: u64, more: bool) -> Input {
    Input::Page {
        connection: FIRST,
        page: Ok(page_of(after, end, more)),
    }
}

fn applied(seq: u64) -> Input {
    Input::Applied {
        generation: Generation::new(1),
        cursor: at(seq),
    }
}

#[test]
fn a_notification_that_comes_before_the_greeting_is_answered_is_stored() {
    let mut table = Table::greeting(4);
    assert_eq!(table.on(live(4, 5)), [""; 0]);
    assert_eq!(table.on(welcome(FIRST, 4)), ["live [5] -> e:5:t"]);
    assert_eq!(table.on(applied(5)), [""; 0]);
    assert!(table.machine.is_caught_up());
}

#[test]
fn a_hint_that_comes_before_the_greeting_is_answered_is_followed() {
    let mut table = Table::greeting(4);
    let behind = Input::Behind {
        connection: FIRST,
        end: None,
    };
    assert_eq!(table.on(behind), [""; 0]);
    assert_eq!(table.on(welcome(FIRST, 4)), ["read e:4:t 100"]);
}

#[test]
fn a_device_that_was_away_reads_until_nothing_is_missing() {
    let mut table = Table::greeting(4);
    assert_eq!(table.on(welcome(FIRST, 9)), ["read e:4:t 100"]);
    assert_eq!(table.on(page(4, 7, true)), ["page [5, 6, 7] -> e:7:t"]);
    assert_eq!(table.on(applied(7)), ["read e:7:t 100"]);
    assert_eq!(table.on(page(7, 9, false)), ["page [8, 9] -> e:9:t"]);
    assert!(!table.machine.is_caught_up());
    assert_eq!(table.on(applied(9)), [""; 0]);
    assert!(table.machine.is_caught_up());
}

#[test]
fn a_new_device_reads_from_the_beginning() {
    let mut table = Table::greeting(0);
    assert_eq!(table.on(welcome(FIRST, 0)), ["read start 100"]);
    assert_eq!(table.on(page(0, 2, false)), ["page [1, 2] -> e:2:t"]);
}

fn page_on(connection: ConnectionNumber, after: u64, end: u64) -> Input {
    let page = Ok(page_of(after, end, false));
    Input::Page { connection, page }
}

/// A connection that is dead without anybody knowing has nothing missing either.
#[test]
fn only_a_read_that_begins_later_counts_as_caught_up() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::CatchUp), ["read e:4:t 100"]);
    assert_eq!(table.on(page(4, 4, false)), ["caught up"]);
    let mut table = Table::greeting(4);
    assert_eq!(table.on(welcome(FIRST, 9)), ["read e:4:t 100"]);
    assert_eq!(table.on(Input::CatchUp), [""; 0]);
    assert_eq!(table.on(page(4, 8, false)), ["page [5, 6, 7, 8] -> e:8:t"]);
    assert_eq!(table.on(applied(8)), ["read e:8:t 100"]);
    assert_eq!(table.on(page(8, 9, false)), ["page [9] -> e:9:t"]);
    assert_eq!(table.on(applied(9)), ["caught up"]);
}

#[test]
fn what_is_to_be_caught_up_is_read_on_the_next_connection() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::CatchUp), ["read e:4:t 100"]);
    assert_eq!(table.on(Input::Lost(FIRST)), [""; 0]);
    assert_eq!(table.on(Input::CatchUp), [""; 0]);
    assert_eq!(table.on(Input::Greeted(SECOND)), [""; 0]);
    // A read that the end of a connection interrupts may be too large a page.
    assert_eq!(table.on(welcome(SECOND, 4)), ["read e:4:t 50"]);
    assert_eq!(table.on(page(4, 4, false)), [""; 0], "of the first");
    assert_eq!(table.on(page_on(SECOND, 4, 4)), ["caught up"]);
    assert_eq!(table.on(page_on(SECOND, 4, 4)), [""; 0]);
}

#[test]
fn a_gap_is_read_and_never_skipped() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(6, 7)), ["read e:4:t 100"]);
    assert_eq!(table.on(live(7, 8)), [""; 0]);
    assert_eq!(table.on(page(4, 7, false)), ["page [5, 6, 7] -> e:7:t"]);
    assert_eq!(table.on(applied(7)), ["live [8] -> e:8:t"]);
}

#[test]
fn a_call_that_comes_twice_is_stored_once() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(4, 5)), ["live [5] -> e:5:t"]);
    assert_eq!(table.on(live(4, 5)), [""; 0]);
    assert_eq!(table.on(applied(5)), [""; 0]);
    assert!(table.machine.is_caught_up());
}

#[test]
fn a_burst_is_held_within_bounds_and_the_rest_is_read() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(4, 5)), ["live [5] -> e:5:t"]);
    for seq in 5..105 {
        assert_eq!(table.on(live(seq, seq + 1)), [""; 0]);
    }
    let stored = table.on(applied(5));
    assert_eq!(stored.len(), 1);
    assert!(stored[0].ends_with("-> e:21:t"), "{stored:?}");
    assert_eq!(table.on(applied(21)), ["read e:21:t 100"]);
}

#[test]
fn what_the_page_has_is_not_read_again() {
    let mut table = Table::online(4);
    table.on(live(6, 7));
    table.on(live(7, 8));
    let stored = table.on(page(4, 12, false));
    assert!(stored[0].ends_with("-> e:12:t"), "{stored:?}");
    assert_eq!(table.on(applied(12)), [""; 0]);
    assert!(table.machine.is_caught_up());
}

#[test]
fn an_answer_of_an_old_connection_is_not_taken_for_one_of_the_present() {
    let mut table = Table::greeting(4);
    table.on(welcome(FIRST, 6));
    table.on(Input::Lost(FIRST));
    table.on(Input::Greeted(SECOND));
    assert_eq!(table.on(welcome(SECOND, 7)), ["read e:4:t 50"]);
    let late = Input::Page {
        connection: FIRST,
        page: Err(CallFailure::NoAnswer),
    };
    assert_eq!(table.on(late), [""; 0]);
    assert_eq!(table.on(page(4, 6, false)), [""; 0]);
    assert_eq!(table.on(Input::Lost(FIRST)), [""; 0]);
    assert!(table.machine.deadline().is_some(), "it still reads");
}

#[test]
fn a_page_that_cannot_be_read_is_asked_for_in_halves() {
    let mut table = Table::greeting(4);
    let mut connection = FIRST;
    for limit in [100, 50, 25, 12, 6, 3, 1, 1] {
        assert_eq!(
            table.on(welcome(connection, 99)),
            [format!("read e:4:t {limit}")]
        );
        assert_eq!(table.on(Input::Lost(connection)), [""; 0]);
        connection = connection.next();
        table.on(Input::Greeted(connection));
    }
    table.on(welcome(connection, 99));
    let page = Input::Page {
        connection,
        page: Ok(page_of(4, 5, true)),
    };
    table.on(page);
    assert_eq!(table.on(applied(5)), ["read e:5:t 2"]);
}

#[test]
fn a_server_that_moves_nothing_is_not_asked_without_end() {
    let mut table = Table::greeting(4);
    table.on(welcome(FIRST, 9));
    assert_eq!(table.on(page(4, 4, true)), ["stuck"]);
}

#[test]
fn a_full_disk_loses_nothing() {
    let mut table = Table::online(4);
    table.on(live(4, 5));
    let failed = Input::StoreFailed {
        generation: Generation::new(1),
    };
    assert_eq!(table.on(failed), ["broken storage"]);
    table.on(Input::Greeted(SECOND));
    assert_eq!(table.machine.cursor(), Some(&at(4)));
    assert_eq!(table.on(welcome(SECOND, 5)), ["read e:4:t 100"]);
}

#[test]
fn a_store_that_stands_elsewhere_is_believed() {
    let mut table = Table::online(4);
    table.on(live(4, 5));
    let stale = Input::Stale {
        generation: Generation::new(1),
        cursor: place(2),
    };
    assert_eq!(table.on(stale), ["read e:2:t 100"]);
}

#[test]
fn after_a_restore_of_the_server_the_device_goes_on_from_the_page() {
    let mut table = Table::greeting(40);
    assert_eq!(table.on(welcome(FIRST, 3)), ["read e:40:t 100"]);
    assert_eq!(table.on(page(0, 2, true)), ["page [1, 2] -> e:2:t"]);
    assert_eq!(table.on(applied(2)), ["read e:2:t 100"]);
}

#[test]
fn after_a_switch_of_user_nothing_of_the_former_users_log_counts() {
    let mut table = Table::online(40);
    table.on(live(40, 41));
    table.on(Input::End);
    assert_eq!(table.machine.cursor(), None);
    let begin = Input::Begin {
        generation: Generation::new(2),
        cursor: None,
    };
    table.on(begin);
    assert_eq!(table.on(applied(41)), [""; 0]);
    assert_eq!(table.machine.cursor(), None);
    table.on(Input::Greeted(SECOND));
    assert_eq!(table.on(welcome(SECOND, 60)), ["read start 100"]);
}

#[test]
fn a_read_without_an_answer_ends_the_connection() {
    let mut table = Table::greeting(4);
    table.on(welcome(FIRST, 9));
    table.now.monotonic = table.machine.deadline().unwrap();
    assert_eq!(table.on(Input::Tick), ["broken read"]);
}

#[test]
fn a_store_that_was_rebuilt_is_filled_again() {
    let rebuilt = || Input::Rebuilt {
        generation: Generation::new(1),
        cursor: None,
    };
    // While nothing happens.
    let mut table = Table::online(9);
    assert_eq!(table.on(rebuilt()), ["read start 100"]);
    // While it has a proposal: the answer follows.
    let mut table = Table::online(9);
    assert_eq!(table.on(live(9, 10)), ["live [10] -> e:10:t"]);
    assert_eq!(table.on(rebuilt()), [""; 0]);
    let (generation, cursor) = (Generation::new(1), None);
    let stale = Input::Stale { generation, cursor };
    assert_eq!(table.on(stale), ["read start 100"]);
    // While nothing is connected: the next hello is said with its place.
    let mut table = Table::online(9);
    table.on(Input::Lost(FIRST));
    assert_eq!(table.on(rebuilt()), [""; 0]);
    assert_eq!(table.machine.cursor(), None);
}

#[test]
fn a_server_that_calls_for_reads_that_bring_nothing_is_not_asked_without_end() {
    let mut table = Table::online(9);
    table.now.random = u64::MAX;
    let behind = || Input::Behind {
        connection: FIRST,
        end: None,
    };
    let nothing = || Input::Page {
        connection: FIRST,
        page: Ok(page_of(9, 9, false)),
    };
    assert_eq!(table.on(behind()), ["read e:9:t 100"]);
    table.on(nothing());
    // The first time may be chance.
    assert_eq!(table.on(behind()), ["read e:9:t 100"]);
    for least in [1, 3, 7, 15, 31, 59, 59] {
        table.on(nothing());
        assert_eq!(table.on(behind()), [""; 0]);
        let at = table.machine.deadline().unwrap();
        assert!(at - table.now.monotonic >= std::time::Duration::from_secs(least));
        table.now.monotonic = at;
        assert_eq!(table.on(Input::Tick), ["read e:9:t 100"]);
    }
    table.on(nothing());
    // What follows the device's place is taken at once, and proves that it was worth it.
    assert_eq!(table.on(live(9, 10)), ["live [10] -> e:10:t"]);
    let applied = Input::Applied {
        generation: Generation::new(1),
        cursor: at(10),
    };
    table.on(applied);
    assert_eq!(table.on(behind()), ["read e:10:t 100"]);
}

#[test]
fn a_store_that_takes_no_page_is_not_fed_without_end() {
    let mut table = Table::greeting(4);
    assert_eq!(table.on(welcome(FIRST, 6)), ["read e:4:t 100"]);
    let page = Input::Page {
        connection: FIRST,
        page: Ok(page_of(4, 6, false)),
    };
    assert_eq!(table.on(page), ["page [5, 6] -> e:6:t"]);
    let stale = Input::Stale {
        generation: Generation::new(1),
        cursor: place(4),
    };
    assert_eq!(table.on(stale), ["broken storage"]);
}
