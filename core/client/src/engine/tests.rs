use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use vestnik_model::{
    Cursor, Entry,
    contract::{Entries, Limits, Page, Welcome},
};

use super::*;
use crate::{
    config::Tuning,
    event::{ConnectionState, OfflineReason},
};

/// A place of the log; the engine may only compare it.
fn at(seq: u64) -> Cursor {
    Cursor::parse(seq.to_string()).unwrap()
}

fn entry(seq: u64) -> Entry {
    let serde_json::Value::Object(raw) = json!({"kind": seq.to_string()}) else {
        unreachable!("it was written as an object");
    };
    Entry::read(raw)
}

fn greeting(head: u64, behind_by: u64) -> Welcome {
    Welcome {
        contract: 1,
        features: Vec::new(),
        cursor: Some(at(head)),
        behind_by,
        server_time: Timestamp::UNIX_EPOCH,
        limits: Limits {
            page_bytes: 1_000,
            report_bytes: 2_000,
            publish_bytes: 3_000,
        },
    }
}

fn welcome(head: u64, behind_by: u64) -> Input {
    Input::Welcomed(Ok(greeting(head, behind_by)))
}

fn page(entries: std::ops::RangeInclusive<u64>, more: bool) -> Input {
    Input::Page(Ok(Page {
        after: at(entries.start() - 1),
        cursor: at(*entries.end()),
        entries: entries.map(entry).collect(),
        more,
    }))
}

/// A live call with the entries behind `after` up to `end`.
fn live(after: u64, end: u64) -> Input {
    Input::Heard(Live::Entries(Entries {
        after: at(after),
        cursor: at(end),
        entries: (after + 1..=end).map(entry).collect(),
    }))
}

/// An engine in virtual time; what it does is told in words.
struct Table {
    engine: Engine,
    now: Instant,
}

impl Table {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn new(cursor: Option<Cursor>) -> Self {
        Self {
            engine: Engine::new(Tuning::default(), cursor, 0),
            now: Instant::now(),
        }
    }

    fn online(cursor: u64) -> Self {
        let mut table = Self::new(Some(at(cursor)));
        for input in [
            Input::Begin,
            Input::Token(Ok(())),
            Input::Connected(Ok(())),
            welcome(cursor, 0),
        ] {
            table.on(input);
        }
        assert!(table.engine.is_online());
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.engine.handle(self.now, 1.0, input);
        std::iter::from_fn(|| self.engine.poll())
            .map(|effect| words(&effect))
            .collect()
    }

    /// Jumps to the next deadline.
    fn step(&mut self) -> (Duration, Vec<String>) {
        let next = self.engine.deadline().unwrap();
        let passed = next - self.now;
        self.now = next;
        (passed, self.on(Input::Tick))
    }
}

fn words(effect: &Effect) -> String {
    match effect {
        Effect::GetToken { fresh: false } => "token".to_owned(),
        Effect::GetToken { fresh: true } => "fresh token".to_owned(),
        Effect::Connect => "connect".to_owned(),
        Effect::Greet(cursor) => format!("greet {}", place(cursor.as_ref())),
        Effect::Read(cursor) => format!("read {}", place(cursor.as_ref())),
        Effect::Apply { entries, cursor } => {
            let seqs: Vec<_> = entries.iter().map(Entry::kind).collect();
            format!("apply [{}] -> {cursor}", seqs.join(" "))
        }
        Effect::Report { max_bytes } => format!("report {max_bytes}"),
        Effect::Register => "register".to_owned(),
        Effect::HangUp => "hang up".to_owned(),
        Effect::AskForIdentity => "ask".to_owned(),
        Effect::Tell(ConnectionState::Offline { reason, .. }) => format!("offline {reason:?}"),
        Effect::Tell(state) => format!("{state:?}"),
    }
}

fn place(cursor: Option<&Cursor>) -> &str {
    cursor.map_or("start", Cursor::as_str)
}

#[test]
fn catching_up_is_part_of_connecting() {
    let mut table = Table::new(Some(at(4)));
    assert_eq!(table.on(Input::Begin), ["Connecting", "token"]);
    assert_eq!(table.on(Input::Token(Ok(()))), ["connect"]);
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
    assert_eq!(table.on(welcome(9, 5)), ["register", "read 4"]);
    assert_eq!(
        table.on(page(5..=7, true)),
        ["apply [5 6 7] -> 7", "read 7"]
    );
    assert_eq!(table.on(page(8..=9, false)), ["apply [8 9] -> 9", "Online"]);
}

#[test]
fn a_device_that_has_nothing_reads_from_the_start() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    assert_eq!(
        table.on(Input::Connected(Ok(()))),
        ["Syncing", "greet start"]
    );
    assert_eq!(table.on(welcome(0, 0)), ["register", "read start"]);
}

#[test]
fn a_gap_is_fetched_and_never_skipped() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(4, 5)), ["apply [5] -> 5"]);
    assert_eq!(table.on(live(6, 7)), ["Syncing", "read 5"]);
    assert_eq!(table.on(live(7, 8)), [""; 0]);
    assert_eq!(
        table.on(page(6..=7, false)),
        ["apply [6 7] -> 7", "Online", "apply [8] -> 8"]
    );
}

#[test]
fn what_is_held_is_dropped_if_the_page_has_it() {
    let mut table = Table::online(4);
    table.on(live(6, 7));
    table.on(live(7, 8));
    table.on(live(8, 9));
    assert_eq!(
        table.on(page(5..=12, false)),
        ["apply [5 6 7 8 9 10 11 12] -> 12", "Online"]
    );
}

#[test]
fn what_is_held_and_does_not_fit_is_read() {
    let mut table = Table::online(4);
    table.on(live(6, 7));
    table.on(live(8, 9));
    assert_eq!(
        table.on(page(5..=7, false)),
        ["apply [5 6 7] -> 7", "Online", "Syncing", "read 7"]
    );
}

#[test]
fn live_entries_may_come_before_the_greeting_is_answered() {
    let mut table = Table::new(Some(at(4)));
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    assert_eq!(table.on(live(4, 6)), [""; 0]);
    assert_eq!(
        table.on(welcome(4, 0)),
        ["register", "Online", "apply [5 6] -> 6"]
    );
}

#[test]
fn live_calls_are_held_in_a_bounded_number_and_the_rest_is_read() {
    let mut table = Table::online(4);
    table.on(Input::Nudge);
    for seq in 4..104 {
        assert_eq!(table.on(live(seq, seq + 1)), [""; 0]);
    }
    assert_eq!(table.on(page(5..=5, false)), ["apply [5] -> 5", "read 5"]);
}

#[test]
fn a_known_entry_is_not_taken_twice() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(2, 4)), [""; 0]);
}

#[test]
fn behind_is_news_only_if_the_end_is_elsewhere() {
    let behind = |end: Option<u64>| Input::Heard(Live::Behind(end.map(at)));
    let mut table = Table::online(4);
    assert_eq!(table.on(behind(Some(4))), [""; 0]);
    assert_eq!(table.on(behind(Some(9))), ["Syncing", "read 4"]);
    table.on(page(5..=9, false));
    assert_eq!(table.on(behind(None)), ["Syncing", "read 9"]);
}

#[test]
fn after_a_restore_the_device_goes_on_from_the_page() {
    let mut table = Table::new(Some(at(40)));
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    assert_eq!(table.on(welcome(3, 3)), ["register", "read 40"]);
    assert_eq!(table.on(page(1..=2, true)), ["apply [1 2] -> 2", "read 2"]);
    assert_eq!(table.on(page(3..=3, false)), ["apply [3] -> 3", "Online"]);
}

#[test]
fn a_device_is_not_at_the_end_because_the_server_counts_nothing() {
    let mut table = Table::new(Some(at(40)));
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    assert_eq!(table.on(welcome(3, 0)), ["register", "read 40"]);
}

/// A page without entries, where the device stands.
#[expect(clippy::reversed_empty_ranges, reason = "it is meant to be empty")]
const EMPTY: std::ops::RangeInclusive<u64> = 5..=4;

#[test]
fn a_page_that_moves_nothing_is_not_asked_for_without_end() {
    let mut table = Table::online(4);
    table.on(Input::Nudge);
    assert_eq!(
        table.on(page(EMPTY, true)),
        ["hang up", "offline Unreachable"]
    );
}

#[test]
fn a_greeting_refused_for_its_token_is_said_again_with_another() {
    let mut table = Table::new(Some(at(4)));
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    assert_eq!(
        table.on(Input::Welcomed(Err(ConnectFailure::Unauthorized))),
        ["hang up", "Connecting", "fresh token"]
    );
}

#[test]
fn a_pause_that_the_server_asks_for_is_kept() {
    let mut table = Table::online(4);
    table.on(Input::Nudge);
    let hint = Duration::from_secs(17);
    assert_eq!(
        table.on(Input::Page(Err(Some(hint)))),
        ["hang up", "offline Unreachable"]
    );
    assert_eq!(table.step().0, hint);
}

#[test]
fn a_replaced_installation_waits_for_its_person() {
    let mut table = Table::online(4);
    assert_eq!(
        table.on(Input::Heard(Live::Replaced)),
        ["hang up", "NeedsIdentity", "ask"]
    );
    assert_eq!(table.on(Input::Lost { may_return: false }), [""; 0]);
    assert_eq!(table.engine.deadline(), None);
    assert_eq!(table.on(Input::Nudge), ["Connecting", "fresh token"]);
}

#[test]
fn retries_go_on_for_ever_with_growing_pauses_up_to_a_cap() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let told = table.on(Input::Token(Err(TokenFailure::Unreachable(None))));
        assert_eq!(told, ["offline Unreachable"]);
        let (passed, effects) = table.step();
        assert_eq!(effects, ["Connecting", "token"]);
        pauses.push(passed.as_secs());
    }
    assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(pauses[19], 60);
}

#[test]
fn a_nudge_tries_now() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Err(TokenFailure::Unreachable(None))));
    assert_eq!(table.on(Input::Nudge), ["Connecting", "token"]);
    assert!(table.on(Input::Nudge).is_empty());
}

#[test]
fn a_nudge_puts_a_standing_connection_to_the_test() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::Nudge), ["Syncing", "read 4"]);
    assert_eq!(table.on(Input::Nudge), [""; 0]);
    assert_eq!(
        table.on(Input::Page(Err(None))),
        ["hang up", "offline Unreachable"]
    );
}

#[test]
fn what_the_server_asks_for_wins() {
    let mut table = Table::online(1);
    let drain = Input::Heard(Live::Drain(Duration::from_millis(700)));
    assert_eq!(table.on(drain), ["hang up", "offline Draining"]);
    assert!(table.on(Input::Lost { may_return: true }).is_empty());
    assert_eq!(
        table.step(),
        (
            Duration::from_millis(700),
            vec!["Connecting".into(), "token".into()]
        )
    );
}

#[test]
fn a_refused_token_is_replaced_once() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    let refused = || Input::Connected(Err(ConnectFailure::Unauthorized));
    assert_eq!(table.on(refused()), ["fresh token"]);
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(refused()), ["offline Refused"]);
}

#[test]
fn a_device_nobody_vouches_for_asks() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    let told = table.on(Input::Token(Err(TokenFailure::NeedsIdentity)));
    assert_eq!(told, ["offline Refused", "NeedsIdentity", "ask"]);
    assert_eq!(table.on(Input::Nudge), ["Connecting", "token"]);
}

#[test]
fn facts_wait_for_others_and_for_a_connection() {
    let mut table = Table::new(Some(at(1)));
    assert!(table.on(Input::OutboxHas(3)).is_empty());
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    table.on(welcome(1, 0));
    assert_eq!(
        table.step(),
        (
            Tuning::default().report_delay,
            vec!["report 2000".to_owned()]
        )
    );
    assert!(table.on(Input::OutboxHas(2)).is_empty());
    table.on(Input::Reported(Ok(())));
    assert_eq!(table.step().1, ["report 2000"]);
    table.on(Input::OutboxHas(0));
    table.on(Input::Reported(Ok(())));
    assert_eq!(table.engine.deadline(), None);
}

#[test]
fn a_report_that_failed_is_repeated_after_a_pause() {
    let mut table = Table::online(4);
    table.on(Input::OutboxHas(3));
    table.step();
    for (hint, expected) in [(None, 5), (Some(Duration::from_secs(9)), 9)] {
        assert_eq!(table.on(Input::Reported(Err(hint))), [""; 0]);
        assert_eq!(table.on(Input::OutboxHas(3)), [""; 0]);
        assert_eq!(
            table.step(),
            (
                Duration::from_secs(expected),
                vec!["report 2000".to_owned()]
            )
        );
    }
}

#[test]
fn what_is_lost_with_the_connection_is_tried_on_the_next() {
    let mut table = Table::online(4);
    table.on(live(5, 6));
    assert_eq!(
        table.on(Input::Lost { may_return: true }),
        ["offline Unreachable"]
    );
    table.step();
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
}

#[test]
fn a_store_that_fails_is_asked_where_it_stands() {
    let mut table = Table::online(4);
    table.on(live(4, 5));
    assert_eq!(
        table.on(Input::StorageFailed(Some(at(4)))),
        ["hang up", "offline Storage"]
    );
    table.step();
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
}

#[test]
fn after_a_stable_while_the_next_failure_is_the_first() {
    let mut table = Table::online(4);
    table.now += Duration::from_secs(3_600);
    table.on(Input::Lost { may_return: true });
    assert_eq!(table.step().0, Duration::from_secs(1));
}

#[test]
fn a_refusal_for_good_is_tried_again_rarely() {
    let mut table = Table::online(4);
    assert_eq!(
        table.on(Input::Lost { may_return: false }),
        ["offline Refused"]
    );
    assert_eq!(table.step().0, Duration::from_secs(60));
    let state = ConnectionState::Offline {
        reason: OfflineReason::Refused,
        retry_at: None,
    };
    assert_eq!(
        state.to_string(),
        "offline: the server ended the connection"
    );
}

#[test]
fn a_logout_ends_everything() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::LoggedOut), ["hang up", "SignedOut"]);
    assert!(table.on(live(4, 5)).is_empty());
    assert!(table.on(Input::Nudge).is_empty());
    assert_eq!(table.engine.deadline(), None);
}
